package integration_test

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// Thousands of runs in a row leave nothing behind in the process that executed them:
// no memory, descriptor, goroutine, thread or zombie. When their retention is over
// nothing is left of them on disk either, and as many again need no larger database.
func TestRunsLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.write("config.yaml", "queues:\n  config:\n    - {name: soak, max_concurrency: 8}\n")
	h.dag("soak", "queue: soak\nhist_retention_days: 1\nsteps:\n  - run: \"true\"\n")
	d := h.scheduler()
	s := h.records()
	h.enqueue("soak")
	warm := soakRuns / 5
	h.repeat(s, warm)
	d.settle(s)
	before, small := d.holds(), memory(t, d.pid(), "RssAnon")

	begin := time.Now()
	h.repeat(s, soakRuns-warm)
	d.settle(s)
	took := time.Since(begin)
	after, large := d.holds(), memory(t, d.pid(), "RssAnon")
	t.Logf("%d runs in %v, %.0f a second: before %+v and %.1f MiB, after %+v and %.1f MiB, at most %.1f MiB", soakRuns-warm, took.Round(time.Millisecond),
		float64(soakRuns-warm)/took.Seconds(), before, mib(small), after, mib(large), mib(memory(t, d.pid(), "VmHWM")))
	const some = 20 // checks and the store have a few more or less at any time
	require.LessOrEqual(t, after.descriptors, before.descriptors+some)
	require.LessOrEqual(t, after.goroutines, before.goroutines+some)
	require.LessOrEqual(t, after.threads, before.threads+some)
	require.LessOrEqual(t, mib(large), mib(small)+32)
	// A check starts a process of its own now and then: a zombie stays.
	eventually(t, func() bool { return len(children(d.pid())) == 0 }, "no zombie is left")
	require.Equal(t, float64(soakRuns+1), d.metric(`dagu_runs_finished_total{status="succeeded"}`))
	d.stop()
	if !soakRetention {
		return
	}
	full, first := h.expire()
	d = h.scheduler()
	h.enqueue("soak")
	h.repeat(s, soakRuns)
	d.settle(s)
	d.stop()
	again, second := h.expire()
	t.Logf("database: %.1f MiB with all runs, %.1f MiB when they were forgotten; after as many again: %.1f and %.1f MiB",
		mib(full), mib(first), mib(again), mib(second))
	require.Less(t, mib(second), mib(first)+1)
	require.Less(t, mib(again), mib(full)*1.2)
}

// repeat queues the newest run n times more.
func (h *home) repeat(s *store.Store, n int) {
	h.tb.Helper()
	runs, err := s.Runs(context.Background(), store.Filter{Limit: 1})
	require.NoError(h.tb, err)
	require.NotEmpty(h.tb, runs)
	batch := uuid.NewString()
	const writers = 50 // share commits
	failed := make([]error, writers)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := w; i < n && failed[w] == nil; i += writers {
				next := runs[0].NewRun
				next.ID = fmt.Sprintf("%s-%d", batch, i)
				_, failed[w] = s.Enqueue(context.Background(), next)
			}
		})
	}
	all.Wait()
	for _, err := range failed {
		require.NoError(h.tb, err)
	}
}

// settle waits until no run is open. Patience is for the next one, not for all.
func (d *daemon) settle(s *store.Store) {
	d.tb.Helper()
	open := func() int {
		running, queued, err := s.Counts(context.Background())
		require.NoError(d.tb, err)
		return running + queued
	}
	for left := open(); left > 0; {
		now := left
		eventually(d.tb, func() bool { now = open(); return now < left }, "one of %d runs ends", left)
		left = now
		<-time.After(50 * time.Millisecond) // what counts costs too
	}
}

// expire has the retention of all runs end, and the janitor of another life find it. It
// returns the size of the database before and after.
func (h *home) expire() (before, after int64) {
	h.tb.Helper()
	before = h.databaseSize()
	db, err := sql.Open("sqlite", "file:"+h.path("data", "dagu.db")+"?_pragma=busy_timeout(10000)")
	require.NoError(h.tb, err)
	defer func() { require.NoError(h.tb, db.Close()) }()
	_, err = db.ExecContext(context.Background(), "update runs set expires = 1 where expires <> 0")
	require.NoError(h.tb, err)
	count := func() (n int) {
		require.NoError(h.tb, db.QueryRowContext(context.Background(), "select count(*) from runs").Scan(&n))
		return n
	}
	d := h.scheduler()
	for left := count(); left > 0; {
		now := left
		for range 5 { // the first look is a minute after the start
			<-time.After(30 * time.Second)
			if now = count(); now < left {
				break
			}
		}
		require.Less(h.tb, now, left, "the janitor forgets runs")
		left = now
	}
	eventually(h.tb, func() bool { return h.databaseSize() < before/2 }, "pages are given back")
	d.stop()
	for _, dir := range []string{"logs", "data/work"} {
		left, err := filepath.Glob(h.path(dir, "*", "*"))
		require.NoError(h.tb, err)
		require.Empty(h.tb, left)
	}
	return before, h.databaseSize()
}

func (h *home) databaseSize() int64 {
	var sum int64
	for _, name := range []string{"dagu.db", "dagu.db-wal"} {
		if info, err := os.Stat(h.path("data", name)); err == nil {
			sum += info.Size()
		}
	}
	return sum
}
