package faults_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// soonest is what an answer may take, whatever lock is held.
	soonest = 10 * time.Millisecond
	// asks is how often each endpoint is asked to measure that.
	asks = 200
)

// lock is the point within a module's lock.
type lock struct {
	module string
	// reach has the module take its lock; nil is that it does so all the time.
	reach func(s *subject, n int) error
}

func (l lock) point() string { return l.module + ".lock" }

// locks are all of them. Each can be held beside those before it.
func locks() []lock {
	// Each has a DAG of its own, as runs of one wait for each other.
	run := func(dag string) func(s *subject, n int) error {
		return func(s *subject, _ int) error { return s.enqueue(dag) }
	}
	step := func(s *subject, n int) error { return s.order("wall", fmt.Sprintf("offset %ds", 2*n)) }
	return []lock{
		{"runlog", run("one")},
		{"runner", run("two")},
		{"logging", step},
		{"catalog", nil},
		{"life", nil},
		{"scheduler", nil},
		{"queue", nil},
		{"store", nil},
	}
}

// TestAnswersWaitForNoLock holds the lock of each module, and those of all at last, and
// measures what answers take meanwhile. In a full run it is alone, before the rows. A lock
// that an answer waited for would be in its way at every try, so one quiet moment of a
// busy machine is enough.
func TestAnswersWaitForNoLock(t *testing.T) {
	if !settings.full {
		t.Parallel()
	}
	s := newSubject(t)
	for _, dag := range []string{"one", "two"} {
		s.write("dags/"+dag+".yaml", "steps:\n  - id: a\n    run: \"true\"\n")
	}
	s.start(nil, often, nil)
	w := newWatch(t, s.port)
	require.True(t, wait(patience, w.green), "the scheduler starts; log:\n%s", s.log.String())
	w.stop()
	require.NoError(t, s.loaded(3))

	measure := func(held string) {
		t.Helper()
		var f figures
		require.True(t, wait(patience, func() bool {
			f = s.measure(t)
			return f.kept.median < soonest && f.fresh.median < soonest
		}), "%s held: %+v, want medians under %s", held, f, soonest)
		t.Logf("%s held: %+v", held, f)
		results.hold(held, f)
	}
	measure("none")
	for i, l := range locks() {
		s.seize(t, l, i+1)
		measure(l.module)
		require.NoError(t, s.order(l.point(), ""))
		require.True(t, wait(patience, func() bool { return !s.hangs(l.point()) }), "%s lets go", l.module)
	}
	for i, l := range locks() {
		s.seize(t, l, len(locks())+i+1)
	}
	measure("all at once")
	for _, l := range locks() {
		require.True(t, s.hangs(l.point()), "%s is still held", l.module)
	}
	require.InDelta(t, 3, s.metric("dagu_catalog_files"), 0, "a scrape waits for no lock")
}

// seize has a module hang within its lock.
func (s *subject) seize(t *testing.T, l lock, n int) {
	t.Helper()
	require.NoError(t, s.order(l.point(), "hang"))
	if l.reach != nil {
		require.NoError(t, l.reach(s, n))
	}
	require.True(t, wait(patience, func() bool { return s.hangs(l.point()) }), "%s takes its lock", l.module)
}

// hangs tells whether somebody hangs at a point.
func (s *subject) hangs(point string) bool {
	_, err := os.Stat(s.path("control", point+".hangs"))
	return err == nil
}

// times are what answers took.
type times struct{ median, slowest time.Duration }

// figures are the times of the slowest endpoint, over a connection that is kept, and over
// one that is new each time. An answer that is red closes even the first.
type figures struct {
	kept, fresh times
	red         bool
}

// measure asks each endpoint.
func (s *subject) measure(t *testing.T) (f figures) {
	t.Helper()
	for _, endpoint := range endpoints() {
		for _, fresh := range []bool{false, true} {
			client := &http.Client{Timeout: clientTimeout, Transport: &http.Transport{DisableKeepAlives: fresh}}
			took := make([]time.Duration, asks)
			for i := range took {
				begin := time.Now()
				code := once(context.Background(), client, http.MethodGet, s.url(endpoint))
				took[i] = time.Since(begin)
				require.NotZero(t, code, "%s answers", endpoint)
				f.red = f.red || code != http.StatusOK
			}
			client.CloseIdleConnections()
			slices.Sort(took)
			slowest := &f.kept
			if fresh {
				slowest = &f.fresh
			}
			slowest.median = max(slowest.median, took[asks/2])
			slowest.slowest = max(slowest.slowest, took[asks-1])
		}
	}
	return f
}
