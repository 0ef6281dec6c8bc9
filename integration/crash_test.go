package integration_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

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
