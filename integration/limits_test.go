package integration_test

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// stamped is a DAG in the queue "wide" whose attempts write, each into a file of its
// own, when they began and when they ended.
func (h *home) stamped(name, work string) {
	h.tb.Helper()
	require.NoError(h.tb, os.MkdirAll(h.path("stamps"), 0o755))
	file := h.path("stamps", "${context.attempt.id}")
	h.dag(name, fmt.Sprintf("queue: wide\non_interrupt: retry\nsteps:\n  - run: date +%%s%%N > %[1]s; %[2]s; date +%%s%%N >> %[1]s\n", file, work))
}

// limits writes a configuration with the limit of "wide"; 0 leaves the queue out.
func (h *home) limits(name string, wide int) {
	h.tb.Helper()
	text := "worker: {max_active_runs: 50}\n"
	if wide > 0 {
		text += fmt.Sprintf("queues:\n  config:\n    - {name: wide, max_concurrency: %d}\n", wide)
	}
	h.write(name, text)
}

// copies queues n more runs like the newest one of the DAG.
func (h *home) copies(s *store.Store, dag string, n int) {
	h.tb.Helper()
	for range n {
		run := h.runs(s, dag)[0].NewRun
		run.ID = fmt.Sprintf("%s-%d", dag, len(h.runs(s, dag)))
		_, err := s.Enqueue(context.Background(), run)
		require.NoError(h.tb, err)
	}
}

// interval is an attempt that executed its step. admitted is when it got its slot,
// and end when its step was over, or else when its slot was free.
type interval struct {
	run                  string
	admitted, begin, end time.Time
}

// intervals are those of all attempts, by their own stamps.
func (h *home) intervals(s *store.Store, dag string) (list []interval) {
	h.tb.Helper()
	for _, run := range h.runs(s, dag) {
		attempts, err := s.Attempts(context.Background(), run.ID)
		require.NoError(h.tb, err)
		for _, a := range attempts {
			times := lines(h.read("stamps/" + a.ID))
			if len(times) == 0 {
				continue // it died before its step did anything
			}
			i := interval{run: run.ID, admitted: a.Started, begin: parseStamp(h.tb, times[0]), end: a.Finished}
			if len(times) > 1 {
				i.end = parseStamp(h.tb, times[1])
			}
			list = append(list, i)
		}
	}
	return list
}

func parseStamp(tb testing.TB, text string) time.Time {
	tb.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(tb, err)
	return time.Unix(0, n)
}

// era begins when no other limit than this one can be in force any more.
type era struct {
	from  time.Time
	limit int
}

// requireLimits checks, at each instant at which a step began, that no more were at
// work than the largest limit between its admission and then. It returns the most of
// each era, to show that the limits were used.
func requireLimits(t *testing.T, list []interval, eras []era) []int {
	t.Helper()
	most := make([]int, len(eras))
	for _, i := range list {
		allowed, last := 0, 0
		for n, e := range eras {
			if n+1 == len(eras) || eras[n+1].from.After(i.admitted) {
				if n == 0 || !e.from.After(i.begin) {
					allowed, last = max(allowed, e.limit), n
				}
			}
		}
		at := 0
		for _, other := range list {
			if !other.begin.After(i.begin) && other.end.After(i.begin) {
				at++
			}
		}
		require.LessOrEqual(t, at, allowed, "when %s began, admitted at %v", i.run, i.admitted)
		most[last] = max(most[last], at)
	}
	return most
}

// Schedulers with different limits work on one data directory, and die, at any
// instant. The limits of the one that started last hold in all of them, every run is
// run, and none more often than its policy says.
func TestNewestLimitsHoldInAllProcesses(t *testing.T) {
	t.Parallel()
	const runs = 40
	h := newHome(t)
	for name, wide := range map[string]int{"three.yaml": 3, "two.yaml": 2, "five.yaml": 5} {
		h.limits(name, wide)
	}
	h.stamped("span", "sleep 0.3")
	s := h.records()
	h.enqueue("span")
	h.copies(s, "span", runs-1)
	start := func(config string) *daemon {
		d := h.start(launch{args: []string{"scheduler", "--config", h.path(config)}, port: freePort(t)})
		d.waitHealthy()
		return d
	}
	ended := func() (n int) {
		for _, run := range h.runs(s, "span") {
			if run.Status.Final() {
				n++
			}
		}
		return n
	}
	eras := []era{{limit: 3}}
	three := start("three.yaml")
	eventually(t, func() bool { return ended() >= 6 }, "six runs end with a limit of 3")

	two := start("two.yaml")
	eras = append(eras, era{time.Now(), 2})
	eventually(t, func() bool { return ended() >= 12 }, "six more end with a limit of 2")
	eventually(t, func() bool { return strings.Contains(three.log.String(), "are in force, and followed") }, "it is told")
	three.kill()
	eventually(t, func() bool { return ended() >= 18 }, "the other one goes on")

	eras = append(eras, era{time.Now(), 5}) // from now on they may be in force
	five := start("five.yaml")
	eventually(t, func() bool { return ended() >= 28 }, "ten more end with a limit of 5")
	eventually(t, func() bool { return strings.Contains(two.log.String(), "are in force, and followed") }, "it is told")
	two.kill()
	eventually(t, func() bool { return ended() == runs }, "all end")

	most := requireLimits(t, h.intervals(s, "span"), eras)
	t.Logf("the most at once in each era: %v", most)
	require.Equal(t, 1, strings.Count(three.log.String(), "are in force, and followed"), "once for each generation")
	require.Contains(t, three.log.String(), `"own": "wide: 3", "in_force": "wide: 2"`)
	require.Contains(t, two.log.String(), `"was": "wide: 3", "is": "wide: 2"`)
	require.Contains(t, two.log.String(), `"own": "wide: 2", "in_force": "wide: 5"`)
	require.NotContains(t, five.log.String(), "are in force, and followed")
	counts := h.counts(s, "span")
	require.GreaterOrEqual(t, counts["succeeded"], runs-2, "a run that both kills met was interrupted twice: %v", counts)
	for _, run := range h.runs(s, "span") {
		require.LessOrEqual(t, run.Attempt, 2)
	}
	five.stop()
}

// A limit changes under running schedulers; one that is lowered ends nothing. A
// paused queue starts nothing in any of them, nor in the next life.
func TestLimitsAndPausesWithoutARestart(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.limits("config.yaml", 1)
	h.stamped("gated", "until test -e "+h.path("go")+"; do sleep 0.05; done")
	h.dag("free", "steps:\n  - run: echo\n")
	first, second := h.scheduler(), h.start(launch{port: freePort(t)})
	second.waitHealthy()
	s := h.records()
	h.enqueue("gated")
	h.copies(s, "gated", 7)
	running := func(n int) {
		t.Helper()
		eventually(t, func() bool { return h.counts(s, "gated")["running"] == n }, "%d are running: %v", n, h.counts(s, "gated"))
	}
	running(1)
	h.limits("config.yaml", 4)
	h.must("queue", "apply")
	running(4)
	h.limits("config.yaml", 2)
	h.must("queue", "apply")
	h.must("queue", "pause", "wide")
	h.write("go", "")
	running(0)
	require.Equal(t, map[string]int{"succeeded": 4, "queued": 4}, h.counts(s, "gated"), "what ran has ended, and nothing was started")

	held := func(d *daemon) {
		t.Helper()
		eventually(t, func() bool { m := d.scrape(); return m["dagu_queues_paused"] == 1 && m["dagu_runs_held"] == 4 }, "they are held")
	}
	held(first)
	held(second)
	second.kill()
	first.stop()
	d := h.scheduler()
	held(d) // which is counted after a turn of admission
	h.enqueue("free")
	eventually(t, func() bool { return h.counts(s, "free")["succeeded"] == 1 }, "another queue is not held up")
	require.Equal(t, map[string]int{"succeeded": 4, "queued": 4}, h.counts(s, "gated"))

	require.Contains(t, h.must("queue", "resume", "wide"), "is resumed")
	eventually(t, func() bool { return h.counts(s, "gated")["succeeded"] == 8 }, "all end")
	eventually(t, func() bool { m := d.scrape(); return m["dagu_queues_paused"] == 0 && m["dagu_runs_held"] == 0 }, "nothing is held")
}

// What is queued outlives its scheduler, its DAG's file and its queue's place in the
// configuration: the next life runs it with the text that it was queued with.
func TestQueuedRunsAreNotOrphaned(t *testing.T) {
	t.Parallel()
	const slots, runs = 3, 9
	h := newHome(t)
	h.limits("config.yaml", slots)
	h.stamped("gone", "until test -e "+h.path("go")+"; do sleep 0.05; done; sleep 0.1; echo x >> "+h.path("ran"))
	d := h.scheduler()
	s := h.records()
	h.enqueue("gone")
	h.copies(s, "gone", runs-1)
	eventually(t, func() bool { return h.counts(s, "gone")["running"] == slots }, "the slots are taken")
	d.kill()

	require.NoError(t, os.Remove(h.path("dags", "gone.yaml")))
	h.limits("config.yaml", 0)
	h.write("go", "")
	before := time.Now()
	h.scheduler()
	eventually(t, func() bool { return h.counts(s, "gone")["succeeded"] == runs }, "all are run: %v", h.counts(s, "gone"))
	require.Len(t, lines(h.read("ran")), runs)
	most := requireLimits(t, h.intervals(s, "gone"), []era{{limit: slots}, {before, 1}})
	require.Equal(t, 1, most[1], "a queue that nothing names has one slot")
}
