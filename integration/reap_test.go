package integration_test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// stepsEach is how many steps a DAG of the reaping tests has.
const stepsEach = 50

// As PID 1 of a container and as a child subreaper, dagu inherits the orphans of
// its steps. It reaps them, and loses no exit code of its own steps over it.
func TestReaping(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]launch{
		"init": {helper: "init", attr: &syscall.SysProcAttr{
			Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS,
		}},
		"subreaper": {helper: "subreaper"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "init" && !namespaces(t.Context()) {
				t.Skip("did not run: new PID namespaces need root")
			}
			reap(t, l)
		})
	}
}

// namespaces tells whether this process may make PID namespaces.
func namespaces(ctx context.Context) bool {
	cmd := exec.CommandContext(ctx, "true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}
	return cmd.Run() == nil
}

func reap(t *testing.T, l launch) {
	t.Helper()
	h := newHome(t)
	h.dag("whoami", "steps:\n  - run: echo $PPID > "+h.path("parent")+"\n")
	var text strings.Builder
	text.WriteString("queue: reaping\nmax_active_steps: 8\nsteps:\n")
	for i := range stepsEach {
		fmt.Fprintf(&text, "  - run: (sleep 0.0%d &); (true &); (true & sleep 0.01 &); exit %d\n    continue_on: {failure: true}\n", i%9, codeOf(i))
	}
	h.dag("orphans", text.String())
	h.write("config.yaml", "queues:\n  config:\n    - {name: reaping, max_concurrency: 2}\n")

	d := h.start(l)
	d.waitHealthy()
	s := h.records()
	h.enqueue("whoami")
	runs := reapSteps / stepsEach
	for range runs {
		h.enqueue("orphans")
	}
	eventually(t, func() bool { return h.counts(s, "whoami")["succeeded"] == 1 }, "the first run ends")
	if l.helper == "init" {
		require.Equal(t, "1", h.read("parent"))
	}
	final := func() int {
		c := h.counts(s, "orphans")
		return runs - c["queued"] - c["running"]
	}
	for done := 0; done < runs; done = final() { // patience is for the next one, not for all
		eventually(t, func() bool { return final() > done }, "another run than the first %d ends", done)
	}
	for _, r := range h.runs(s, "orphans") {
		steps, err := s.Steps(context.Background(), r.ID, r.Attempt)
		require.NoError(t, err)
		require.Len(t, steps, stepsEach)
		for i, step := range steps {
			require.True(t, step.Exited, "step %d of %s: %s", i, r.ID, step.Error)
			require.Equal(t, codeOf(i), step.ExitCode, "step %d of %s", i, r.ID)
		}
	}
	eventually(t, func() bool { return len(children(d.pid())) == 0 }, "no orphan and no zombie is left: %v", children(d.pid()))
	d.stop()
}

// codeOf is the exit code of the i-th step, never 0.
func codeOf(i int) int { return i%200 + 1 }
