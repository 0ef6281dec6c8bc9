package queue_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/queue"
	"dagu/modules/store"
)

// realStore is a store with queued runs of some queues.
func realStore(t *testing.T) (st *store.Store, enqueue func(queue string, n int)) {
	t.Helper()
	st, err := store.New(store.Options{Dir: t.TempDir()}, zap.NewNop())
	require.NoError(t, err)
	require.NoError(t, st.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, st.Stop(context.WithoutCancel(t.Context()))) })
	_, err = st.Own(t.Context(), store.RoleScheduler)
	require.NoError(t, err)
	require.NoError(t, st.PutTexts(t.Context(), []store.Text{{Hash: "text", DAG: "d"}}))
	count := 0
	return st, func(queue string, n int) {
		t.Helper()
		for range n {
			count++
			_, err := st.Enqueue(t.Context(), store.NewRun{
				ID: fmt.Sprint("run-", count), DAG: "d", TextHash: "text", Trigger: store.TriggerManual, Queue: queue,
			})
			require.NoError(t, err)
		}
	}
}

// looks looks n times and returns the last error.
func looks(t *testing.T, s *queue.Starved, n int) (err error) {
	t.Helper()
	for range n {
		err = s.Look(t.Context())
	}
	return err
}

func newStarved(t *testing.T, st *store.Store, options queue.Options) *queue.Starved {
	t.Helper()
	q, err := queue.New(options, st, &fakeExecutor{done: map[string]func(){}}, &fakePulse{}, zap.NewNop())
	require.NoError(t, err)
	return queue.NewStarved(q, st)
}

func TestARunThatCouldBeAdmittedStarves(t *testing.T) {
	t.Parallel()
	st, enqueue := realStore(t)
	s := newStarved(t, st, queue.Options{MaxActive: 5}) // its loop does not turn
	require.NoError(t, looks(t, s, 100), "nothing waits")
	enqueue("a", 3)
	require.NoError(t, looks(t, s, 30))
	require.ErrorContains(t, looks(t, s, 1), "could be admitted for 30s")
	runs, err := st.Admit(t.Context(), store.Admission{Free: 1})
	require.NoError(t, err)
	require.NoError(t, looks(t, s, 100), "the other two wait for it")
	require.NoError(t, st.Finish(t.Context(), runs[0].Ref(), store.Result{Status: store.StatusSucceeded}))
	require.NoError(t, looks(t, s, 30))
	require.Error(t, looks(t, s, 1))
}

func TestABacklogIsNotStarved(t *testing.T) {
	t.Parallel()
	st, enqueue := realStore(t)
	enqueue("full", 300)
	enqueue("wide", 10)
	_, _, err := st.SetLimits(t.Context(), store.Limits{Slots: map[string]int{"wide": 2}})
	require.NoError(t, err)
	running, err := st.Admit(t.Context(), store.Admission{Free: 100})
	require.NoError(t, err)
	require.Len(t, running, 3)
	s := newStarved(t, st, queue.Options{MaxActive: 100})
	require.NoError(t, looks(t, s, 100), "each queue is full")

	for range 40 { // a slot gets free again and again, and is filled
		require.NoError(t, st.Finish(t.Context(), running[0].Ref(), store.Result{Status: store.StatusSucceeded}))
		require.NoError(t, looks(t, s, 2))
		running, err = st.Admit(t.Context(), store.Admission{Free: 1})
		require.NoError(t, err)
		require.NoError(t, looks(t, s, 2))
	}
	_, _, err = st.SetLimits(t.Context(), store.Limits{Unlimited: true})
	require.NoError(t, err)
	require.NoError(t, looks(t, s, 30))
	require.Error(t, looks(t, s, 1), "without limits all could run")
}

// Runs of a paused queue wait because somebody wants them to. Once it is resumed, the
// time in which they could be admitted begins.
func TestAPausedQueueIsNotStarved(t *testing.T) {
	t.Parallel()
	st, enqueue := realStore(t)
	s := newStarved(t, st, queue.Options{MaxActive: 5})
	enqueue("a", 3)
	require.NoError(t, looks(t, s, 20))
	pause := func(change func(context.Context, string) (bool, error)) {
		t.Helper()
		changed, err := change(t.Context(), "a")
		require.NoError(t, err)
		require.True(t, changed)
	}
	pause(st.PauseQueue)
	require.NoError(t, looks(t, s, 100))
	enqueue("a", 1)
	require.NoError(t, looks(t, s, 100), "nor one that comes later")
	enqueue("b", 1)
	require.NoError(t, looks(t, s, 30))
	require.Error(t, looks(t, s, 1), "another queue can starve beside it")
	_, err := st.Admit(t.Context(), store.Admission{Free: 1})
	require.NoError(t, err)
	require.NoError(t, looks(t, s, 100))
	pause(st.ResumeQueue)
	require.NoError(t, looks(t, s, 30))
	require.Error(t, looks(t, s, 1))
}

func TestAStoreThatFailsIsTold(t *testing.T) {
	t.Parallel()
	st, _ := realStore(t)
	s := newStarved(t, st, queue.Options{MaxActive: 5})
	require.NoError(t, st.Stop(t.Context()))
	require.ErrorIs(t, looks(t, s, 1), store.ErrClosed)
}
