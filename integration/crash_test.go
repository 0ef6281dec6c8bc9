package integration_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Ten runs are active when the scheduler is killed: plain ones, pipelines, ones
// with children in the background and in sessions of their own. The next life
// ends what is left of them before it closes their runs.
func TestKillNine(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	steps := map[string]string{
		"plain":      "sleep 1000",
		"exec":       "exec sleep 1000",
		"pipeline":   "sleep 1000 | cat | cat",
		"captured":   "sleep 1000 | cat",
		"background": "sleep 1000 & sleep 1000 & wait",
		"orphan":     "(sleep 1000 &) ; sleep 1000",
		"session":    "setsid sleep 1000 & sleep 1000",
		"stubborn":   "trap '' TERM HUP INT; sleep 1000 & sleep 1000",
	}
	for name, run := range steps {
		output := ""
		if name == "captured" {
			output = "    output: TEXT\n"
		}
		h.dag(name, fmt.Sprintf("steps:\n  - run: %q\n%s", run, output))
	}
	again := []string{"again-1", "again-2"}
	for _, name := range again {
		h.dag(name, fmt.Sprintf("on_interrupt: retry\nsteps:\n  - run: |\n"+
			"      if [ -e %[1]s ]; then echo twice > %[1]s; exit 0; fi\n      echo once > %[1]s\n      sleep 1000 & sleep 1000\n", h.path(name)))
	}
	d := h.scheduler()
	s := h.records()
	for name := range steps {
		h.enqueue(name)
	}
	for _, name := range again {
		h.enqueue(name)
	}
	const sleepers = 8 + 2 + 2 + 4 // one for each run, and the second ones
	eventually(t, func() bool {
		return countSleepers(h.processes()) >= sleepers-2 && h.read(again[0])+h.read(again[1]) == "onceonce"
	},
		"all runs are active")
	before := h.processes()

	d.kill()
	var left []string
	for _, p := range h.processes() {
		left = append(left, p.command)
	}
	require.NotEmpty(t, left, "kill -9 leaves processes behind, which is what this test is about")
	t.Logf("left behind: %s", strings.Join(left, "; "))
	require.Equal(t, map[string]int{"running": 10}, h.counts(s, ""))

	h.scheduler()
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == len(again) }, "interrupted runs are repeated")
	require.Equal(t, map[string]int{"failed worker_lost": len(steps), "succeeded": len(again)}, h.counts(s, ""))
	for _, name := range again {
		require.Equal(t, "twice", h.read(name))
		require.Equal(t, 2, h.runs(s, name)[0].Attempt)
	}
	for _, p := range before {
		fields, err := stat(p.pid)
		require.True(t, err != nil || fields[0] == "Z" || fields[0] == "X", "still alive: %s", p.command) // a zombie is its parent's affair
	}
	entries, err := os.ReadDir(h.path("data", "owners"))
	require.NoError(t, err)
	require.Len(t, entries, 1, "the dead owner is forgotten")
}

func countSleepers(list []process) int {
	n := 0
	for _, p := range list {
		if strings.HasPrefix(p.command, "sleep 1000") {
			n++
		}
	}
	return n
}

// A run that was queued when the scheduler died is run by the next life, once.
func TestKillNineWhileQueued(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.write("config.yaml", "queues:\n  config:\n    - {name: narrow, max_concurrency: 1}\n")
	h.dag("long", "queue: narrow\nsteps:\n  - run: sleep 1000\n")
	h.dag("short", fmt.Sprintf("queue: narrow\nsteps:\n  - run: echo x >> %s\n", h.path("ran")))
	d := h.scheduler()
	s := h.records()
	h.enqueue("long")
	eventually(t, func() bool { return h.counts(s, "long")["running"] == 1 }, "the long run has the slot")
	for range 5 {
		h.enqueue("short")
	}
	d.kill()
	require.Equal(t, map[string]int{"queued": 5}, h.counts(s, "short"))
	h.scheduler()
	eventually(t, func() bool { return h.counts(s, "short")["succeeded"] == 5 }, "queued runs are run")
	require.Len(t, lines(h.read("ran")), 5)
}

// A run that was admitted when the scheduler died, and had not begun, ran nothing: it
// is queued again, and its one attempt is made by the next life.
func TestKillNineBeforeTheBeginning(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.dag("late", fmt.Sprintf("steps:\n  - run: echo x >> %s\n", h.path("ran")))
	h.write("control/runner.lock", "hang")
	d := h.start(h.clock(launch{}))
	d.waitHealthy()
	s := h.records()
	h.enqueue("late")
	eventually(t, func() bool { return h.counts(s, "")["running"] == 1 }, "the run is admitted")
	require.True(t, begun(h.runs(s, "")).IsZero())
	d.kill()
	require.NoError(t, os.Remove(h.path("control", "runner.lock")))
	d = h.scheduler()
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 1 }, "it is run")
	require.Contains(t, d.log.String(), `"lost": 0, "requeued": 1`)
	require.Len(t, lines(h.read("ran")), 1)
	require.Equal(t, 1, h.runs(s, "")[0].Attempt)
}

// A kill leaves a downtime: at the next start what was running then is closed before
// the process is healthy, and what was due in between has its outcome.
func TestKillNineAndADowntime(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.dag("often", "schedule: \"*/10 * * * *\"\nsteps:\n  - run: \"true\"\n")
	h.dag("long", "schedule: \"40 11 * * *\"\nsteps:\n  - run: sleep 1000 & sleep 1000\n")
	s := h.records()
	d := h.schedulerAt(noon().Add(-25 * time.Minute))
	h.scheduled(s, "long", "often")
	h.setClock(before(noon().Add(-20 * time.Minute)))
	eventually(t, func() bool { return h.counts(s, "often")["succeeded"] == 1 && countSleepers(h.processes()) == 2 }, "11:40")
	d.kill()
	h.schedulerAt(noon().Add(15 * time.Minute))
	require.Equal(t, map[string]int{"failed worker_lost": 1}, h.counts(s, "long"))
	require.Zero(t, countSleepers(h.processes()))
	eventually(t, func() bool { return len(h.decided(s, "often")) == 2 }, "the downtime is decided")
	require.Equal(t, []string{"11:40 fired", "11:50 missed no_catchup x3 to 12:10"}, h.decided(s, "often"))
	require.Equal(t, []string{"11:40 fired"}, h.decided(s, "long"))
	h.setClock(before(noon().Add(20 * time.Minute)))
	eventually(t, func() bool { return h.counts(s, "often")["succeeded"] == 2 }, "and life goes on")
}
