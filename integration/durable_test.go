package integration_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Before the first process of a run is forked, the record that it begins is on disk:
// the write-ahead log was written and synced.
func TestBeginIsDurable(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.dag("durable", "steps:\n  - run: echo this is the step\n")
	d := h.scheduler()
	s := h.records()
	stop := d.trace(t)
	h.must("enqueue", "durable", "--run-id", "looked-for")
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 1 }, "the run ends")
	calls := stop()
	d.stop()

	// The directory of the run's logs is recorded when the run begins, not before.
	begun := index(calls, 0, func(c call) bool { return c.name == "pwrite64" && c.wal && strings.Contains(c.text, "Z_looked-for") })
	require.GreaterOrEqual(t, begun, 0, "the run begins\n%s", calls)
	synced := index(calls, begun, func(c call) bool { return strings.HasSuffix(c.name, "sync") && c.wal })
	require.GreaterOrEqual(t, synced, 0, "the log is synced\n%s", calls)
	executed := index(calls, 0, func(c call) bool { return c.name == "execve" && strings.Contains(c.text, "echo this is the step") })
	require.GreaterOrEqual(t, executed, 0, "the step is executed\n%s", calls)
	require.Less(t, synced, executed, "%s", calls)
}

// call is a call of the kernel that has returned; of execve(2), which does not, it
// is the beginning.
type call struct {
	name, text string
	wal        bool // of the write-ahead log
}

func (c call) String() string { return fmt.Sprintf("%s %.200s\n", c.name, c.text) }

// index is the place of the first call from from on; -1 without.
func index(calls []call, from int, is func(call) bool) int {
	for i := max(from, 0); i < len(calls); i++ {
		if is(calls[i]) {
			return i
		}
	}
	return -1
}

// trace follows the calls of the daemon and of all that it forks that write, sync or
// execute, until stop is called.
func (d *daemon) trace(t *testing.T) (stop func() []call) {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("did not run: there is no strace")
	}
	out := d.home.path("calls")
	trace := exec.Command("strace", "-f", "-y", "-s", "8192", "-o", out, "-e", "trace=pwrite64,fsync,fdatasync,execve", "-p", fmt.Sprint(d.pid())) //nolint:noctx // ended by a signal
	said := &buffer{}
	trace.Stderr = said
	require.NoError(t, trace.Start())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = trace.Wait() // it ends by our signal
	}()
	end := func() {
		_ = trace.Process.Signal(syscall.SIGINT)
		<-done
	}
	t.Cleanup(end)
	ended := func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	}
	eventually(t, func() bool { return ended() || strings.Contains(said.String(), "attached") }, "strace attaches")
	if ended() {
		t.Skip("did not run: strace may not attach: " + said.String())
	}
	return func() []call {
		end()
		text, err := os.ReadFile(out)
		require.NoError(t, err)
		return parseCalls(text)
	}
}

// parseCalls reads what strace wrote: "PID NAME(ARGUMENTS) = RESULT", or in two
// parts when calls of several threads overlap, "PID NAME(ARGUMENTS <unfinished ...>" and
// "PID <... NAME resumed>...".
func parseCalls(text []byte) []call {
	line := regexp.MustCompile(`^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$`)
	open := map[string]call{} // by thread
	var calls []call
	for text := range bytes.Lines(text) {
		m := line.FindSubmatch(bytes.TrimRight(text, "\n"))
		if m == nil {
			continue
		}
		thread, rest := string(m[1]), string(m[4])
		c, resumed := open[thread], len(m[2]) > 0
		delete(open, thread)
		if !resumed {
			c = call{name: string(m[3]), text: rest, wal: strings.Contains(rest, "dagu.db-wal>")}
		}
		switch {
		case c.name == "execve" && resumed:
		case c.name != "execve" && strings.HasSuffix(rest, "<unfinished ...>"):
			open[thread] = c
		default:
			calls = append(calls, c)
		}
	}
	return calls
}
