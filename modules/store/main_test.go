package store_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"dagu/modules/store"
)

const textHash = "hash-of-the-text"

// clock is a wall clock that tests step.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2031, 5, 1, 12, 0, 0, 123456789, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Step(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// open starts a store in dir and stops it at the end of the test.
func open(tb testing.TB, options store.Options) *store.Store {
	tb.Helper()
	if options.Dir == "" {
		options.Dir = tb.TempDir()
	}
	s, err := store.New(options, zap.NewNop())
	require.NoError(tb, err)
	require.NoError(tb, s.Start(tb.Context()))
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		require.NoError(tb, s.Stop(ctx))
	})
	return s
}

// openOwner is open for a scheduler process, with the text that newRun uses.
func openOwner(tb testing.TB, options store.Options) *store.Store {
	tb.Helper()
	s := open(tb, options)
	_, err := s.Own(tb.Context(), store.RoleScheduler)
	require.NoError(tb, err)
	putText(tb, s)
	return s
}

func putText(tb testing.TB, s *store.Store) {
	tb.Helper()
	require.NoError(tb, s.PutTexts(tb.Context(), []store.Text{{Hash: textHash, DAG: "d", File: "/dags/d.yaml", Body: []byte("steps: []")}}))
}

func newRun(dag, id string) store.NewRun {
	return store.NewRun{ID: id, DAG: dag, TextHash: textHash, Trigger: store.TriggerManual, Queue: dag}
}

// enqueue queues runs DAG-0, DAG-1 and so on.
func enqueue(tb testing.TB, s *store.Store, dag string, n int) {
	tb.Helper()
	for i := range n {
		_, err := s.Enqueue(tb.Context(), newRun(dag, fmt.Sprintf("%s-%d", dag, i)))
		require.NoError(tb, err)
	}
}

func admit(tb testing.TB, s *store.Store, a store.Admission) []store.Run {
	tb.Helper()
	runs, err := s.Admit(tb.Context(), a)
	require.NoError(tb, err)
	return runs
}

// limit puts limits of queues in force.
func limit(tb testing.TB, s *store.Store, slots map[string]int) {
	tb.Helper()
	_, _, err := s.SetLimits(tb.Context(), store.Limits{Slots: slots})
	require.NoError(tb, err)
}

// unlimit lifts the limits of all queues.
func unlimit(tb testing.TB, s *store.Store) {
	tb.Helper()
	_, _, err := s.SetLimits(tb.Context(), store.Limits{Unlimited: true})
	require.NoError(tb, err)
}

func idsOf(runs []store.Run) []string {
	ids := make([]string, len(runs))
	for i, r := range runs {
		ids[i] = r.ID
	}
	return ids
}

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(runChild(role))
	}
	// The model test makes the same choices each time; other ones with -rapid.seed=n,
	// more with -rapid.checks=n.
	for name, value := range map[string]string{"rapid.seed": "1", "rapid.steps": "50", "rapid.checks": "20"} {
		if err := flag.Set(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	goleak.VerifyTestMain(m)
}
