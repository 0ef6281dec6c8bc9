package integration_test

import (
	"context"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// failing is a DAG whose step fails until its n-th attempt, with handlers that leave a trace.
func (h *home) failing(name string, n int, policy string) {
	h.tb.Helper()
	h.dag(name, fmt.Sprintf(`retry_policy: %[3]s
steps:
  - {name: once, run: echo x >> %[1]s.once}
  - name: again
    depends: once
    run: |
      echo x >> %[1]s.tries
      test "$(wc -l < %[1]s.tries)" -ge %[2]d
handler_on:
  failure: {run: echo x >> %[1]s.failure}
  exit: {run: echo x >> %[1]s.exit}
`, h.path(name), n, policy))
}

// traces are how often the steps and handlers of a failing DAG ran.
func (h *home) traces(name string) [4]int {
	h.tb.Helper()
	var n [4]int
	for i, what := range []string{".once", ".tries", ".failure", ".exit"} {
		n[i] = len(lines(h.read(name + what)))
	}
	return n
}

// only is the one run of a DAG.
func (h *home) only(s *store.Store, dag string) store.Run {
	h.tb.Helper()
	runs := h.runs(s, dag)
	require.Len(h.tb, runs, 1)
	return runs[0]
}

// A run that waits for its next attempt outlives a kill and a drain, and holds no slot.
func TestWaitingRetryOutlivesTheScheduler(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.write("config.yaml", "queues:\n  config:\n    - {name: narrow, max_concurrency: 1}\n")
	h.failing("flaky", 2, "{limit: 5, interval_sec: 3600}\nqueue: narrow")
	h.dag("other", "queue: narrow\nsteps: [{run: 'true'}]\n")
	d := h.scheduler()
	s := h.records()
	h.enqueue("flaky")
	eventually(t, func() bool { return h.only(s, "flaky").Waiting() }, "the first attempt fails")
	waits := h.only(s, "flaky")
	d.kill()

	require.Equal(t, 1, waits.Attempt)
	status := h.run("status", "flaky")
	require.Contains(t, status.stdout, "attempt 2, not before ")
	require.Contains(t, status.stdout, "step again: exit status 1")
	require.Contains(t, h.must("status", "flaky", "--format", "json"), `"next_try_at": "`+waits.NotBefore.Format("2006-01-02T15:04:05"))
	require.Contains(t, h.must("history", "flaky"), "queued, attempt 2 from ")

	for n, end := range []func(){func() { d.stop() }, func() { d.kill() }} {
		d = h.scheduler()
		h.enqueue("other")
		eventually(t, func() bool { return h.counts(s, "other")["succeeded"] == n+1 }, "the slot is free for others")
		end()
		require.Equal(t, waits, h.only(s, "flaky"))
	}
	require.Equal(t, [4]int{1, 1, 0, 1}, h.traces("flaky"))
}

// Attempts go on in other schedulers, none of them early, and steps that succeeded do not run again.
func TestRetriesGoOnInOtherSchedulers(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.failing("flaky", 3, "{limit: 5, interval_sec: 1}")
	s := h.records()
	h.enqueue("flaky")
	for n := 1; n <= 3; n++ {
		d := h.scheduler()
		eventually(t, func() bool {
			run := h.only(s, "flaky")
			return run.Attempt >= n && (run.Waiting() || run.Status.Final())
		}, "attempt %d ends", n)
		d.stop()
	}
	run := h.only(s, "flaky")
	require.Equal(t, store.StatusSucceeded, run.Status)
	require.Equal(t, [4]int{1, 3, 0, 3}, h.traces("flaky"))
	attempts, err := s.Attempts(context.Background(), run.ID)
	require.NoError(t, err)
	require.Len(t, attempts, 3)
	for i := range attempts[1:] {
		require.False(t, attempts[i+1].Started.Before(attempts[i].Finished.Add(time.Second)), "attempt %d was early", i+2)
	}
	require.Contains(t, h.must("history", "flaky"), "succeeded, attempt 3 ")
}

func TestFailureIsToldAfterTheLastAttempt(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.failing("hopeless", 9, "{limit: 2, interval_sec: 0}")
	h.scheduler()
	s := h.records()
	h.enqueue("hopeless")
	eventually(t, func() bool { return h.counts(s, "")["failed"] == 1 }, "no attempt is left")
	require.Equal(t, [4]int{1, 3, 1, 3}, h.traces("hopeless"))
}

// Whoever stops a run that waits need not wait for it.
func TestWaitingRetryIsStopped(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.failing("slow", 9, "{limit: 2, interval_sec: 3600}")
	h.scheduler()
	s := h.records()
	h.enqueue("slow")
	eventually(t, func() bool { return h.only(s, "slow").Waiting() }, "it waits")
	require.Contains(t, h.must("stop", "slow"), ": aborted\n")
	require.Equal(t, map[string]int{"aborted stopped": 1}, h.counts(s, ""))
	require.Zero(t, h.traces("slow")[2], "nobody executes it")
}

// A suspended DAG is not retried; by hand it can be.
func TestSuspendedDAGIsNotRetried(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.failing("shaky", 3, "{limit: 9, interval_sec: 1}")
	h.dag("other", "steps: [{run: sleep 2}]\n")
	s := h.records()
	h.must("suspend", "shaky")
	h.scheduler()
	h.enqueue("shaky")
	eventually(t, func() bool { return h.only(s, "shaky").Waiting() }, "the first attempt fails")
	h.enqueue("other")
	eventually(t, func() bool { return h.counts(s, "other")["succeeded"] == 1 }, "the time of the retry passes")
	require.Equal(t, 1, h.only(s, "shaky").Attempt)
	r := h.run("retry", "shaky", "--run-id", h.only(s, "shaky").ID)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "attempt 3 is queued, not before ")
	h.must("resume", "shaky")
	eventually(t, func() bool { return h.counts(s, "shaky")["succeeded"] == 1 }, "the retries go on")
	require.Equal(t, [4]int{1, 3, 0, 3}, h.traces("shaky"))
}

// In the foreground there are retries where there is a scheduler to make them.
func TestForegroundRunIsRetriedByTheScheduler(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.failing("lone", 9, "{limit: 1, interval_sec: 1}")
	h.failing("helped", 2, "{limit: 1, interval_sec: 1}")
	r := h.run("start", "lone")
	require.Equal(t, 1, r.code)
	require.NotContains(t, r.stderr, "is queued")
	require.Equal(t, [4]int{1, 1, 1, 1}, h.traces("lone"))
	h.scheduler()
	r = h.run("start", "helped")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "attempt 2 is queued, not before ")
	s := h.records()
	eventually(t, func() bool { return h.counts(s, "helped")["succeeded"] == 1 }, "the scheduler retries it")
	require.Equal(t, [4]int{1, 2, 0, 2}, h.traces("helped"))
}

// pids are those of the processes that a deadly DAG has noted.
func (h *home) pids(name string) []string { return lines(h.read(name)) }

// deadly is a DAG that lasts for ever, with a child that left its session and notes
// itself; it tells when one of an earlier attempt still lives. (A zombie is its parent's affair.)
func (h *home) deadly(name string) {
	h.tb.Helper()
	h.dag(name, fmt.Sprintf(`on_interrupt: retry
max_clean_up_time_sec: 1
steps:
  - run: |
      for pid in $(cat %[1]s); do
        if grep -qs '^State:[[:space:]]*[^ZX[:space:]]' /proc/$pid/status; then echo alive >> %[1]s.alive; fi
      done
      setsid sh -c 'trap "" TERM HUP INT; echo $$ >> %[1]s; sleep 1000 & wait' &
      sleep 1000
`, h.path(name)))
}

// A run that is interrupted for the second time is not tried again, and no attempt
// meets what is left of another, whichever way the scheduler ends.
func TestInterruptedTwice(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*daemon){
		"killed":  func(d *daemon) { d.kill() },
		"drained": func(d *daemon) { d.stop() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.write("config.yaml", "scheduler: {drain_timeout: 100ms, stop_timeout: 10s}\n")
			h.deadly("deadly")
			d := h.scheduler()
			s := h.records()
			h.enqueue("deadly")
			for n := range 2 {
				eventually(t, func() bool { return len(h.pids("deadly")) == n+1 }, "attempt %d runs", n+1)
				end(d)
				d = h.scheduler()
			}
			eventually(t, func() bool { return h.counts(s, "")["failed poison"] == 1 }, "it is poison")
			require.Len(t, h.pids("deadly"), 2)
			require.Empty(t, h.read("deadly.alive"))
			run := h.only(s, "deadly")
			require.Equal(t, 2, run.Attempt)
			require.Contains(t, h.must("status", "deadly"), "it is not tried again")
			require.Zero(t, countSleepers(h.processes()))
			d.stop()
		})
	}
}

// However long a run would wait, it ends when it is to be stopped: by a command, by a
// signal to its own process, or by the drain of its scheduler.
func TestWaitsEndWithAStop(t *testing.T) {
	t.Parallel()
	waits := map[string]string{
		"interval": "steps: [{run: 'touch %[1]s; exit 1', retry_policy: {limit: 1, interval_sec: 3600}}]\n",
		"backoff":  "steps: [{run: 'touch %[1]s; exit 1', retry_policy: {limit: 9, interval_sec: 3600, backoff: true}}]\n",
		"delay":    "delay_sec: 3600\nsteps: [{run: touch %[1]s}, {run: 'true'}]\n",
		"gate":     "preconditions: ['touch %[1]s; sleep 3600']\nsteps: [{run: 'true'}]\n",
		"limit":    "max_active_steps: 1\nsteps: [{run: 'touch %[1]s; exec sleep 3600'}, {run: 'true'}]\n",
	}
	stops := map[string]func(h *home, d *daemon, dag string){
		"stop":   func(h *home, _ *daemon, dag string) { h.must("stop", dag) },
		"signal": func(_ *home, d *daemon, _ string) { d.signal(syscall.SIGINT); require.Equal(d.tb, 130, d.wait()) },
		"drain":  func(_ *home, d *daemon, _ string) { d.stop() },
	}
	for stop, end := range stops {
		t.Run(stop, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.write("config.yaml", "scheduler: {drain_timeout: 100ms, stop_timeout: 10s}\n")
			s := h.records()
			for wait, text := range waits {
				h.dag(wait, fmt.Sprintf(text, h.path(wait)))
			}
			var d *daemon
			for wait := range waits {
				switch {
				case stop == "signal":
					d = h.start(launch{args: []string{"start", wait}})
				case d == nil || d.ended():
					d = h.scheduler()
					fallthrough
				default:
					h.enqueue(wait)
				}
				eventually(t, func() bool { _, err := os.Stat(h.path(wait)); return err == nil }, "%s waits", wait)
				end(h, d, wait)
				want := map[string]string{"stop": "aborted stopped", "signal": "aborted stopped", "drain": "aborted shutdown"}[stop]
				require.Equal(t, map[string]int{want: 1}, h.counts(s, wait), wait)
			}
		})
	}
}
