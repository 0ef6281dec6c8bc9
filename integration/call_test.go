package integration_test

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// nested is a DAG whose runs go two levels deep, to three processes that last until the
// file of the name go is there.
func (h *home) nested(name, head string) {
	h.tb.Helper()
	h.dag(name, fmt.Sprintf(`%[3]s
steps:
  - {name: call, action: dag.run, with: {dag: middle}, output: OUT}
---
name: middle
on_interrupt: retry
steps:
  - {name: once, run: echo x >> %[1]s.once}
  - {name: fan, depends: once, action: dag.run, with: {dag: inner, params: {N: "${ITEM}"}}, parallel: [1, 2, 3], output: FAN}
---
name: inner
on_interrupt: retry
params: [{N: 0}]
steps:
  - name: last
    run: |
      echo $$ >> %[1]s.pids
      until [ -e %[2]s ]; do sleep 0.05; done
      echo "$N"
    output: GOT
`, h.path(name), h.path("go"), head))
}

// inside are the runs inside of a run, outer ones first, as "middle failed 1".
func (h *home) inside(s *store.Store, id string) []string {
	h.tb.Helper()
	children, err := s.Children(h.tb.Context(), id)
	require.NoError(h.tb, err)
	var list []string
	for _, run := range children {
		list = append(list, fmt.Sprintf("%s %s %d", run.DAG, run.Status, run.Attempt))
		list = append(list, h.inside(s, run.ID)...)
	}
	return list
}

// gone tells whether none of the processes lives; a zombie is its parent's affair.
func gone(pids []string) bool {
	return !slices.ContainsFunc(pids, func(word string) bool {
		pid, err := strconv.Atoi(word)
		if err != nil {
			return true
		}
		fields, err := stat(pid)
		return err == nil && fields[0] != "Z" && fields[0] != "X"
	})
}

// A process that is killed leaves a run and those inside of it. The next one closes all
// of them at once, and the next attempt of the outer one finds the others.
func TestRunsInsideOutliveAKill(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.nested("outer", "on_interrupt: retry")
	d := h.scheduler()
	s := h.records()
	h.enqueue("outer")
	eventually(t, func() bool { return len(h.pids("outer.pids")) == 3 }, "three processes run")
	// What has happened so far is written before the kill, so that it is known what stands.
	eventually(t, func() bool {
		run := h.only(s, "outer")
		children, err := s.Children(t.Context(), run.ID)
		require.NoError(t, err)
		steps, err := s.Steps(t.Context(), children[0].ID, 0)
		require.NoError(t, err)
		return steps[0].Status == store.StepSucceeded
	}, "the first step is recorded")
	require.Equal(t, []string{"middle running 1", "inner running 1", "inner running 1", "inner running 1"}, h.inside(s, h.only(s, "outer").ID))
	before := h.pids("outer.pids")
	d.kill()

	d = h.scheduler()
	eventually(t, func() bool { return gone(before) }, "nothing is left of the first attempt")
	eventually(t, func() bool { return len(h.pids("outer.pids")) == 6 }, "the second attempt")
	run := h.only(s, "outer")
	require.Equal(t, 2, run.Attempt)
	require.Equal(t, []string{"middle running 2", "inner running 2", "inner running 2", "inner running 2"}, h.inside(s, run.ID))
	h.write("go", "")
	eventually(t, func() bool { return h.only(s, "outer").Status == store.StatusSucceeded }, "it succeeds")
	require.Equal(t, []string{"middle succeeded 2", "inner succeeded 2", "inner succeeded 2", "inner succeeded 2"}, h.inside(s, run.ID))
	require.Equal(t, []string{"x"}, lines(h.read("outer.once")), "a step that succeeded is not run again")
	require.Len(t, lines(h.must("history", "--format", "csv")), 2, "the history has the outer run alone")
	d.stop()
}

// A run in the foreground is killed with its process; dagu retry goes on with what is
// inside of it.
func TestRunsInsideAreRetried(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.nested("outer", "")
	d := h.start(launch{args: []string{"start", "outer", "--run-id", "one"}})
	eventually(t, func() bool { return len(h.pids("outer.pids")) == 3 }, "three processes run")
	s := h.records()
	d.kill()
	h.scheduler().stop() // it closes what the process left
	require.Equal(t, store.ReasonWorkerLost, h.only(s, "outer").Reason)
	require.Equal(t, []string{"middle failed 1", "inner failed 1", "inner failed 1", "inner failed 1"}, h.inside(s, "one"))
	require.True(t, gone(h.pids("outer.pids")))

	h.write("go", "")
	told := h.must("retry", "outer", "--run-id", "one")
	require.Contains(t, told, "sub-run middle succeeded in ")
	require.Equal(t, []string{"middle succeeded 2", "inner succeeded 2", "inner succeeded 2", "inner succeeded 2"}, h.inside(s, "one"))
	children, err := s.Children(t.Context(), "one")
	require.NoError(t, err)
	shown := h.must("status", "outer", "--run-id", "one", "--sub-run-id", children[0].ID)
	require.Equal(t, 3, strings.Count(shown, "sub-run inner succeeded in "))
}

// A stop from another process ends all that is inside, and no process is left.
func TestRunsInsideAreStopped(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.nested("outer", "")
	d := h.scheduler()
	s := h.records()
	h.enqueue("outer")
	eventually(t, func() bool { return len(h.pids("outer.pids")) == 3 }, "three processes run")
	h.must("stop", "outer")
	run := h.only(s, "outer")
	require.Equal(t, store.StatusAborted, run.Status)
	require.Equal(t, []string{"middle aborted 1", "inner aborted 1", "inner aborted 1", "inner aborted 1"}, h.inside(s, run.ID))
	require.True(t, gone(h.pids("outer.pids")))
	require.False(t, h.exists("go"))
	d.stop()
}

func (h *home) exists(name string) bool {
	_, err := os.Stat(h.path(name))
	return err == nil
}
