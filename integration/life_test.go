package integration_test

import (
	"fmt"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// grace is how long before the end of the process a probe may be refused, on a machine
// that has nothing else to do. A process with the race detector needs longer to end:
// it has its shadow memory to give back.
func grace() time.Duration {
	if raceEnabled {
		return time.Second
	}
	return 100 * time.Millisecond
}

// seen is an answer and when it came first and last.
type seen struct {
	answer      string
	first, last time.Time
	// gap is the longest time between two looks until then: how far behind a busy
	// machine is with its work, ours and the daemon's alike.
	gap time.Duration
}

// watch probes the daemon every few milliseconds until stop is called, which
// returns the answers in order, repeats left out. It probes once more after the
// call, so that what the caller has seen is among them if it lasts.
func (d *daemon) watch() (stop func() []seen) {
	var list []seen
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(2 * time.Millisecond)
		defer tick.Stop()
		var gap time.Duration
		before := time.Now()
		for last := false; ; {
			begun := time.Now()
			gap, before = max(gap, begun.Sub(before)), begun
			answer := d.answer()
			if n := len(list); n == 0 || list[n-1].answer != answer {
				list = append(list, seen{answer: answer, first: begun})
			}
			list[len(list)-1].last, list[len(list)-1].gap = time.Now(), gap
			if last {
				return
			}
			select {
			case <-end:
				last = true
			case <-tick.C:
			}
		}
	})
	return func() []seen {
		close(end)
		wg.Wait()
		return list
	}
}

func answers(list []seen) []string {
	var texts []string
	for _, s := range list {
		texts = append(texts, s.answer)
	}
	return texts
}

// requireLife checks the answers of a whole life: nothing but these, in this
// order, and the last one only when the process was over.
func requireLife(t *testing.T, list []seen, end time.Time, want ...string) {
	t.Helper()
	got := answers(list)
	if got[0] == refused && want[0] != refused {
		list, got = list[1:], got[1:]
	}
	if !slices.Contains(got, starting) { // a start may fit between two looks
		want = slices.DeleteFunc(slices.Clone(want), func(answer string) bool { return answer == starting })
	}
	require.Equal(t, want, got)
	last := list[len(list)-1]
	require.Equal(t, refused, last.answer)
	require.LessOrEqual(t, end.Sub(last.first), grace()+3*last.gap, "refused so long before the process ended")
}

func TestHealthThroughALife(t *testing.T) {
	t.Parallel()
	h := newHome(t, "DAGU_SCHEDULER_DRAIN_TIMEOUT=1s")
	h.farOff(1500) // so that the start takes long enough to be seen
	h.dag("long", "steps:\n  - run: sleep 1000\n")
	d := h.start(launch{})
	stop := d.watch()
	d.waitHealthy()
	s := h.records()
	h.enqueue("long")
	eventually(t, func() bool { return countSleepers(h.processes()) == 1 }, "the long run is active")
	d.signal(syscall.SIGTERM)
	require.Zero(t, d.wait())
	end := time.Now()
	eventually(t, func() bool { return d.answer() == refused }, "refused at last")
	requireLife(t, stop(), end, starting, healthy, shuttingDown, refused)
	require.Equal(t, map[string]int{"aborted shutdown": 1}, h.counts(s, ""))
	require.NoFileExists(t, h.path("data", "scheduler.addr"))
}

// A drain lets a short run finish and cuts a long one, whose handlers run; one
// that asks for it is queued again; what was queued stays so; a wait for the next
// try ends. The log has the receipt.
func TestDrain(t *testing.T) {
	t.Parallel()
	h := newHome(t, "DAGU_SCHEDULER_DRAIN_TIMEOUT=3s")
	h.write("config.yaml", "queues:\n  config:\n    - {name: narrow, max_concurrency: 1}\n")
	h.dag("short", fmt.Sprintf("steps:\n  - run: while [ ! -e %s ]; do sleep 0.05; done\n  - run: echo\n", h.path("go")))
	h.dag("long", fmt.Sprintf("queue: narrow\nsteps:\n  - run: sleep 1000\nhandler_on:\n  abort:\n    run: echo abort >> %[1]s\n  exit:\n    run: echo exit >> %[1]s\n", h.path("handlers")))
	h.dag("later", fmt.Sprintf("queue: narrow\nsteps:\n  - run: echo x >> %s\n", h.path("later")))
	h.dag("again", fmt.Sprintf("on_interrupt: retry\nsteps:\n  - run: |\n      [ -e %[1]s ] && exit 0\n      touch %[1]s; sleep 1000\n", h.path("again")))
	d := h.scheduler()
	s := h.records()
	h.dag("waits", "steps:\n  - run: exit 1\n    retry_policy: {limit: 5, interval_sec: 3600}\n")
	for _, name := range []string{"short", "long", "again", "waits"} {
		h.enqueue(name)
	}
	eventually(t, func() bool { return h.counts(s, "")["running"] == 4 && countSleepers(h.processes()) == 2 }, "four runs are active")
	eventually(t, func() bool {
		steps, err := s.Steps(t.Context(), h.runs(s, "waits")[0].ID, 0)
		require.NoError(t, err)
		return len(steps) == 1 && steps[0].Status == store.StepRetrying
	}, "one waits for its next try")
	for range 3 {
		h.enqueue("later")
	}
	d.signal(syscall.SIGTERM)
	eventually(t, func() bool { return d.answer() == shuttingDown }, "draining")
	h.write("go", "")
	require.Zero(t, d.wait())
	require.Equal(t, map[string]int{"succeeded": 1}, h.counts(s, "short"))
	require.Equal(t, map[string]int{"aborted shutdown": 1}, h.counts(s, "long"))
	require.Equal(t, map[string]int{"aborted shutdown": 1}, h.counts(s, "waits"))
	require.Equal(t, []string{"abort", "exit"}, lines(h.read("handlers")))
	require.Equal(t, 1, h.counts(s, "again")["queued"]+h.counts(s, "again")["queued shutdown"])
	require.Equal(t, map[string]int{"queued": 3}, h.counts(s, "later"))
	require.Empty(t, h.processes())
	receipt := d.receipt()
	require.Equal(t, []string{"short"}, receipt.names("finished"))
	require.Equal(t, []string{"again", "long", "waits"}, receipt.names("cut"))
	require.Equal(t, []string{"again", "later", "later", "later"}, receipt.names("queued"))

	h.scheduler()
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 1+3+1 }, "queued runs are run by the next life")
	require.Len(t, lines(h.read("later")), 3)
	require.Equal(t, 2, h.runs(s, "again")[0].Attempt)
}

// SIGTERM before the start is over undoes it.
func TestSignalDuringStart(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.farOff(3000)
	d := h.start(launch{})
	stop := d.watch()
	eventually(t, func() bool { return d.answer() == starting }, "starting")
	d.signal(syscall.SIGTERM)
	require.Zero(t, d.wait())
	end := time.Now()
	eventually(t, func() bool { return d.answer() == refused }, "refused at last")
	requireLife(t, stop(), end, starting, shuttingDown, refused)
	h.scheduler().stop()
}

// Signals that come together are one, as those of timeout(1): what runs ends by itself.
func TestEchoOfASignal(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.dag("short", "working_dir: "+h.dir+"\nsteps:\n  - run: while [ ! -e go ]; do sleep 0.01; done\n")
	d := h.scheduler()
	s := h.records()
	h.enqueue("short")
	eventually(t, func() bool { return h.counts(s, "short")["running"] == 1 }, "a run is active")
	for _, sig := range []syscall.Signal{syscall.SIGSTOP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGCONT} {
		d.signal(sig)
	}
	eventually(t, func() bool { return d.answer() == shuttingDown }, "draining")
	h.write("go", "")
	require.Zero(t, d.wait())
	require.Equal(t, map[string]int{"succeeded": 1}, h.counts(s, "short"))
}

// The second signal kills what runs and records it.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	for _, more := range []int{1, 2} {
		t.Run(fmt.Sprint(1+more), func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			for i := range 3 {
				h.dag(fmt.Sprint("stubborn-", i), "steps:\n  - run: trap '' TERM INT; sleep 1000 & sleep 1000; sleep 1000\n")
			}
			d := h.scheduler()
			s := h.records()
			for i := range 3 {
				h.enqueue(fmt.Sprint("stubborn-", i))
			}
			eventually(t, func() bool { return countSleepers(h.processes()) == 6 }, "the runs are active")
			before := h.processes()
			d.signal(syscall.SIGINT)
			eventually(t, func() bool { return d.answer() == shuttingDown }, "draining")
			d.insist(syscall.SIGINT)
			if more > 1 {
				_ = d.cmd.Process.Signal(syscall.SIGTERM) // it may be too late
			}
			begin := time.Now()
			require.Equal(t, 130, d.wait())
			require.Less(t, time.Since(begin), 10*time.Second, "at most 2 s, on a machine with nothing else to do")
			if more > 1 {
				return // nothing is promised but the end
			}
			require.Equal(t, 3, func() int { c := h.counts(s, ""); return c["aborted shutdown"] + c["failed shutdown"] }(), "%v", h.counts(s, ""))
			groups := slices.DeleteFunc(h.processes(), func(p process) bool {
				return !slices.ContainsFunc(before, func(b process) bool { return b.pid == p.pid })
			})
			require.Empty(t, groups)
		})
	}
}
