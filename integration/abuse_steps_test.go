package integration_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// manySteps is a DAG with n steps that do nothing, each after the one at half its place.
func manySteps(n int) string {
	var text strings.Builder
	text.WriteString("type: graph\nmax_active_steps: 8\nsteps:\n  - {id: s0, run: \"true\"}\n")
	for i := range n - 1 {
		fmt.Fprintf(&text, "  - {id: s%d, run: \"true\", depends: s%d}\n", i+1, (i+1)/2)
	}
	return text.String()
}

// One scheduler has all kinds of steps at once that do what steps should not do. Each
// run comes to its own end, no probe is answered but as ever, and nothing is left.
func TestStepsThatMisbehave(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	write := fmt.Sprintf("head -c %d /dev/zero", writtenBytes)
	dags := map[string]struct{ text, want string }{
		"many":     {manySteps(1000), "succeeded"},
		"large":    {"steps:\n  - run: " + write + "\n", "succeeded"},
		"copied":   {"steps:\n  - run: " + write + "\n    stdout: copy\n", "succeeded"},
		"captured": {"steps:\n  - run: " + write + "\n    output: TOO_MUCH\n", "failed"},
		// Its descriptors are closed long before it ends.
		"closed": {"steps:\n  - run: exec <&- >&- 2>&-; sleep 1; exit 3\n    output: NOTHING\n    continue_on: {exit_code: 3, mark_success: true}\n", "succeeded"},
		// What stays behind holds the stream that is captured.
		"daemon":   {"steps:\n  - run: setsid sleep 1000 & echo $! > " + h.path("daemon") + "; echo up\n    output: UP\n", "succeeded"},
		"stubborn": {"max_clean_up_time_sec: 1\nsteps:\n  - run: trap '' TERM INT HUP; touch " + h.path("stubborn") + "; while :; do sleep 1000; done\n", "aborted stopped"},
		"killed":   {"steps:\n  - run: kill -KILL $$\n", "failed"},
		"stopped":  {"max_clean_up_time_sec: 1\nsteps:\n  - run: touch " + h.path("stopped") + "; kill -STOP $$\n", "aborted stopped"},
	}
	for name, d := range dags {
		h.dag(name, d.text)
	}
	d := h.scheduler()
	stop := d.watch()
	s := h.records()
	for name := range dags {
		h.enqueue(name)
	}
	for _, name := range []string{"stubborn", "stopped"} {
		eventually(t, func() bool { _, err := os.Stat(h.path(name)); return err == nil }, "%s is active", name)
		h.must("stop", name)
	}
	for name, dag := range dags {
		eventually(t, func() bool { return h.counts(s, name)[dag.want] == 1 }, "%s ends: %s", name, dag.want)
	}
	require.Equal(t, []string{healthy}, answers(stop()))
	if !raceEnabled {
		require.Less(t, mib(memory(t, d.pid(), "VmHWM")), 200.0, "output is not kept in memory")
	}

	pid, err := strconv.Atoi(h.read("daemon"))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL), "a daemon outlives its step, which somebody may want")
	eventually(t, func() bool { return len(children(d.pid())) == 0 && len(h.processes()) == 1 }, "nothing is left: %v", h.processes())
	for name, want := range map[string]string{
		"captured": "output exceeded maximum size limit of 1048576 bytes",
		"killed":   "ended by signal: killed, not by dagu: the kernel does that when memory runs out",
	} {
		require.Equal(t, want, h.steps(s, name)[0].Error)
	}
	require.Len(t, h.steps(s, "many"), 1000)
	for _, name := range []string{"large", "copied", "captured"} {
		info, err := os.Stat(h.steps(s, name)[0].Stdout)
		require.NoError(t, err)
		require.Equal(t, int64(writtenBytes), info.Size(), name)
	}
	d.stop()
}

// steps are those of the only run of a DAG.
func (h *home) steps(s *store.Store, dag string) []store.Step {
	h.tb.Helper()
	runs := h.runs(s, dag)
	require.Len(h.tb, runs, 1, dag)
	steps, err := s.Steps(h.tb.Context(), runs[0].ID, runs[0].Attempt)
	require.NoError(h.tb, err)
	return steps
}
