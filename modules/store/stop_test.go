package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestRequestStop(t *testing.T) {
	t.Parallel()
	clock := newClock()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir, Now: clock.Now})
	other := open(t, store.Options{Dir: dir, Now: clock.Now})
	enqueue(t, s, "d", 3)
	enqueue(t, s, "e", 1)
	running := admit(t, s, store.Admission{Free: 1})[0]

	n, err := other.RequestStop(t.Context(), "d", "")
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.Equal(t, []string{running.ID}, toStop(t, s))
	require.Empty(t, toStop(t, other), "it owns none")
	for _, id := range []string{"d-1", "d-2"} {
		run, failed := s.Run(t.Context(), id)
		require.NoError(t, failed)
		require.Equal(t, store.StatusAborted, run.Status, "what is queued ends at once")
		require.Equal(t, store.ReasonStopped, run.Reason)
		require.Equal(t, clock.Now(), run.Finished)
		require.Equal(t, clock.Now(), run.StopRequested)
	}
	require.Equal(t, []string{"e-0"}, idsOf(admit(t, s, store.Admission{Free: 9})), "others are left alone")

	later := clock.Step(time.Second)
	n, err = s.RequestStop(t.Context(), "d", "")
	require.NoError(t, err)
	require.Equal(t, 1, n, "a repeat")
	requests, err := s.StopRequested(t.Context())
	require.NoError(t, err)
	require.Equal(t, []store.StopRequest{{RunID: running.ID, At: later}}, requests, "it is news")
	require.NoError(t, s.Finish(t.Context(), running.Ref(), store.Result{Status: store.StatusAborted, Reason: store.ReasonStopped}))
	require.Empty(t, toStop(t, s))
	n, err = s.RequestStop(t.Context(), "d", running.ID)
	require.NoError(t, err)
	require.Zero(t, n, "it is over")
	_, err = s.RequestStop(t.Context(), "e", running.ID)
	require.ErrorIs(t, err, store.ErrNotFound, "it is of another DAG")
	_, err = s.RequestStop(t.Context(), "d", "none")
	require.ErrorIs(t, err, store.ErrNotFound)
	n, err = s.RequestStop(t.Context(), "", "e-0")
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// A stop that comes between admission and Begin is not lost with Unadmit.
func TestUnadmitOfAStoppedRunEndsIt(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	enqueue(t, s, "d", 1)
	run := admit(t, s, store.Admission{Free: 1})[0]
	_, err := s.RequestStop(t.Context(), "d", run.ID)
	require.NoError(t, err)
	require.NoError(t, s.Unadmit(t.Context(), run.Ref()))
	run, err = s.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, store.StatusAborted, run.Status)
}

// toStop lists the runs of a process that are to be stopped.
func toStop(t *testing.T, s *store.Store) []string {
	t.Helper()
	requests, err := s.StopRequested(t.Context())
	require.NoError(t, err)
	var ids []string
	for _, r := range requests {
		ids = append(ids, r.RunID)
	}
	return ids
}
