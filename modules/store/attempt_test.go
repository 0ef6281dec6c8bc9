package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// cut is how a shutdown ends an attempt.
func cut() store.Result {
	return store.Result{Status: store.StatusAborted, Reason: store.ReasonShutdown, Error: "cut"}
}

func TestInterrupt(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	n := newRun("d", "r")
	n.RetryInterrupted, n.RetainDays = true, 1
	queued, err := s.Enqueue(t.Context(), n)
	require.NoError(t, err)
	clock.Step(time.Minute)

	first := admit(t, s, store.Admission{Free: 1})[0]
	require.NoError(t, s.Begin(t.Context(), first.Ref(), "/logs", "/work", []store.Step{{Name: "a", Status: store.StepRunning}}))
	result := cut()
	result.Steps = []store.Step{{Name: "a", Status: store.StepAborted}}
	for range 2 { // the second is a repeat
		waits, again := s.Interrupt(t.Context(), first.Ref(), result)
		require.NoError(t, again)
		require.Equal(t, store.StatusQueued, waits.Status)
	}
	run, err := s.Run(t.Context(), "r")
	require.NoError(t, err)
	require.Equal(t, store.Run{
		NewRun: n, Status: store.StatusQueued, Attempt: 1, AttemptID: first.AttemptID, Queued: queued.Queued, LogDir: "/logs", WorkDir: "/work",
		Reason: store.ReasonShutdown, Error: "cut", NotBefore: clock.Now(),
	}, run)
	steps, err := s.Steps(t.Context(), "r", 1)
	require.NoError(t, err)
	require.Equal(t, result.Steps, steps)

	second := admit(t, s, store.Admission{Free: 1})[0]
	require.Equal(t, 2, second.Attempt)
	require.NotEqual(t, first.AttemptID, second.AttemptID)
	require.Empty(t, second.Reason)
	require.Empty(t, second.Error)
	_, err = s.Interrupt(t.Context(), first.Ref(), result)
	require.NoError(t, err, "a very late repeat")
	for range 2 {
		run, err = s.Interrupt(t.Context(), second.Ref(), cut())
		require.NoError(t, err)
		require.Equal(t, store.StatusFailed, run.Status, "once is enough")
	}
	run, err = s.Run(t.Context(), "r")
	require.NoError(t, err)
	require.Equal(t, store.StatusFailed, run.Status)
	require.Equal(t, store.ReasonPoison, run.Reason)
	require.Equal(t, "attempt 2 was interrupted (shutdown), as one before it was: it is not tried again", run.Error)
	attempts, err := s.Attempts(t.Context(), "r")
	require.NoError(t, err)
	require.Len(t, attempts, 2)
	require.Equal(t, store.ReasonShutdown, attempts[1].Reason, "what became of the attempt itself")
	expired, err := s.Expired(t.Context(), clock.Now().Add(25*time.Hour), 9)
	require.NoError(t, err)
	require.Equal(t, []string{"r"}, idsOf(expired))
	_, err = s.Interrupt(t.Context(), store.Ref{RunID: "r", Attempt: 2, Owner: "somebody"}, cut())
	require.ErrorIs(t, err, store.ErrLost)
}

func TestInterruptEndsWhatDidNotAskForMore(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	_, err := s.Enqueue(t.Context(), newRun("plain", "plain"))
	require.NoError(t, err)
	stopped := newRun("stopped", "stopped")
	stopped.RetryInterrupted = true
	_, err = s.Enqueue(t.Context(), stopped)
	require.NoError(t, err)
	runs := admit(t, s, store.Admission{Free: 2})
	n, err := s.RequestStop(t.Context(), "stopped", "stopped")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	for _, run := range runs {
		over, err := s.Interrupt(t.Context(), run.Ref(), cut())
		require.NoError(t, err)
		require.Equal(t, store.StatusAborted, over.Status, run.ID)
		require.Equal(t, store.ReasonShutdown, over.Reason)
	}
}

func TestUnadmit(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	enqueue(t, s, "d", 2)
	before, err := s.Run(t.Context(), "d-0")
	require.NoError(t, err)
	run := admit(t, s, store.Admission{Free: 1})[0]
	require.Equal(t, "d-0", run.ID)
	for range 2 { // the second is a repeat
		require.NoError(t, s.Unadmit(t.Context(), run.Ref()))
	}
	after, err := s.Run(t.Context(), "d-0")
	require.NoError(t, err)
	require.Equal(t, before, after, "as if nothing had been")

	run = admit(t, s, store.Admission{Free: 1})[0]
	require.Equal(t, "d-0", run.ID, "it kept its place")
	require.NoError(t, s.Begin(t.Context(), run.Ref(), "", "", nil))
	require.ErrorIs(t, s.Unadmit(t.Context(), run.Ref()), store.ErrLost, "it has begun")
	require.ErrorIs(t, s.Unadmit(t.Context(), store.Ref{RunID: "none"}), store.ErrNotFound)
}

func TestStaleRefIsLost(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	enqueue(t, s, "d", 1)
	run := admit(t, s, store.Admission{Free: 1})[0]
	for name, ref := range map[string]store.Ref{
		"attempt": {RunID: run.ID, Attempt: 2, Owner: run.Owner},
		"owner":   {RunID: run.ID, Attempt: 1, Owner: "other"},
	} {
		require.ErrorIs(t, s.Begin(t.Context(), ref, "", "", nil), store.ErrLost, name)
		require.ErrorIs(t, s.SaveSteps(t.Context(), ref, nil), store.ErrLost, name)
		require.ErrorIs(t, s.Finish(t.Context(), ref, store.Result{Status: store.StatusFailed}), store.ErrLost, name)
		require.ErrorIs(t, s.Unadmit(t.Context(), ref), store.ErrLost, name)
		_, err := s.Interrupt(t.Context(), ref, cut())
		require.ErrorIs(t, err, store.ErrLost, name)
	}
	require.ErrorContains(t, s.Finish(t.Context(), run.Ref(), store.Result{Status: store.StatusQueued}), "does not end")
	require.ErrorIs(t, s.Finish(t.Context(), store.Ref{RunID: "none"}, store.Result{Status: store.StatusFailed}), store.ErrNotFound)
}
