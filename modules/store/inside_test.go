package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// inside starts a run inside of another one.
func inside(t *testing.T, s *store.Store, outer store.Run, id string) store.Run {
	t.Helper()
	n := newRun("d", id)
	n.ParentStep, n.RootDAG, n.RootID = "call", outer.DAG, outer.ID
	run, err := s.StartInside(t.Context(), outer.Ref(), n)
	require.NoError(t, err)
	return run
}

func startNow(t *testing.T, s *store.Store, id string) store.Run {
	t.Helper()
	run, err := s.StartNow(t.Context(), newRun("d", id))
	require.NoError(t, err)
	return run
}

func TestStartInside(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	ctx := t.Context()
	outer := startNow(t, s, "outer")

	n := newRun("d", "in")
	n.RetryInterrupted, n.ParentStep, n.RootDAG, n.RootID = true, "call", "d", "outer"
	run, err := s.StartInside(ctx, outer.Ref(), n)
	require.NoError(t, err)
	n.Parent, n.RetryInterrupted = "outer", false
	require.Equal(t, store.Run{
		NewRun: n, Status: store.StatusRunning, Attempt: 1, AttemptID: run.AttemptID, Owner: s.Instance(), Unlimited: true,
		Queued: clock.Now(), Started: clock.Now(),
	}, run)
	again, err := s.StartInside(ctx, outer.Ref(), n)
	require.NoError(t, err)
	require.Equal(t, run, again, "a repeat before it has begun")

	require.NoError(t, s.Begin(ctx, run.Ref(), "/l", "/w", nil))
	_, err = s.StartInside(ctx, outer.Ref(), n)
	require.ErrorIs(t, err, store.ErrOpen)
	require.NoError(t, s.Finish(ctx, run.Ref(), failed()))

	clock.Step(time.Second)
	second, err := s.StartInside(ctx, outer.Ref(), n)
	require.NoError(t, err)
	require.Equal(t, 2, second.Attempt)
	require.Equal(t, "/l", second.LogDir, "the attempt has the directories of the one before")
	require.Equal(t, clock.Now(), second.Started)
	require.Zero(t, second.Begun)
	require.Zero(t, second.Finished)
	require.NotEqual(t, run.AttemptID, second.AttemptID)
	require.NoError(t, s.Finish(ctx, second.Ref(), store.Result{Status: store.StatusPartiallySucceeded}))

	done, err := s.StartInside(ctx, outer.Ref(), n)
	require.NoError(t, err)
	require.Equal(t, store.StatusPartiallySucceeded, done.Status, "what succeeded stands")
	require.Equal(t, 2, done.Attempt)

	other := startNow(t, s, "other")
	_, err = s.StartInside(ctx, other.Ref(), n)
	require.ErrorIs(t, err, store.ErrExists, "the child of one run is not that of another")
	_, err = s.StartInside(ctx, other.Ref(), newRun("d", "outer"))
	require.ErrorIs(t, err, store.ErrExists)
	require.NoError(t, s.Finish(ctx, outer.Ref(), failed()))
	_, err = s.StartInside(ctx, outer.Ref(), newRun("d", "late"))
	require.ErrorIs(t, err, store.ErrLost, "a run that is over starts nothing")
}

// A run inside of another has no attempts but those that its parent has of it.
func TestRunInsideHasNoAttemptsOfItsOwn(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	outer := startNow(t, s, "outer")
	in := inside(t, s, outer, "in")
	require.NoError(t, s.Begin(t.Context(), in.Ref(), "/l", "/w", nil))
	run, err := s.Interrupt(t.Context(), in.Ref(), cut())
	require.NoError(t, err)
	require.Equal(t, store.StatusAborted, run.Status)
	_, err = s.Retry(t.Context(), "in")
	require.ErrorIs(t, err, store.ErrInside)
	_, err = s.Requeue(t.Context(), "in", store.TriggerRetry)
	require.ErrorIs(t, err, store.ErrInside)
}

// What asks for the runs of a DAG does not mean those inside of others, which may be of
// a DAG of one file alone that happens to have the name.
func TestRunsInsideAreNobodysHistory(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	ctx := t.Context()
	outer, err := s.StartNow(ctx, newRun("main", "outer"))
	require.NoError(t, err)
	in := inside(t, s, outer, "in")

	runs, err := s.Runs(ctx, store.Filter{Limit: 9})
	require.NoError(t, err)
	require.Equal(t, []string{"outer"}, idsOf(runs))
	last, err := s.LastRuns(ctx)
	require.NoError(t, err)
	require.NotContains(t, last, "d")
	running, queued, err := s.Counts(ctx)
	require.NoError(t, err)
	require.Equal(t, []int{1, 0}, []int{running, queued})
	owned, err := s.Owned(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"outer"}, idsOf(owned))
	stopped, err := s.RequestStop(ctx, "d", "")
	require.NoError(t, err)
	require.Zero(t, stopped)

	stopped, err = s.RequestStop(ctx, "d", "in")
	require.NoError(t, err)
	require.Equal(t, 1, stopped, "it can be stopped by its id")
	require.Equal(t, []string{"in"}, toStop(t, s))

	require.NoError(t, s.Finish(ctx, in.Ref(), store.Result{Status: store.StatusSucceeded}))
	entries := []store.Entry{{Kind: store.KindStart, Text: "* * * * *", Zone: "UTC"}}
	_, err = s.SyncSchedules(ctx, []store.ScheduleSet{{DAG: "d", Entries: entries}}, time.Now())
	require.NoError(t, err)
	second := inside(t, s, outer, "busy")
	due := time.Now().Truncate(time.Minute).Add(time.Hour)
	_, err = s.Decide(ctx, []store.Candidate{{
		DAG: "d", Kind: store.KindStart, Due: due, Entries: entries, SucceededFrom: time.Now().Add(-time.Hour),
	}}, func(_ int, st store.State) store.Verdict {
		require.False(t, st.Busy)
		require.False(t, st.Succeeded)
		serial := newRun("d", "serial")
		return store.Verdict{Outcome: store.OutcomeFired, Run: &serial, Serial: true}
	})
	require.NoError(t, err)
	require.Equal(t, []string{"serial"}, idsOf(admit(t, s, store.Admission{Free: 9})), "it waits for no run inside of another")
	require.NoError(t, s.Finish(ctx, second.Ref(), failed()))
}

// A process that dies leaves a run and those inside of it; they are closed together.
func TestDeadOwnerLeavesRunsInside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	dying := openOwner(t, store.Options{Dir: dir})
	n := newRun("d", "outer")
	n.RetryInterrupted = true
	outer, err := dying.StartNow(t.Context(), n)
	require.NoError(t, err)
	require.NoError(t, dying.Begin(t.Context(), outer.Ref(), "/l", "/w", nil))
	begun := inside(t, dying, outer, "begun")
	require.NoError(t, dying.Begin(t.Context(), begun.Ref(), "/l", "/w", nil))
	inside(t, dying, outer, "unbegun")
	require.NoError(t, dying.Stop(t.Context()))

	s := openOwner(t, store.Options{Dir: dir})
	dead := deadOwners(t, s)
	require.Len(t, dead, 1)
	requeued, lost, err := dead[0].Close(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"outer"}, idsOf(requeued))
	require.Equal(t, []string{"begun", "unbegun"}, idsOf(lost))
	for _, run := range lost {
		require.Equal(t, store.StatusFailed, run.Status)
		require.Equal(t, store.ReasonWorkerLost, run.Reason)
	}
	require.NoError(t, dead[0].Release())

	next := admit(t, s, store.Admission{Free: 9})
	require.Equal(t, []string{"outer"}, idsOf(next))
	second := inside(t, s, next[0], "begun")
	require.Equal(t, 2, second.Attempt)
}

func TestRunsInsideGoBeforeTheirParent(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	ctx := t.Context()
	n := newRun("d", "outer")
	n.RetainDays = 1
	outer, err := s.StartNow(ctx, n)
	require.NoError(t, err)
	n.ID = "in"
	in, err := s.StartInside(ctx, outer.Ref(), n)
	require.NoError(t, err)
	deep := inside(t, s, in, "deep")
	for _, run := range []store.Run{deep, in, outer} {
		require.NoError(t, s.Finish(ctx, run.Ref(), failed()))
	}
	children, err := s.Children(ctx, "outer")
	require.NoError(t, err)
	require.Equal(t, []string{"in"}, idsOf(children))
	found, err := s.Within(ctx, "outer", "deep")
	require.NoError(t, err)
	require.Equal(t, "in", found.Parent)
	for _, ids := range [][2]string{{"deep", "in"}, {"outer", "outer"}, {"outer", "none"}, {"", "outer"}} {
		_, err = s.Within(ctx, ids[0], ids[1])
		require.ErrorIs(t, err, store.ErrNotFound)
	}

	runs, err := s.Expired(ctx, clock.Now().Add(24*time.Hour-1), 9)
	require.NoError(t, err)
	require.Empty(t, runs)
	runs, err = s.Expired(ctx, clock.Now().Add(24*time.Hour), 9)
	require.NoError(t, err)
	require.Equal(t, []string{"deep", "in", "outer"}, idsOf(runs))
	runs, err = s.Expired(ctx, clock.Now().Add(24*time.Hour), 2)
	require.NoError(t, err)
	require.Equal(t, []string{"deep", "in"}, idsOf(runs))
	require.NoError(t, s.Forget(ctx, []string{"outer"}))
	_, err = s.Run(ctx, "outer")
	require.NoError(t, err, "it has runs inside")
	require.NoError(t, s.Forget(ctx, []string{"deep", "in", "outer"}))
	_, err = s.Run(ctx, "outer")
	require.ErrorIs(t, err, store.ErrNotFound)
}

// A stop by schedule ends what the DAG started by itself.
func TestAStopByScheduleLeavesRunsInsideAlone(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	outer, err := s.StartNow(t.Context(), newRun("main", "outer"))
	require.NoError(t, err)
	inside(t, s, outer, "in")
	startNow(t, s, "top")
	decide(t, s, stop("d", clock.Step(time.Minute)), store.Verdict{Outcome: store.OutcomeFired})
	require.Equal(t, []string{"top"}, toStop(t, s))
}
