package walk_test

import (
	"slices"
	"testing"

	"dagu/modules/dag"
	"dagu/modules/runner/walk"
	"dagu/modules/store"

	"github.com/stretchr/testify/require"
)

// graph makes a graph from what each step depends on.
func graph(t *testing.T, depends ...[]int) *dag.Graph {
	t.Helper()
	d := &dag.DAG{}
	name := func(i int) string { return string(rune('a' + i)) }
	for i, on := range depends {
		step := dag.Step{Name: name(i)}
		for _, j := range on {
			step.Depends = append(step.Depends, name(j))
		}
		d.Steps = append(d.Steps, step)
	}
	g, err := d.Graph()
	require.NoError(t, err)
	return g
}

func TestStepsStartInFileOrder(t *testing.T) {
	t.Parallel()
	w := walk.New(graph(t, nil, []int{0}, nil, []int{0, 2}), 0, nil)
	require.Equal(t, []int{0, 2}, w.Next(0))
	require.Empty(t, w.Next(0))
	require.Empty(t, w.Finish(0, store.StepSucceeded, true))
	require.Equal(t, []int{1}, w.Next(0))
	require.Empty(t, w.Finish(2, store.StepSucceeded, true))
	require.Equal(t, []int{3}, w.Next(0))
	require.Equal(t, 2, w.Running())
	require.False(t, w.Done())
	w.Finish(1, store.StepSucceeded, true)
	w.Finish(3, store.StepFailed, false)
	require.True(t, w.Done())
}

func TestLimit(t *testing.T) {
	t.Parallel()
	w := walk.New(graph(t, nil, nil, nil, []int{0}), 2, nil)
	require.Equal(t, []int{0, 1}, w.Next(0))
	require.Empty(t, w.Next(0))
	w.Finish(1, store.StepSucceeded, true)
	require.Equal(t, []int{2}, w.Next(0))
	w.Finish(0, store.StepSucceeded, true)
	require.Equal(t, []int{3}, w.Next(0), "a step that became ready later waits behind none")
}

func TestReadyStepsKeepFileOrder(t *testing.T) {
	t.Parallel()
	w := walk.New(graph(t, nil, []int{0}, nil, nil), 1, nil)
	require.Equal(t, []int{0}, w.Next(0))
	w.Finish(0, store.StepSucceeded, true)
	var order []int
	for next := w.Next(0); len(next) > 0; next = w.Next(0) {
		order = append(order, next...)
		w.Finish(next[0], store.StepSucceeded, true)
	}
	require.Equal(t, []int{1, 2, 3}, order)
}

func TestNextIsBounded(t *testing.T) {
	t.Parallel()
	w := walk.New(graph(t, nil, nil, nil), 2, nil)
	require.Equal(t, []int{0}, w.Next(1))
	require.Equal(t, []int{1}, w.Next(5))
	require.Empty(t, w.Next(1))
}

// One step depends on two others, which end as the row says.
func TestDependencies(t *testing.T) {
	t.Parallel()
	type end struct {
		status store.StepStatus
		passed bool
	}
	succeeded, partial := end{store.StepSucceeded, true}, end{store.StepPartiallySucceeded, true}
	failed, continued := end{store.StepFailed, false}, end{store.StepFailed, true}
	skipped, skippedOn := end{store.StepSkipped, false}, end{store.StepSkipped, true}
	aborted := end{store.StepAborted, false}
	for _, tt := range []struct {
		a, b end
		want store.StepStatus // "" runs
	}{
		{succeeded, succeeded, ""},
		{succeeded, partial, ""},
		{continued, succeeded, ""},
		{continued, skippedOn, ""},
		{failed, succeeded, store.StepAborted},
		{failed, continued, store.StepAborted},
		{skipped, succeeded, store.StepSkipped},
		{skipped, continued, store.StepSkipped},
		{skipped, failed, store.StepAborted},
		{failed, skipped, store.StepAborted},
		{aborted, succeeded, store.StepAborted},
		{skipped, aborted, store.StepAborted},
	} {
		w := walk.New(graph(t, nil, nil, []int{0, 1}, []int{2}), 0, nil)
		w.Next(0)
		require.Empty(t, w.Finish(0, tt.a.status, tt.a.passed))
		settled := w.Finish(1, tt.b.status, tt.b.passed)
		if tt.want == "" {
			require.Empty(t, settled, "%v", tt)
			require.Equal(t, []int{2}, w.Next(0), "%v", tt)
			continue
		}
		require.Equal(t, []walk.Settled{{2, tt.want}, {3, tt.want}}, settled, "%v", tt)
		require.True(t, w.Done())
	}
}

// A step that is skipped because of what it depends on may let its dependents run
// as much as one that skips itself.
func TestSkippedByTheWalk(t *testing.T) {
	t.Parallel()
	w := walk.New(graph(t, nil, []int{0}, []int{1}, []int{0}), 0, func(step int) bool { return step == 1 })
	w.Next(0)
	require.Equal(t, []walk.Settled{{1, store.StepSkipped}, {3, store.StepSkipped}}, w.Finish(0, store.StepSkipped, false))
	require.Equal(t, []int{2}, w.Next(0))

	w = walk.New(graph(t, nil, []int{0}, []int{1}), 0, func(int) bool { return true })
	w.Next(0)
	require.Len(t, w.Finish(0, store.StepFailed, false), 2, "what is aborted lets nobody run")
}

func TestCancel(t *testing.T) {
	t.Parallel()
	w := walk.New(graph(t, nil, nil, []int{0}, []int{2}), 1, nil)
	require.Equal(t, []int{0}, w.Next(0))
	require.Equal(t, []walk.Settled{{1, store.StepAborted}, {2, store.StepAborted}, {3, store.StepAborted}}, w.Cancel())
	require.Empty(t, w.Next(0))
	require.False(t, w.Done(), "a running step is not over")
	require.Empty(t, w.Finish(0, store.StepSucceeded, true), "nothing is settled twice")
	require.True(t, w.Done())
	require.Empty(t, w.Cancel())
}

func TestCarry(t *testing.T) {
	t.Parallel()
	w := walk.New(graph(t, nil, []int{0}, nil, []int{1, 2}), 0, nil)
	require.Empty(t, w.Carry([]walk.End{{1, store.StepSucceeded, true}, {0, store.StepSucceeded, true}}),
		"a step whose dependency was carried may be carried")
	require.Equal(t, []int{2}, w.Next(0))
	require.Empty(t, w.Finish(2, store.StepSucceeded, true))
	require.Equal(t, []int{3}, w.Next(0))
}

func TestCarrySettles(t *testing.T) {
	t.Parallel()
	w := walk.New(graph(t, nil, []int{0}, nil), 0, nil)
	require.Equal(t, []walk.Settled{{1, store.StepSkipped}}, w.Carry([]walk.End{{0, store.StepSkipped, false}}))
	require.False(t, w.Done())
	require.Equal(t, []int{2}, w.Next(0))
}

// A carried end stands, although what it depended on has come to another one.
func TestCarriedEndsStand(t *testing.T) {
	t.Parallel()
	w := walk.New(graph(t, nil, []int{0}, []int{1}, []int{0}), 0, nil)
	require.Equal(t, []walk.Settled{{3, store.StepAborted}},
		w.Carry([]walk.End{{0, store.StepAborted, false}, {1, store.StepSucceeded, true}}))
	require.Equal(t, []int{2}, w.Next(0))
	w.Finish(2, store.StepSucceeded, true)
	require.True(t, w.Done())
}

func TestLongChain(t *testing.T) {
	t.Parallel()
	g := &dag.Graph{Depends: make([][]int, 100_000), Dependents: make([][]int, 100_000)}
	for i := 1; i < len(g.Depends); i++ {
		g.Depends[i], g.Dependents[i-1] = []int{i - 1}, []int{i}
	}
	w := walk.New(g, 0, nil)
	w.Next(0)
	require.Len(t, w.Finish(0, store.StepFailed, false), len(g.Depends)-1)
	require.True(t, w.Done())
}

func TestStatus(t *testing.T) {
	t.Parallel()
	ok, bad := store.Step{Status: store.StepSucceeded}, store.Step{Status: store.StepFailed}
	passed := store.Step{Status: store.StepFailed, Continued: true}
	marked := store.Step{Status: store.StepSucceeded, Continued: true}
	skipped, aborted := store.Step{Status: store.StepSkipped}, store.Step{Status: store.StepAborted}
	never := store.Step{Status: store.StepNotStarted}
	for name, tt := range map[string]struct {
		steps []store.Step
		cut   bool
		want  store.Status
	}{
		"all succeeded":                 {[]store.Step{ok, ok}, false, store.StatusSucceeded},
		"skipped is fine":               {[]store.Step{ok, skipped}, false, store.StatusSucceeded},
		"only skipped":                  {[]store.Step{skipped}, false, store.StatusSucceeded},
		"one failed":                    {[]store.Step{ok, bad, aborted}, false, store.StatusFailed},
		"one failed, one continued":     {[]store.Step{passed, bad}, false, store.StatusFailed},
		"continued":                     {[]store.Step{ok, passed}, false, store.StatusPartiallySucceeded},
		"only continued":                {[]store.Step{passed, skipped}, false, store.StatusFailed},
		"marked":                        {[]store.Step{marked}, false, store.StatusSucceeded},
		"marked and continued":          {[]store.Step{marked, passed}, false, store.StatusPartiallySucceeded},
		"stopped":                       {[]store.Step{ok, aborted}, true, store.StatusAborted},
		"stopped before the first":      {[]store.Step{never}, true, store.StatusAborted},
		"stopped when all was done":     {[]store.Step{ok, ok}, true, store.StatusSucceeded},
		"failed, then stopped":          {[]store.Step{bad, aborted}, true, store.StatusFailed},
		"continued, then stopped":       {[]store.Step{passed, ok, aborted}, true, store.StatusAborted},
		"continued, stopped at the end": {[]store.Step{passed, ok}, true, store.StatusPartiallySucceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, tt.want, walk.Status(tt.steps, tt.cut))
			slices.Reverse(tt.steps)
			require.Equal(t, tt.want, walk.Status(tt.steps, tt.cut), "the order does not matter")
		})
	}
}
