package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestAPausedQueueAdmitsNothing(t *testing.T) {
	t.Parallel()
	clock := newClock()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir, Now: clock.Now})
	limit(t, s, map[string]int{"a": 2, "b": 2})
	enqueue(t, s, "a", 300) // more than the head of the order that admission looks at
	enqueue(t, s, "b", 3)
	running := admit(t, s, store.Admission{Free: 1})
	require.Equal(t, []string{"a-0"}, idsOf(running))

	other := openOwner(t, store.Options{Dir: dir, Now: clock.Now})
	for _, want := range []bool{true, false} {
		changed, err := other.PauseQueue(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, want, changed)
	}
	require.Equal(t, []string{"b-0", "b-1"}, idsOf(admit(t, s, store.Admission{Free: 9})), "no other queue is held up")
	require.NoError(t, s.Finish(t.Context(), running[0].Ref(), store.Result{Status: store.StatusSucceeded}), "what runs goes on")
	_, _, err := s.SetLimits(t.Context(), store.Limits{Unlimited: true})
	require.NoError(t, err)
	require.Equal(t, []string{"b-2"}, idsOf(admit(t, s, store.Admission{Free: 9})), "it holds without limits too")
	require.NoError(t, other.Stop(t.Context()))
	require.Empty(t, admit(t, s, store.Admission{Free: 9}), "and when the process that paused it is gone")

	for _, want := range []bool{true, false} {
		changed, err := s.ResumeQueue(t.Context(), "a")
		require.NoError(t, err)
		require.Equal(t, want, changed)
	}
	limit(t, s, map[string]int{"a": 2})
	require.Equal(t, []string{"a-1", "a-2"}, idsOf(admit(t, s, store.Admission{Free: 9})))
}

func TestQueues(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	queues := func() []store.Queue {
		t.Helper()
		list, err := s.Queues(t.Context())
		require.NoError(t, err)
		return list
	}
	backlog := func() store.Backlog {
		t.Helper()
		b, err := s.Backlog(t.Context())
		require.NoError(t, err)
		return b
	}
	require.Empty(t, queues())
	require.Zero(t, backlog())

	first := clock.Now()
	limit(t, s, map[string]int{"a": 2})
	enqueue(t, s, "a", 4)
	admit(t, s, store.Admission{Free: 2})
	clock.Step(time.Minute)
	n := newRun("a", "urgent")
	n.Priority = 1
	_, err := s.Enqueue(t.Context(), n)
	require.NoError(t, err)
	n = newRun("a", "by hand")
	_, err = s.StartNow(t.Context(), n)
	require.NoError(t, err)
	paused := clock.Step(time.Minute)
	for _, name := range []string{"a", "idle"} {
		_, err = s.PauseQueue(t.Context(), name)
		require.NoError(t, err)
	}
	enqueue(t, s, "b", 1)
	require.Equal(t, []store.Queue{
		{Name: "a", Running: 2, Queued: 3, Oldest: first, Paused: paused},
		{Name: "b", Queued: 1, Oldest: paused},
		{Name: "idle", Paused: paused},
	}, queues(), "a run that was started at once takes no slot")
	require.Equal(t, store.Backlog{Queued: 4, Held: 3, Paused: 2}, backlog())

	order := func(limit int) []string {
		t.Helper()
		runs, failed := s.QueueRuns(t.Context(), "a", limit)
		require.NoError(t, failed)
		return idsOf(runs)
	}
	require.Equal(t, []string{"a-0", "a-1", "urgent", "a-2", "a-3"}, order(9))
	require.Equal(t, []string{"a-0", "a-1", "urgent"}, order(1))
	_, err = s.ResumeQueue(t.Context(), "a")
	require.NoError(t, err)
	limit(t, s, map[string]int{"a": 5})
	require.Equal(t, order(9)[2:], idsOf(admit(t, s, store.Admission{Free: 3}))[:3], "admission takes them in that order")
}

// A run that is to be tried again later is behind those that could be admitted, and
// waits from its time on.
func TestARetryIsLastInItsQueueUntilItsTime(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	enqueue(t, s, "a", 1)
	run := admit(t, s, store.Admission{Free: 1})[0]
	require.Equal(t, run.Queued, run.Since())
	require.NoError(t, s.Begin(t.Context(), run.Ref(), "", "", nil))
	_, err := s.RetryLater(t.Context(), run.Ref(), store.Result{Status: store.StatusFailed}, time.Hour)
	require.NoError(t, err)
	for _, id := range []string{"b-1", "b-2"} {
		clock.Step(time.Minute)
		_, err = s.Enqueue(t.Context(), newRun("a", id))
		require.NoError(t, err)
	}
	order := func() []string {
		t.Helper()
		runs, failed := s.QueueRuns(t.Context(), "a", 2)
		require.NoError(t, failed)
		return idsOf(runs)
	}
	require.Equal(t, []string{"b-1", "b-2"}, order())
	queues, err := s.Queues(t.Context())
	require.NoError(t, err)
	require.Equal(t, []store.Queue{{Name: "a", Queued: 3, Oldest: run.Queued.Add(time.Minute)}}, queues)
	clock.Step(time.Hour)
	require.Equal(t, []string{"a-0", "b-1"}, order())
	again := admit(t, s, store.Admission{Free: 1})[0]
	require.Equal(t, "a-0", again.ID)
	require.Equal(t, run.Queued.Add(time.Hour), again.Since())
}
