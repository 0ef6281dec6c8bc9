package integration_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// nextMinute is the next full minute that leaves time for what a test prepares.
func nextMinute() time.Time { return time.Now().Add(80 * time.Second).Truncate(time.Minute).UTC() }

// await waits for the minute.
func await(due time.Time) { <-time.After(time.Until(due)) }

// at is the schedule of one minute of the day.
func at(due time.Time) string { return fmt.Sprintf("%d %d * * *", due.Minute(), due.Hour()) }

// timed is a DAG that writes when it ran.
func (h *home) timed(name, schedule string) {
	h.tb.Helper()
	h.dag(name, fmt.Sprintf("schedule: %q\nsteps:\n  - run: date +%%s%%N >> %s\n", schedule, h.path("ran-"+name)))
}

// requireRan checks that the DAG ran once, for the due time and not before it.
func (h *home) requireRan(s *store.Store, name string, due time.Time) {
	h.tb.Helper()
	runs := h.runs(s, name)
	require.Len(h.tb, runs, 1, name)
	require.Equal(h.tb, due, runs[0].Due.UTC(), name)
	require.Equal(h.tb, store.StatusSucceeded, runs[0].Status, name)
	times := lines(h.read("ran-" + name))
	require.Len(h.tb, times, 1, name)
	ns, err := strconv.ParseInt(times[0], 10, 64)
	require.NoError(h.tb, err)
	late := time.Unix(0, ns).Sub(due)
	require.GreaterOrEqual(h.tb, late, time.Duration(0), name)
	require.Less(h.tb, late, 30*time.Second, name)
}

// badFiles writes ten files that are no DAGs, each in its own way.
func (h *home) badFiles() int {
	h.tb.Helper()
	texts := map[string]string{
		"unclosed": "steps: [", "empty": "", "list": "- a\n", "key": "stepz:\n  - run: echo\n",
		"cron": "schedule: \"61 * * * *\"\nsteps:\n  - run: echo\n", "depends": "steps:\n  - run: echo\n    depends: nobody\n",
		"large": "# " + strings.Repeat("x", 300<<10), "binary": "\x00\x01\x02\xff",
	}
	for name, text := range texts {
		h.dag("bad-"+name, text)
	}
	require.NoError(h.tb, syscall.Mkfifo(h.path("dags", "bad-pipe.yaml"), 0o600))
	require.NoError(h.tb, os.Symlink("bad-loop.yaml", h.path("dags", "bad-loop.yaml")))
	return len(texts) + 2
}

// TestMinute waits for one real minute, at which many things are due, or not.
func TestMinute(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	due := nextMinute()
	never := at(due.Add(-time.Hour))
	bad := h.badFiles()
	require.Equal(t, 10, bad)
	ran := []string{"zone", "broken", "broken-twice", "edited", "added", "resumed"}
	for i := range 10 {
		ran = append(ran, fmt.Sprint("plain-", i))
		h.timed(ran[len(ran)-1], at(due))
	}
	tokyo := time.FixedZone("JST", 9*60*60) // no daylight saving there
	h.timed("zone", "CRON_TZ=Asia/Tokyo "+at(due.In(tokyo)))
	h.timed("edited", never)
	for _, name := range []string{"broken", "broken-twice", "removed", "suspended", "resumed"} {
		h.timed(name, at(due))
	}
	h.dag("busy", fmt.Sprintf("schedule: %q\nsteps:\n  - run: sleep 1000\n", at(due)))

	d := h.scheduler()
	h.dag("broken-twice", "schedule: nonsense\n")
	eventually(t, func() bool { return strings.Contains(d.log.String(), "broken-twice.yaml") }, "the broken edit is told")
	d.stop() // it is still broken when the next life begins
	d = h.scheduler()
	s := h.records()
	h.dag("broken", "schedule: [\n")
	h.timed("edited", at(due))
	h.timed("added", at(due))
	require.NoError(t, os.Remove(h.path("dags", "removed.yaml")))
	for _, name := range []string{"suspended", "resumed"} {
		h.must("suspend", name)
	}
	h.must("resume", "resumed")
	h.enqueue("busy")
	eventually(t, func() bool { return h.counts(s, "busy")["running"] == 1 }, "the run is active")
	eventually(t, func() bool { return strings.Contains(d.log.String(), "/broken.yaml") }, "the broken edit is told")
	require.True(t, time.Now().Before(due), "the machine is too slow for this test")
	require.Len(t, h.runs(s, ""), 1)
	require.NotContains(t, d.log.String(), "bad-pipe.yaml: permission", "the FIFO is told as what it is")

	await(due)
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == len(ran) }, "%v", ran)
	for _, name := range ran {
		h.requireRan(s, name, due)
	}
	require.Equal(t, healthy, d.answer())
	require.Len(t, h.runs(s, ""), len(ran)+1)
	for name, reason := range map[string]store.Reason{"busy": store.ReasonOverlap, "suspended": store.ReasonSuspended} {
		outcome := h.outcomes(s, name, due)
		require.Len(t, outcome, 1, name)
		require.Equal(t, store.OutcomeSkipped, outcome[0].Outcome, name)
		require.Equal(t, reason, outcome[0].Reason, name)
	}
	h.must("stop", "busy")
	require.Equal(t, map[string]int{"aborted stopped": 1}, h.counts(s, "busy"))
	d.stop()
}

// outcomes are what is recorded of a DAG's due time.
func (h *home) outcomes(s *store.Store, dag string, due time.Time) []store.Occurrence {
	h.tb.Helper()
	list, err := s.Occurrences(h.tb.Context(), dag, due.Add(-time.Second), due.Add(time.Second), 10)
	require.NoError(h.tb, err)
	return list
}

// Two schedulers share a home: each due time is run once, and limits hold over both.
func TestTwoSchedulers(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.write("config.yaml", "queues:\n  config:\n    - {name: narrow, max_concurrency: 2}\n")
	h.span("narrow", "queue: narrow\n")
	due := nextMinute()
	var names []string
	for i := range 30 {
		names = append(names, fmt.Sprintf("due-%02d", i))
		h.timed(names[i], at(due))
	}
	first := h.scheduler()
	second := h.start(launch{port: freePort(t)})
	second.waitHealthy()
	s := h.records()
	for range 12 {
		h.enqueue("narrow")
	}
	eventually(t, func() bool { return h.counts(s, "narrow")["succeeded"] == 12 }, "queued runs are run")
	require.LessOrEqual(t, h.widest(12), 2)

	await(due)
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 12+len(names) }, "due runs are run")
	for _, name := range names {
		h.requireRan(s, name, due)
		require.Len(t, h.outcomes(s, name, due), 1)
	}
	owners := map[string]int{}
	for _, r := range h.runs(s, "") {
		owners[r.Owner]++
	}
	t.Logf("runs by process: %v", owners)
	first.stop()
	second.stop()
}
