package queue_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/queue"
	"dagu/modules/store"
)

func TestARetryIsAdmittedWhenItIsDue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, e, p := newFakeStore(1), &fakeExecutor{}, &fakePulse{}
		s.retryAt = time.Now().Add(3*time.Minute + time.Millisecond)
		q := start(t, s, e, p, zap.NewNop())
		before := p.count()
		time.Sleep(3 * time.Minute) // synctest
		synctest.Wait()
		require.Empty(t, e.ids())
		require.GreaterOrEqual(t, p.count()-before, 180, "the loop beats every second")
		time.Sleep(time.Millisecond) // synctest
		synctest.Wait()
		require.Equal(t, []string{"run-0"}, e.ids(), "to the millisecond")
		require.NoError(t, q.Stop(t.Context()))
	})
}

// Where the store does not say when the next retry is due, it is asked every second.
func TestAnUnknownRetryIsLookedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, e := newFakeStore(1), &fakeExecutor{}
		s.retryAt = time.Now().Add(1500 * time.Millisecond)
		q := start(t, s, e, &fakePulse{}, zap.NewNop())
		s.set(func(s *fakeStore) { s.fail = errors.New("no answer") })
		s.wake <- struct{}{}
		synctest.Wait()
		s.set(func(s *fakeStore) { s.fail = nil })
		time.Sleep(1500 * time.Millisecond) // synctest
		synctest.Wait()
		require.Equal(t, []string{"run-0"}, e.ids())
		require.NoError(t, q.Stop(t.Context()))
	})
}

// A retry starves nobody before it is due, and then like any run, although nothing is
// written meanwhile.
func TestARetryStarvesWhenItIsDue(t *testing.T) {
	t.Parallel()
	st, enqueue := realStore(t)
	enqueue("a", 1)
	runs, err := st.Admit(t.Context(), store.Admission{Free: 1})
	require.NoError(t, err)
	run, err := st.RetryLater(t.Context(), runs[0].Ref(), store.Result{Status: store.StatusFailed}, time.Hour)
	require.NoError(t, err)
	s := newStarved(t, st, queue.Options{MaxActive: 5})
	require.NoError(t, looks(t, s, 100))

	_, err = st.Retry(t.Context(), run.ID)
	require.NoError(t, err)
	run, err = st.Run(t.Context(), run.ID)
	require.NoError(t, err)
	run, err = st.RetryLater(t.Context(), run.Ref(), store.Result{Status: store.StatusFailed}, 200*time.Millisecond)
	require.NoError(t, err)
	require.NoError(t, looks(t, s, 1), "it may not be due yet")
	require.Eventually(t, func() bool { return looks(t, s, 31) != nil }, time.Minute, 10*time.Millisecond)
	require.NoError(t, st.Suspend(t.Context(), run.DAG, time.Now()))
	require.NoError(t, looks(t, s, 100))
}
