package dag_test

import (
	"fmt"
	"strings"
	"testing"

	"dagu/modules/dag"

	"github.com/stretchr/testify/require"
)

// steps returns a DAG from "name: dependency dependency" lines.
func steps(lines ...string) *dag.DAG {
	d := &dag.DAG{}
	for _, line := range lines {
		name, depends, _ := strings.Cut(line, ":")
		d.Steps = append(d.Steps, dag.Step{Name: name, Depends: strings.Fields(depends)})
	}
	return d
}

func TestGraph(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		lines []string
		order []int
	}{
		{"nothing", nil, []int{}},
		{"parallel", []string{"a:", "b:", "c:"}, []int{0, 1, 2}},
		{"file order within a wave", []string{"a: c", "b: d", "d:", "c:"}, []int{2, 3, 0, 1}},
		{"backwards", []string{"a: b", "b: c", "c:"}, []int{2, 1, 0}},
		{"diamond", []string{"end: l r", "l: start", "r: start", "start:"}, []int{3, 1, 2, 0}},
		{"file order among the ready", []string{"d: b", "c: a", "b:", "a:"}, []int{2, 3, 0, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			g, err := steps(test.lines...).Graph()
			require.NoError(t, err)
			require.Equal(t, test.order, g.Order)
		})
	}
	g, err := steps("end: l r", "l: start", "r: start", "start:").Graph()
	require.NoError(t, err)
	require.Equal(t, [][]int{{1, 2}, {3}, {3}, nil}, g.Depends)
	require.Equal(t, [][]int{nil, {0}, {0}, {1, 2}}, g.Dependents)
}

func TestGraphNamesTheCycle(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		lines []string
		cycle []string
	}{
		{"self", []string{"a: a"}, []string{"a"}},
		{"two", []string{"a: b", "b: a"}, []string{"a", "b"}},
		{"behind a tail", []string{"tail: a ok", "ok:", "a: ok b", "b: c", "c: a"}, []string{"a", "b", "c"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := steps(test.lines...).Graph()
			var cycle *dag.CycleError
			require.ErrorAs(t, err, &cycle)
			require.Equal(t, test.cycle, cycle.Steps)
			require.ErrorContains(t, err, "cyclic: "+strings.Join(test.cycle, " -> "))
		})
	}
	_, err := steps("a: nobody").Graph()
	require.ErrorContains(t, err, "non-existent step nobody")
}

// A long chain and a wide fan are ordered without recursion or squares.
func TestGraphOfManySteps(t *testing.T) {
	t.Parallel()
	lines := []string{"0:"}
	for i := 1; i < 20_000; i++ {
		lines = append(lines, fmt.Sprintf("%d: %d", i, i-1))
	}
	g, err := steps(lines...).Graph()
	require.NoError(t, err)
	require.Equal(t, 19_999, g.Order[19_999])
}
