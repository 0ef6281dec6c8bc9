package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestRunLife(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	ctx := t.Context()
	n := newRun("d", "r1")
	n.Params, n.Labels, n.Priority, n.RetainDays = []string{"a b", `c="d"`}, []string{"x", "y=1"}, 3, 7
	n.DefaultWorkingDir = "../data of $DAY"
	n.Due = clock.Now().Truncate(time.Minute).Add(time.Nanosecond)

	run, err := s.Enqueue(ctx, n)
	require.NoError(t, err)
	want := store.Run{NewRun: n, Status: store.StatusQueued, Queued: clock.Now()}
	require.Equal(t, want, run)

	queued := clock.Now()
	clock.Step(time.Second)
	runs := admit(t, s, store.Admission{Free: 10})
	require.Len(t, runs, 1)
	run = runs[0]
	want.Status, want.Attempt, want.AttemptID = store.StatusRunning, 1, run.AttemptID
	want.Owner, want.Started = s.Instance(), clock.Now()
	require.NotEmpty(t, run.AttemptID)
	require.Equal(t, want, run)

	clock.Step(time.Second)
	steps := []store.Step{{Index: 0, Name: "one", ID: "one", Status: store.StepNotStarted}, {Index: 1, Name: "two", Status: store.StepNotStarted}}
	require.NoError(t, s.Begin(ctx, run.Ref(), "/logs/r1", "/work/r1", steps))
	want.Begun, want.LogDir, want.WorkDir = clock.Now(), "/logs/r1", "/work/r1"
	got, err := s.Run(ctx, "r1")
	require.NoError(t, err)
	require.Equal(t, want, got)

	clock.Step(time.Second)
	require.NoError(t, s.Begin(ctx, run.Ref(), "/logs/r1", "/work/r1", steps), "a repeat")
	steps[0] = store.Step{
		Index: 0, Name: "one", ID: "one", Status: store.StepFailed, Started: queued, Finished: clock.Now(), Exited: true, ExitCode: 3,
		Error: "exit status 3", Tries: 2, Stdout: "/logs/r1/one.out", Stderr: "/logs/r1/one.err", Output: "OUT", OutputValue: "v\x00w", Continued: true,
	}
	require.NoError(t, s.SaveSteps(ctx, run.Ref(), steps[:1]))
	clock.Step(time.Second)
	steps[1].Status = store.StepSkipped
	result := store.Result{Status: store.StatusFailed, Reason: store.ReasonTimeout, Error: "too late", Steps: steps[1:]}
	require.NoError(t, s.Finish(ctx, run.Ref(), result))
	want.Status, want.Reason, want.Error, want.Finished = store.StatusFailed, store.ReasonTimeout, "too late", clock.Now()
	got, err = s.Run(ctx, "r1")
	require.NoError(t, err)
	require.Equal(t, want, got)
	saved, err := s.Steps(ctx, "r1", 0)
	require.NoError(t, err)
	require.Equal(t, steps, saved)

	require.NoError(t, s.Finish(ctx, run.Ref(), result), "a repeat")
	result.Status = store.StatusSucceeded
	require.ErrorIs(t, s.Finish(ctx, run.Ref(), result), store.ErrLost)
	require.ErrorIs(t, s.SaveSteps(ctx, run.Ref(), steps), store.ErrLost)
	require.ErrorIs(t, s.Begin(ctx, run.Ref(), "", "", nil), store.ErrLost)
	attempts, err := s.Attempts(ctx, "r1")
	require.NoError(t, err)
	require.Len(t, attempts, 1)
	require.Equal(t, want.Begun, attempts[0].Begun)
	require.Equal(t, store.StatusFailed, attempts[0].Status)
}
