package integration_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// pod starts a process as the first of a PID namespace, on a host of its own that
// is called as every other.
func pod() launch {
	return launch{helper: "pod", attr: &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWUTS,
	}}
}

// pair is two schedulers on one data directory, in a home where ten DAGs are due
// each hour.
type pair struct {
	*home
	s     *store.Store
	names []string
	first *daemon
	other *daemon
}

// slots is how many runs each of the two executes at once.
const slots = 3

// startPair starts two schedulers; change makes the second another one.
func startPair(t *testing.T, l launch, change func(h *home, l *launch)) *pair {
	t.Helper()
	p := &pair{home: newHome(t)}
	p.write("config.yaml", fmt.Sprintf("worker: {max_active_runs: %d}\nqueues:\n  config:\n    - {name: narrow, max_concurrency: 2}\n", slots))
	p.span("narrow", "queue: narrow\n")
	for i := range 10 {
		p.names = append(p.names, fmt.Sprintf("due-%d", i))
		p.dag(p.names[i], fmt.Sprintf("schedule: \"0 * * * *\"\nsteps:\n  - run: echo x >> %s\n", p.path("ran-"+p.names[i])))
	}
	for i := range 2 * slots {
		p.dag(fmt.Sprint("long-", i), "steps:\n  - run: sleep 1000\n")
	}
	p.s = p.records()
	p.setClock(noon().Add(-30 * time.Minute))
	l = p.clock(l)
	p.first = p.start(l)
	p.first.waitHealthy()
	p.scheduled(p.s, p.names...)
	l.port = freePort(t)
	change(p.home, &l)
	p.other = p.start(l)
	p.other.waitHealthy()
	return p
}

// requireDue checks that each DAG has the outcomes, and ran that often.
func (p *pair) requireDue(want ...string) {
	p.tb.Helper()
	for _, name := range p.names {
		eventually(p.tb, func() bool { return p.counts(p.s, name)["succeeded"] == len(want) }, "%s runs", name)
		require.Equal(p.tb, want, p.decided(p.s, name), name)
		require.Len(p.tb, p.runs(p.s, name), len(want), name)
		require.Len(p.tb, lines(p.read("ran-"+name)), len(want), name)
	}
}

// By mistake or for a rolling update, two schedulers share a data directory: each
// due time is fired by one and executed by one, limits hold over both, and when one
// dies the other closes its runs, and goes on.
func TestPairOfSchedulers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		launch launch
		change func(h *home, l *launch)
		host   string
	}{
		"one machine": {launch{}, func(*home, *launch) {}, ""},
		"namespaces":  {pod(), func(*home, *launch) {}, `"host": "pod-0", "pid": 1,`},
		"another DAG directory": {launch{}, func(h *home, l *launch) {
			require.NoError(h.tb, os.CopyFS(h.path("next"), os.DirFS(h.path("dags"))))
			l.args = []string{"scheduler", "--dags", h.path("next")}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tt.launch.helper == "pod" && !namespaces(t.Context()) {
				t.Skip("did not run: new PID and UTS namespaces need root")
			}
			p := startPair(t, tt.launch, tt.change)
			p.limits(t)
			p.setClock(before(noon()))
			p.requireDue("12:00 fired")
			p.oneDies(t, tt.host)
			p.setClock(before(noon().Add(time.Hour)))
			p.requireDue("12:00 fired", "13:00 fired")
			p.other.stop()
		})
	}
}

// limits queues runs of a queue with two slots.
func (p *pair) limits(t *testing.T) {
	t.Helper()
	const runs = 8
	for range runs {
		p.enqueue("narrow")
	}
	eventually(t, func() bool { return p.counts(p.s, "narrow")["succeeded"] == runs }, "queued runs are run")
	require.LessOrEqual(t, p.widest(runs), 2)
}

// oneDies kills the first of the two while both are full.
func (p *pair) oneDies(t *testing.T, host string) {
	t.Helper()
	for i := range 2 * slots {
		p.enqueue(fmt.Sprint("long-", i))
	}
	eventually(t, func() bool { return countSleepers(p.processes()) == 2*slots }, "both are full")
	require.Len(t, p.owners(), 2)
	p.first.kill()
	eventually(t, func() bool { return strings.Contains(p.other.log.String(), "a process died with open runs") }, "its death is found")
	eventually(t, func() bool { return p.countsOf("long-")["failed worker_lost"] == slots }, "its runs are closed")
	require.Contains(t, p.other.log.String(), host)
	require.Equal(t, map[string]int{"failed worker_lost": slots, "running": slots}, p.countsOf("long-"))
	require.Equal(t, slots, countSleepers(p.processes()), "the runs of the other go on")
	require.Len(t, p.owners(), 1)
	for i := range 2 * slots {
		if name := fmt.Sprint("long-", i); p.counts(p.s, name)["running"] > 0 {
			p.must("stop", name)
		}
	}
	eventually(t, func() bool { return p.countsOf("long-")["running"] == 0 }, "the rest is stopped")
}

// owners are the processes that own a running run.
func (p *pair) owners() []string {
	var list []string
	for _, r := range p.runs(p.s, "") {
		if r.Status == store.StatusRunning && !slices.Contains(list, r.Owner) {
			list = append(list, r.Owner)
		}
	}
	return list
}

// countsOf is counts of the DAGs whose names begin with the prefix.
func (p *pair) countsOf(prefix string) map[string]int {
	counts := map[string]int{}
	for i := range 2 * slots {
		for what, n := range p.counts(p.s, fmt.Sprint(prefix, i)) {
			counts[what] += n
		}
	}
	return counts
}

// Two schedulers with directories that have nothing in common leave each other's
// schedules alone; alone, one knows that those of the other are gone.
func TestPairOfDirectories(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.dag("here", hourly(`"0 * * * *"`))
	h.write("next/there.yaml", hourly(`"0 * * * *"`))
	s := h.records()
	first := h.schedulerAt(noon().Add(-30 * time.Minute))
	h.scheduled(s, "here")
	l := h.clock(launch{args: []string{"scheduler", "--dags", h.path("next")}, port: freePort(t)})
	second := h.start(l)
	second.waitHealthy()
	h.scheduled(s, "here", "there")
	h.setClock(before(noon()))
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 2 }, "both have run")
	require.Equal(t, []string{"12:00 fired"}, h.decided(s, "here"))
	require.Equal(t, []string{"12:00 fired"}, h.decided(s, "there"))

	first.kill()
	second.stop()
	h.start(l).waitHealthy()
	h.scheduled(s, "there")
}

// A stopped process is not dead: while it holds its lock nobody closes its runs. Once
// it is, whether it ever went on or not, somebody does.
func TestStoppedOwner(t *testing.T) {
	t.Parallel()
	for _, goesOn := range []bool{true, false} {
		t.Run(fmt.Sprintf("goes on %v", goesOn), func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.dag("long", fmt.Sprintf("steps:\n  - run: while [ ! -e %s ]; do sleep 0.05; done\n", h.path("go")))
			first := h.scheduler()
			s := h.records()
			h.enqueue("long")
			eventually(t, func() bool { return !begun(h.runs(s, "long")).IsZero() }, "the run has begun")
			first.freeze(s)
			for range 2 { // each start looks for the dead before it is healthy
				other := h.start(launch{port: freePort(t)})
				other.waitHealthy()
				require.Equal(t, map[string]int{"running": 1}, h.counts(s, "long"))
				other.stop()
			}
			other := h.start(launch{port: freePort(t)})
			other.waitHealthy()
			if goesOn {
				first.signal(syscall.SIGCONT)
				h.write("go", "")
				eventually(t, func() bool { return h.counts(s, "long")["succeeded"] == 1 }, "it ends by itself")
				first.stop()
				return
			}
			first.kill()
			eventually(t, func() bool { return h.counts(s, "long")["failed worker_lost"] == 1 }, "it is closed")
			other.stop()
			require.Empty(t, h.processes())
		})
	}
}

// freeze stops the process at a moment at which it holds no lock on the database:
// with that it would stop everybody else as well.
func (d *daemon) freeze(s *store.Store) {
	d.tb.Helper()
	eventually(d.tb, func() bool {
		d.signal(syscall.SIGSTOP)
		eventually(d.tb, func() bool {
			fields, err := stat(d.pid())
			return err == nil && fields[0] == "T"
		}, "the process stops")
		ctx, cancel := context.WithTimeout(context.Background(), patience/20)
		defer cancel()
		if s.Check(ctx) == nil {
			return true
		}
		d.signal(syscall.SIGCONT)
		return false
	}, "stopped without a lock")
}

// begun is when the first of the runs began.
func begun(runs []store.Run) time.Time {
	if len(runs) == 0 {
		return time.Time{}
	}
	return runs[len(runs)-1].Begun
}

// A rolling update: the old scheduler drains while the new one runs. What the old one
// executes comes to its end there, and what is queued meanwhile is executed by the new one.
func TestRollingUpdate(t *testing.T) {
	t.Parallel()
	h := newHome(t, "DAGU_SCHEDULER_DRAIN_TIMEOUT=100s", "DAGU_SCHEDULER_STOP_TIMEOUT=2m")
	h.dag("long", fmt.Sprintf("steps:\n  - run: while [ ! -e %s ]; do sleep 0.05; done\n", h.path("go")))
	h.dag("short", "steps:\n  - run: \"true\"\n")
	old := h.scheduler()
	s := h.records()
	h.enqueue("long")
	eventually(t, func() bool { return !begun(h.runs(s, "long")).IsZero() }, "the run has begun")
	owner := h.runs(s, "long")[0].Owner
	next := h.start(launch{port: freePort(t)})
	next.waitHealthy()
	old.signal(syscall.SIGTERM)
	eventually(t, func() bool { return old.answer() == shuttingDown }, "draining")
	for range 3 {
		h.enqueue("short")
	}
	eventually(t, func() bool { return h.counts(s, "short")["succeeded"] == 3 }, "the new one executes")
	for _, r := range h.runs(s, "short") {
		require.NotEqual(t, owner, r.Owner)
	}
	require.Equal(t, map[string]int{"running": 1}, h.counts(s, "long"))
	h.write("go", "")
	require.Zero(t, old.wait())
	require.Equal(t, map[string]int{"succeeded": 1}, h.counts(s, "long"))
	require.Equal(t, []string{"long"}, old.receipt().names("finished"))
	next.stop()
}
