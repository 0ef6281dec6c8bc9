package store_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// stateOf returns what a verdict about the candidate would depend on, and skips it.
func stateOf(t *testing.T, s *store.Store, c store.Candidate) (state store.State) {
	t.Helper()
	_, err := s.Decide(t.Context(), []store.Candidate{c}, func(_ int, found store.State) store.Verdict {
		state = found
		return skipped()
	})
	require.NoError(t, err)
	return state
}

// stop is a candidate that stops a DAG.
func stop(dag string, due time.Time) store.Candidate {
	return store.Candidate{DAG: dag, Kind: store.KindStop, Due: due}
}

func TestDecideKnowsWhatStartedBefore(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	enqueue(t, s, "d", 1)
	admit(t, s, store.Admission{Free: 1})
	started := clock.Now()
	require.Equal(t, store.State{Busy: true}, stateOf(t, s, stop("d", started)), "at that instant is not before it")
	require.Equal(t, store.State{Busy: true, Started: true}, stateOf(t, s, stop("d", started.Add(time.Nanosecond))))
	require.Equal(t, store.State{}, stateOf(t, s, stop("e", started.Add(time.Hour))))
}

func TestDecideKnowsWhetherARunSucceeded(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	finish := func(id string, status store.Status) time.Time {
		run, err := s.StartNow(t.Context(), newRun("d", id))
		require.NoError(t, err)
		at := clock.Step(time.Minute)
		require.NoError(t, s.Finish(t.Context(), run.Ref(), store.Result{Status: status}))
		return at
	}
	at := finish("good", store.StatusSucceeded)
	finish("bad", store.StatusFailed)
	for _, c := range []struct {
		from, due time.Time
		want      bool
	}{
		{at, at.Add(time.Hour), true},
		{at.Add(time.Nanosecond), at.Add(time.Hour), false},
		{at.Add(-time.Hour), at, false},
		{at.Add(-time.Hour), at.Add(time.Nanosecond), true},
		{time.Time{}, at.Add(2 * time.Hour), false},
	} {
		one := candidate("d", c.due)
		one.SucceededFrom = c.from
		require.Equal(t, c.want, stateOf(t, s, one).Succeeded, "from %v to %v", c.from, c.due)
	}
}

func TestDecideTellsSuspensionOfTheDueTimeFromThatOfNow(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	require.NoError(t, s.Suspend(t.Context(), "d", noon()))
	require.NoError(t, s.Resume(t.Context(), "d", noon().Add(time.Hour)))
	row := candidate("d", noon().Add(10*time.Minute))
	row.Last, row.Count = noon().Add(50*time.Minute), 5
	require.Equal(t, store.State{Suspended: true}, stateOf(t, s, row))
	row = candidate("d", noon().Add(55*time.Minute))
	row.Last, row.Count = noon().Add(65*time.Minute), 3
	require.Equal(t, store.State{}, stateOf(t, s, row), "it was not suspended at the end")
	require.NoError(t, s.Suspend(t.Context(), "d", noon().Add(3*time.Hour)))
	require.Equal(t, store.State{SuspendedNow: true}, stateOf(t, s, candidate("d", noon().Add(2*time.Hour))))
}

func TestAStopEndsWhatStartedBefore(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	for _, id := range []string{"one", "two"} {
		_, err := s.StartNow(t.Context(), newRun("d", id))
		require.NoError(t, err)
	}
	due := clock.Step(time.Minute)
	_, err := s.StartNow(t.Context(), newRun("d", "three"))
	require.NoError(t, err)
	enqueue(t, s, "d", 1)
	wake, done := s.Subscribe(store.TopicStop)
	defer done()

	require.Equal(t, store.Decision{Verdict: store.Verdict{Outcome: store.OutcomeFired}}, decide(t, s, stop("d", due), store.Verdict{Outcome: store.OutcomeFired}))
	require.NotEmpty(t, wake)
	require.Equal(t, []string{"one", "two"}, toStop(t, s), "three started at the due time, and a queued run is not running")
}

func TestARestartTakesOver(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	old := newRun("d", "old")
	old.Params, old.DefaultWorkingDir = []string{"a=1"}, "here"
	running, err := s.StartNow(t.Context(), old)
	require.NoError(t, err)
	due := clock.Step(time.Minute)
	restart := store.Candidate{DAG: "d", Kind: store.KindRestart, Due: due}
	v := fire("d", due)
	v.RestartWait = time.Minute
	require.Equal(t, old.Params, decide(t, s, restart, v).Run.Params)
	require.Equal(t, []string{"old"}, toStop(t, s))
	run, err := s.Run(t.Context(), v.Run.ID)
	require.NoError(t, err)
	require.Equal(t, old.Params, run.Params)
	require.Equal(t, "here", run.DefaultWorkingDir)

	many := store.Admission{Free: 10}
	require.Empty(t, admit(t, s, many), "the old run is not over")
	require.NoError(t, s.Finish(t.Context(), running.Ref(), store.Result{Status: store.StatusAborted, Reason: store.ReasonStopped}))
	clock.Step(time.Minute - time.Nanosecond)
	require.Empty(t, admit(t, s, many), "it waits")
	next, err := s.NextRetry(t.Context())
	require.NoError(t, err)
	require.Equal(t, time.Nanosecond, next)
	clock.Step(time.Nanosecond)
	require.Equal(t, []string{run.ID}, idsOf(admit(t, s, many)))
	next, err = s.NextRetry(t.Context())
	require.NoError(t, err)
	require.Zero(t, next)
}

// The newest of several is what the restart goes on with.
func TestARestartTakesOverFromTheNewest(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	for _, id := range []string{"older", "newer"} {
		n := newRun("d", id)
		n.Params = []string{"id=" + id}
		_, err := s.StartNow(t.Context(), n)
		require.NoError(t, err)
	}
	due := clock.Step(time.Minute)
	d := decide(t, s, store.Candidate{DAG: "d", Kind: store.KindRestart, Due: due}, fire("d", due))
	require.Equal(t, []string{"id=newer"}, d.Run.Params)
	require.Equal(t, []string{"newer", "older"}, slices.Sorted(slices.Values(toStop(t, s))))
}

// Only what waits for its first attempt, and was due, gives way: no run by hand, and
// none that is tried again.
func TestALaterStartLeavesOtherWaitingRunsAlone(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	at := func(minute int) time.Time { return noon().Add(time.Duration(minute) * time.Minute) }
	again := decide(t, s, candidate("d", at(1)), fire("d", at(1)))
	run := admit(t, s, store.Admission{Free: 1})[0]
	require.Equal(t, again.Run.ID, run.ID)
	_, err := s.RetryLater(t.Context(), run.Ref(), store.Result{Status: store.StatusFailed}, time.Hour)
	require.NoError(t, err)
	enqueue(t, s, "d", 1)
	v := fire("d", at(2))
	v.Replace = true
	decide(t, s, candidate("d", at(2)), v)
	for _, id := range []string{run.ID, "d-0"} {
		left, err := s.Run(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, store.StatusQueued, left.Status, id)
	}
}

func TestALaterStartTakesThePlaceOfWaitingOnes(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	sync1(t, s, noon(), "d", "* * * * *")
	enqueue(t, s, "d", 1)
	at := func(minute int) time.Time { return noon().Add(time.Duration(minute) * time.Minute) }
	first := decide(t, s, candidate("d", at(1), "* * * * *"), fire("d", at(1)))
	require.Equal(t, []string{"d-0"}, idsOf(admit(t, s, store.Admission{Free: 1}))[:1], "the one that has been waiting since then")
	v := fire("d", at(2))
	v.Replace = true
	decide(t, s, candidate("d", at(2), "* * * * *"), v)

	run, err := s.Run(t.Context(), first.Run.ID)
	require.NoError(t, err)
	require.Equal(t, []any{store.StatusAborted, store.ReasonSuperseded}, []any{run.Status, run.Reason})
	require.False(t, run.Finished.IsZero())
	manual, err := s.Run(t.Context(), "d-0")
	require.NoError(t, err)
	require.NotEqual(t, store.StatusAborted, manual.Status, "nobody scheduled it")
	rows, err := s.Occurrences(t.Context(), "d", time.Time{}, time.Time{}, 10)
	require.NoError(t, err)
	require.Len(t, rows, 2)
	require.Equal(t, []any{store.OutcomeSkipped, store.ReasonSuperseded, 1, first.Run.ID},
		[]any{rows[0].Outcome, rows[0].Reason, rows[0].Count, rows[0].RunID})
	require.Equal(t, store.OutcomeFired, rows[1].Outcome)
}

func TestALaterRestartTakesThePlaceOfAWaitingOne(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	limit(t, s, map[string]int{"d": 9})
	old, err := s.StartNow(t.Context(), newRun("d", "old"))
	require.NoError(t, err)
	start := decide(t, s, candidate("d", noon()), fire("d", noon()))
	restart := func(minute int) (store.Candidate, store.Verdict) {
		due := noon().Add(time.Duration(minute) * time.Minute)
		v := fire("d", due)
		v.Replace = true
		return store.Candidate{DAG: "d", Kind: store.KindRestart, Due: due}, v
	}
	clock.Step(2 * time.Minute)
	c1, v1 := restart(1)
	first := decide(t, s, c1, v1)
	c2, v2 := restart(2)
	second := decide(t, s, c2, v2)

	run, err := s.Run(t.Context(), first.Run.ID)
	require.NoError(t, err)
	require.Equal(t, []any{store.StatusAborted, store.ReasonSuperseded}, []any{run.Status, run.Reason})
	again := decided(t, s, c1)
	require.Equal(t, []any{store.OutcomeSkipped, store.ReasonSuperseded}, []any{again.Outcome, again.Reason})
	require.Equal(t, store.OutcomeFired, decided(t, s, c2).Outcome)

	many := store.Admission{Free: 10}
	require.Equal(t, []string{start.Run.ID}, idsOf(admit(t, s, many)), "the old run is not over, and a start is none of a restart's")
	require.NoError(t, s.Finish(t.Context(), old.Ref(), store.Result{Status: store.StatusAborted, Reason: store.ReasonStopped}))
	require.Equal(t, []string{second.Run.ID}, idsOf(admit(t, s, many)))
}

func TestSerialRunsAreAdmittedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	for i := range 3 {
		due := noon().Add(time.Duration(i) * time.Minute)
		v := fire("d", due)
		v.Serial, v.Run.Queue = true, "wide"
		decide(t, s, candidate("d", due), v)
	}
	other := newRun("other", "other")
	other.Queue = "wide"
	_, err := s.Enqueue(t.Context(), other)
	require.NoError(t, err)
	limit(t, s, map[string]int{"wide": 9})
	many := store.Admission{Free: 10}
	first := admit(t, s, many)
	require.Len(t, first, 2)
	require.Equal(t, "other", first[0].ID, "what is not of the DAG passes by")
	require.Equal(t, noon(), first[1].Due)
	require.Empty(t, admit(t, s, many))
	can, err := s.Admissible(t.Context(), many)
	require.NoError(t, err)
	require.Empty(t, can)
	require.NoError(t, s.Finish(t.Context(), first[1].Ref(), store.Result{Status: store.StatusSucceeded}))
	second := admit(t, s, many)
	require.Len(t, second, 1)
	require.Equal(t, noon().Add(time.Minute), second[0].Due)
}

// A run between two attempts has started: a stop ends it, and a restart takes its place.
func TestAStopEndsWhatWaitsForAnotherAttempt(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	waits := func(id string) {
		run, err := s.StartNow(t.Context(), newRun("d", id))
		require.NoError(t, err)
		_, err = s.RetryLater(t.Context(), run.Ref(), store.Result{Status: store.StatusFailed}, time.Hour)
		require.NoError(t, err)
	}
	waits("one")
	due := clock.Step(time.Minute)
	require.Equal(t, store.State{Busy: true, Started: true}, stateOf(t, s, stop("d", due.Add(-time.Nanosecond))))
	waits("late")
	decide(t, s, stop("d", due), store.Verdict{Outcome: store.OutcomeFired})
	run, err := s.Run(t.Context(), "one")
	require.NoError(t, err)
	require.Equal(t, []any{store.StatusAborted, store.ReasonStopped}, []any{run.Status, run.Reason})
	require.Equal(t, clock.Now(), run.StopRequested)
	run, err = s.Run(t.Context(), "late")
	require.NoError(t, err)
	require.True(t, run.Waiting(), "it started at the due time")

	due = clock.Step(time.Minute)
	v := fire("d", due)
	v.RestartWait = time.Minute
	decide(t, s, store.Candidate{DAG: "d", Kind: store.KindRestart, Due: due}, v)
	run, err = s.Run(t.Context(), "late")
	require.NoError(t, err)
	require.Equal(t, store.ReasonStopped, run.Reason)
}
