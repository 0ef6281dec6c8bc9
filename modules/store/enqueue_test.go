package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestEnqueueRepeats(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	n := newRun("d", "r")
	n.Params = []string{"x"}
	want, err := s.Enqueue(t.Context(), n)
	require.NoError(t, err)
	clock.Step(time.Minute)
	got, err := s.Enqueue(t.Context(), n)
	require.NoError(t, err)
	require.Equal(t, want, got)

	admit(t, s, store.Admission{Free: 1})
	got, err = s.Enqueue(t.Context(), n)
	require.NoError(t, err, "also when the run has moved on")
	require.Equal(t, store.StatusRunning, got.Status)

	other := n
	other.Params = []string{"y"}
	_, err = s.Enqueue(t.Context(), other)
	require.ErrorIs(t, err, store.ErrExists)
	other = n
	other.DefaultWorkingDir = "/elsewhere"
	_, err = s.Enqueue(t.Context(), other)
	require.ErrorIs(t, err, store.ErrExists)
	other = n
	other.DAG = "e"
	_, err = s.Enqueue(t.Context(), other)
	require.ErrorIs(t, err, store.ErrExists)
	other = n
	other.ID, other.TextHash = "s", "none"
	_, err = s.Enqueue(t.Context(), other)
	require.ErrorIs(t, err, store.ErrNotFound)
	other.ID = ""
	_, err = s.Enqueue(t.Context(), other)
	require.ErrorContains(t, err, "needs an id")
}

func TestQueueDefaultsToTheDAG(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	n := newRun("d", "r")
	n.Queue = ""
	run, err := s.Enqueue(t.Context(), n)
	require.NoError(t, err)
	require.Equal(t, "d", run.Queue)
	_, err = s.Enqueue(t.Context(), n)
	require.NoError(t, err)
}

func TestStartNow(t *testing.T) {
	t.Parallel()
	clock := newClock()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir, Now: clock.Now})
	other := open(t, store.Options{Dir: dir, Now: clock.Now})
	_, err := other.StartNow(t.Context(), newRun("d", "r"))
	require.ErrorContains(t, err, "Own")
	_, err = other.Own(t.Context(), store.RoleOneShot)
	require.NoError(t, err)

	n := newRun("d", "r")
	n.DefaultWorkingDir = "/srv"
	run, err := s.StartNow(t.Context(), n)
	require.NoError(t, err)
	require.NotEmpty(t, run.AttemptID)
	require.Equal(t, store.Run{
		NewRun: n, Status: store.StatusRunning, Attempt: 1, AttemptID: run.AttemptID, Owner: s.Instance(),
		Unlimited: true, Queued: clock.Now(), Started: clock.Now(),
	}, run)
	clock.Step(time.Second)
	again, err := s.StartNow(t.Context(), n)
	require.NoError(t, err)
	require.Equal(t, run, again, "a repeat")
	_, err = other.StartNow(t.Context(), n)
	require.ErrorIs(t, err, store.ErrExists, "it is not theirs")

	enqueue(t, s, "d", 1)
	require.Len(t, admit(t, s, store.Admission{Free: 1}), 1, "it takes no slot of its queue")
	owned, err := s.Owned(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"r", "d-0"}, idsOf(owned))

	require.NoError(t, s.Finish(t.Context(), run.Ref(), store.Result{Status: store.StatusSucceeded}))
	_, err = s.StartNow(t.Context(), n)
	require.ErrorIs(t, err, store.ErrExists, "it is over")
}

func TestRetryAndRequeue(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	n := newRun("d", "r")
	n.RetainDays, n.DefaultWorkingDir = 1, "/srv"
	_, err := s.Enqueue(t.Context(), n)
	require.NoError(t, err)
	_, err = s.Retry(t.Context(), "r")
	require.ErrorIs(t, err, store.ErrOpen)
	_, err = s.Requeue(t.Context(), "r", store.TriggerRetry)
	require.ErrorIs(t, err, store.ErrOpen)
	_, err = s.Retry(t.Context(), "none")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Requeue(t.Context(), "none", store.TriggerRetry)
	require.ErrorIs(t, err, store.ErrNotFound)

	first := admit(t, s, store.Admission{Free: 1})[0]
	require.NoError(t, s.Begin(t.Context(), first.Ref(), "/logs", "/work", nil))
	require.NoError(t, s.Finish(t.Context(), first.Ref(), store.Result{Status: store.StatusFailed, Reason: store.ReasonTimeout, Error: "x"}))

	clock.Step(time.Hour)
	run, err := s.Retry(t.Context(), "r")
	require.NoError(t, err)
	require.NotEqual(t, first.AttemptID, run.AttemptID)
	require.Equal(t, store.Run{
		NewRun: n, Status: store.StatusRunning, Attempt: 2, AttemptID: run.AttemptID, Owner: s.Instance(), Unlimited: true,
		Queued: first.Queued, Started: clock.Now(), LogDir: "/logs", WorkDir: "/work",
	}, run)
	again, err := s.Retry(t.Context(), "r")
	require.NoError(t, err)
	require.Equal(t, run, again, "a repeat")
	require.ErrorIs(t, s.Finish(t.Context(), first.Ref(), store.Result{Status: store.StatusFailed}), store.ErrLost)
	expired, err := s.Expired(t.Context(), clock.Now().Add(48*time.Hour), 9)
	require.NoError(t, err)
	require.Empty(t, expired, "it is not over")
	require.NoError(t, s.Begin(t.Context(), run.Ref(), "/logs", "/work", nil))
	_, err = s.Retry(t.Context(), "r")
	require.ErrorIs(t, err, store.ErrOpen)
	require.NoError(t, s.Finish(t.Context(), run.Ref(), store.Result{Status: store.StatusAborted}))

	clock.Step(time.Hour)
	for range 2 { // the second is a repeat
		run, err = s.Requeue(t.Context(), "r", store.TriggerRetry)
		require.NoError(t, err)
		n.Trigger = store.TriggerRetry
		require.Equal(t, store.Run{
			NewRun: n, Status: store.StatusQueued, Attempt: 2, AttemptID: run.AttemptID, Queued: clock.Now(), LogDir: "/logs", WorkDir: "/work",
		}, run)
	}
	run = admit(t, s, store.Admission{Free: 1})[0]
	require.Equal(t, 3, run.Attempt)
	attempts, err := s.Attempts(t.Context(), "r")
	require.NoError(t, err)
	require.Len(t, attempts, 2)
	require.Equal(t, store.StatusAborted, attempts[1].Status)
}
