package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// failed is how an attempt ends that is to be followed by another.
func failed() store.Result { return store.Result{Status: store.StatusFailed, Error: "exit status 1"} }

// begun admits the one run that can be, and begins it.
func begun(t *testing.T, s *store.Store) store.Run {
	t.Helper()
	runs := admit(t, s, store.Admission{Free: 1})
	require.Len(t, runs, 1)
	require.NoError(t, s.Begin(t.Context(), runs[0].Ref(), "/logs", "/work", nil))
	return runs[0]
}

func next(t *testing.T, s *store.Store) time.Duration {
	t.Helper()
	wait, err := s.NextRetry(t.Context())
	require.NoError(t, err)
	return wait
}

func admissible(t *testing.T, s *store.Store) int {
	t.Helper()
	runs, err := s.Admissible(t.Context(), store.Admission{Free: 9})
	require.NoError(t, err)
	return len(runs)
}

func TestARetryWaitsForItsTime(t *testing.T) {
	t.Parallel()
	clock := newClock()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir, Now: clock.Now})
	_, err := s.Enqueue(t.Context(), newRun("d", "r"))
	require.NoError(t, err)
	require.Zero(t, next(t, s))
	first := begun(t, s)
	clock.Step(time.Minute)
	for range 2 { // the second is a repeat
		run, again := s.RetryLater(t.Context(), first.Ref(), failed(), time.Hour)
		require.NoError(t, again)
		require.True(t, run.Waiting())
		require.Equal(t, clock.Now().Add(time.Hour), run.NotBefore)
		require.Equal(t, 1, run.Retries)
		require.Equal(t, 1, run.Attempt)
		require.Equal(t, "exit status 1", run.Error)
	}
	require.Equal(t, time.Hour, next(t, s))
	clock.Step(time.Hour - 1)
	require.Empty(t, admit(t, s, store.Admission{Free: 9}))
	unlimit(t, s)
	require.Empty(t, admit(t, s, store.Admission{Free: 9}))
	limit(t, s, nil)
	require.Zero(t, admissible(t, s))

	enqueue(t, s, "d", 1) // the slot is free for others
	other := begun(t, s)
	require.Equal(t, "d-0", other.ID)
	clock.Step(1)
	require.Zero(t, next(t, s))
	require.Empty(t, admit(t, s, store.Admission{Free: 9}), "it is admitted like any run")
	require.NoError(t, s.Finish(t.Context(), other.Ref(), failed()))
	require.Equal(t, 1, admissible(t, s))
	second := begun(t, s)
	require.Equal(t, 2, second.Attempt)
	require.Equal(t, first.Queued, second.Queued)
	require.Empty(t, second.Error)

	run, err := s.RetryLater(t.Context(), second.Ref(), failed(), 0)
	require.NoError(t, err)
	require.Equal(t, 2, run.Retries)
	attempts, err := s.Attempts(t.Context(), "r")
	require.NoError(t, err)
	require.Len(t, attempts, 2)
	third := begun(t, s)
	require.Equal(t, 3, third.Attempt)
	require.NoError(t, s.Finish(t.Context(), third.Ref(), store.Result{Status: store.StatusSucceeded}))
	_, err = s.RetryLater(t.Context(), third.Ref(), failed(), 0)
	require.NoError(t, err, "a repeat is told by the attempt alone")
	_, err = s.RetryLater(t.Context(), store.Ref{RunID: "r", Attempt: 3, Owner: "somebody"}, failed(), 0)
	require.ErrorIs(t, err, store.ErrLost)
	_, err = s.RetryLater(t.Context(), store.Ref{RunID: "none"}, failed(), 0)
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestARetryIsStopped(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	enqueue(t, s, "d", 1)
	first := begun(t, s)
	run, err := s.RetryLater(t.Context(), first.Ref(), failed(), time.Hour)
	require.NoError(t, err)
	require.True(t, run.Waiting())
	require.Zero(t, run.Started)
	n, err := s.RequestStop(t.Context(), "d", "")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	run, err = s.Run(t.Context(), run.ID)
	require.NoError(t, err)
	require.Equal(t, store.StatusAborted, run.Status)
	require.Equal(t, store.ReasonStopped, run.Reason)
	require.Equal(t, first.Started, run.Started)
	require.Zero(t, next(t, s))

	// The stop comes while the attempt is ending.
	_, err = s.Enqueue(t.Context(), newRun("d", "late"))
	require.NoError(t, err)
	late := begun(t, s)
	_, err = s.RequestStop(t.Context(), "d", "late")
	require.NoError(t, err)
	for range 2 {
		run, err = s.RetryLater(t.Context(), late.Ref(), failed(), time.Hour)
		require.NoError(t, err)
		require.Equal(t, store.StatusAborted, run.Status)
		require.Equal(t, store.ReasonStopped, run.Reason)
		require.Equal(t, late.Started, run.Started)
	}

	// A new life by hand has not begun.
	_, err = s.Requeue(t.Context(), "late", store.TriggerManual)
	require.NoError(t, err)
	_, err = s.RequestStop(t.Context(), "d", "late")
	require.NoError(t, err)
	run, err = s.Run(t.Context(), "late")
	require.NoError(t, err)
	require.Zero(t, run.Started)
}

func TestARetryOfASuspendedDAGWaits(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	enqueue(t, s, "d", 1)
	_, err := s.RetryLater(t.Context(), begun(t, s).Ref(), failed(), time.Minute)
	require.NoError(t, err)
	require.NoError(t, s.Suspend(t.Context(), "d", clock.Now()))
	clock.Step(time.Hour)
	require.Zero(t, admissible(t, s))
	require.Empty(t, admit(t, s, store.Admission{Free: 9}))
	_, err = s.Enqueue(t.Context(), newRun("d", "by-hand"))
	require.NoError(t, err)
	byHand := begun(t, s)
	require.Equal(t, "by-hand", byHand.ID)
	require.NoError(t, s.Finish(t.Context(), byHand.Ref(), failed()))

	require.NoError(t, s.Resume(t.Context(), "d", clock.Now()))
	require.Equal(t, 1, admissible(t, s))
	require.Equal(t, "d-0", begun(t, s).ID)
}

// Many runs that wait for their time do not hide the one that can be admitted.
func TestWaitingRetriesDoNotCrowdTheQueue(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	enqueue(t, s, "d", 200)
	unlimit(t, s)
	for _, run := range admit(t, s, store.Admission{Free: 200}) {
		_, err := s.RetryLater(t.Context(), run.Ref(), failed(), time.Hour)
		require.NoError(t, err)
	}
	_, err := s.Enqueue(t.Context(), newRun("d", "last"))
	require.NoError(t, err)
	require.Equal(t, 1, admissible(t, s))
	require.Equal(t, "last", begun(t, s).ID)
}

func TestRetryByHandTakesAWaitingRun(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	enqueue(t, s, "d", 1)
	_, err := s.Retry(t.Context(), "d-0")
	require.ErrorIs(t, err, store.ErrOpen, "it has not run yet")
	_, err = s.RetryLater(t.Context(), begun(t, s).Ref(), failed(), time.Hour)
	require.NoError(t, err)

	run, err := s.Retry(t.Context(), "d-0", "b", "c")
	require.NoError(t, err)
	require.Equal(t, store.StatusRunning, run.Status)
	require.Equal(t, 2, run.Attempt)
	require.Equal(t, 1, run.Retries)
	require.Zero(t, run.NotBefore)
	require.Equal(t, []string{"b", "c"}, run.Only)
	require.Zero(t, next(t, s))
	run, err = s.RetryLater(t.Context(), run.Ref(), failed(), 0)
	require.NoError(t, err)
	require.Empty(t, run.Only, "a retry is of all that failed")
	run, err = s.Retry(t.Context(), "d-0", "b")
	require.NoError(t, err)
	require.NoError(t, s.Finish(t.Context(), run.Ref(), failed()))
	run, err = s.Retry(t.Context(), "d-0")
	require.NoError(t, err)
	require.Empty(t, run.Only)
}

// What an attempt was to run again outlives its process.
func TestOnlySomeStepsSurviveACrash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir})
	n := newRun("d", "r")
	n.RetryInterrupted = true
	_, err := s.Enqueue(t.Context(), n)
	require.NoError(t, err)
	require.NoError(t, s.Finish(t.Context(), begun(t, s).Ref(), failed()))
	run, err := s.Retry(t.Context(), "r", "b")
	require.NoError(t, err)
	require.NoError(t, s.Begin(t.Context(), run.Ref(), "", "", nil))
	require.NoError(t, s.Stop(t.Context())) // it leaves the run to whoever comes

	s = openOwner(t, store.Options{Dir: dir})
	dead := deadOwners(t, s)
	require.Len(t, dead, 1)
	queued, lost, err := dead[0].Close(t.Context())
	require.NoError(t, err)
	require.Empty(t, lost)
	require.NoError(t, dead[0].Release())
	require.Equal(t, store.ReasonWorkerLost, queued[0].Reason)
	require.True(t, queued[0].Waiting())
	run = begun(t, s)
	require.Equal(t, 3, run.Attempt)
	require.Equal(t, []string{"b"}, run.Only)
}
