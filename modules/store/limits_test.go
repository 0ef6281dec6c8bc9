package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestLimitsAreOfTheLastThatSetThem(t *testing.T) {
	t.Parallel()
	clock := newClock()
	dir := t.TempDir()
	older, newer := open(t, store.Options{Dir: dir, Now: clock.Now}), open(t, store.Options{Dir: dir, Now: clock.Now})
	inForce := func() store.Limits {
		t.Helper()
		l, err := older.Limits(t.Context())
		require.NoError(t, err)
		return l
	}
	none := store.Limits{Slots: map[string]int{}}
	require.Equal(t, none, inForce())

	set := func(s *store.Store, l store.Limits) (before, now store.Limits) {
		t.Helper()
		before, now, err := s.SetLimits(t.Context(), l)
		require.NoError(t, err)
		require.Equal(t, now, inForce())
		return before, now
	}
	one := store.Limits{Generation: 1, Since: clock.Now(), Slots: map[string]int{}}
	before, now := set(older, store.Limits{})
	require.Equal(t, []store.Limits{none, one}, []store.Limits{before, now}, "no entry is a configuration too")
	clock.Step(time.Hour)
	before, now = set(newer, store.Limits{Source: "/other"})
	require.Equal(t, []store.Limits{one, one}, []store.Limits{before, now}, "they say the same")
	two := store.Limits{Generation: 2, Since: clock.Now(), Source: "/n", Slots: map[string]int{"a": 3, "b": 1}}
	before, now = set(newer, store.Limits{Source: "/n", Slots: two.Slots})
	require.Equal(t, []store.Limits{one, two}, []store.Limits{before, now})
	before, _ = set(older, store.Limits{Unlimited: true, Slots: map[string]int{"b": 2}})
	require.Equal(t, two, before)
	before, now = set(newer, store.Limits{Slots: map[string]int{"b": 2}})
	require.True(t, before.Unlimited)
	require.Equal(t, 4, now.Generation)

	_, _, err := newer.SetLimits(t.Context(), store.Limits{Slots: map[string]int{"a": 9, "b": 0}})
	require.ErrorContains(t, err, `queue "b" has 0 slots`)
	require.Equal(t, now, inForce())
}

func TestLimitOf(t *testing.T) {
	t.Parallel()
	l := store.Limits{Slots: map[string]int{"a": 3}}
	for queue, want := range map[string]int{"a": 3, "b": 1} {
		slots, limited := l.Of(queue)
		require.True(t, limited)
		require.Equal(t, want, slots)
	}
	l.Unlimited = true
	_, limited := l.Of("a")
	require.False(t, limited)
}

// A queue admits runs alike, however they came into it, up to its limit.
func TestAdmissionIsOneForAllTriggers(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	limit(t, s, map[string]int{"q": 2})
	named := func(id string, trigger store.Trigger) store.NewRun {
		n := newRun("d", id)
		n.Queue, n.Trigger = "q", trigger
		return n
	}
	for i, trigger := range []store.Trigger{store.TriggerScheduler, store.TriggerCatchup} {
		due := clock.Now().Add(time.Duration(i) * time.Minute)
		_, err := s.Decide(t.Context(), []store.Candidate{candidate("d", due)}, func(int, store.State) store.Verdict {
			n := named(fmt.Sprint("due-", i), trigger)
			n.Due = due
			return store.Verdict{Outcome: store.OutcomeFired, Run: &n}
		})
		require.NoError(t, err)
	}
	_, err := s.Enqueue(t.Context(), named("manual", store.TriggerManual))
	require.NoError(t, err)
	n := named("interrupted", store.TriggerManual)
	n.RetryInterrupted = true
	for _, n := range []store.NewRun{n, named("again", store.TriggerManual)} { // outside of the limit, until they are queued
		run, err := s.StartNow(t.Context(), n)
		require.NoError(t, err)
		if n.RetryInterrupted {
			_, err = s.Interrupt(t.Context(), run.Ref(), cut())
		} else {
			require.NoError(t, s.Finish(t.Context(), run.Ref(), store.Result{Status: store.StatusFailed}))
			_, err = s.Requeue(t.Context(), n.ID, store.TriggerRetry)
		}
		require.NoError(t, err)
	}
	var ids []string
	for range 5 {
		runs := admit(t, s, store.Admission{Free: 9})
		if len(ids) == 0 {
			require.Len(t, runs, 2)
			require.Empty(t, admit(t, s, store.Admission{Free: 9}))
			require.NoError(t, s.Finish(t.Context(), runs[1].Ref(), store.Result{Status: store.StatusSucceeded}))
			ids = idsOf(runs)
			continue
		}
		if len(runs) == 1 {
			ids = append(ids, runs[0].ID)
			require.NoError(t, s.Finish(t.Context(), runs[0].Ref(), store.Result{Status: store.StatusSucceeded}))
		}
	}
	require.ElementsMatch(t, []string{"due-0", "due-1", "manual", "interrupted", "again"}, ids)
}
