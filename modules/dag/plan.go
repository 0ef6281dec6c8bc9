package dag

import (
	"fmt"
	"slices"
	"strings"
)

// Graph says which steps wait for which. Steps are known by their place in
// DAG.Steps.
type Graph struct {
	// Depends lists what each step waits for, in the order of its depends.
	Depends [][]int
	// Dependents lists who waits for each step, in the order of the file.
	Dependents [][]int
	// Order lists all steps so that each stands behind what it waits for, as
	// early as that allows; those ready at one time stand in file order.
	Order []int
}

// CycleError says that steps wait for each other, so that none can start.
type CycleError struct {
	// Steps are the names on one cycle; each waits for the next, and the last
	// for the first.
	Steps []string
}

// Error names the steps of the cycle.
func (e *CycleError) Error() string {
	return fmt.Sprintf("the dependencies of the steps are cyclic: %s -> %s", strings.Join(e.Steps, " -> "), e.Steps[0])
}

// Graph returns the step graph. The error is a *CycleError, also where the body of a
// step has a cycle; a cycle is not an error of the file, it fails the run.
func (d *DAG) Graph() (*Graph, error) {
	for i := range d.Steps {
		if err := checkBody(&d.Steps[i]); err != nil {
			return nil, err
		}
	}
	return GraphOf(d.Steps)
}

func checkBody(s *Step) error {
	if s.Foreach == nil {
		return nil
	}
	for i := range s.Foreach.Steps {
		if err := checkBody(&s.Foreach.Steps[i]); err != nil {
			return err
		}
	}
	_, err := GraphOf(s.Foreach.Steps)
	return err
}

// GraphOf returns the graph of steps that stand together. The error is as of DAG.Graph.
func GraphOf(steps []Step) (*Graph, error) {
	g := &Graph{
		Depends: make([][]int, len(steps)), Dependents: make([][]int, len(steps)), Order: make([]int, 0, len(steps)),
	}
	place := make(map[string]int, len(steps))
	for i := range steps {
		place[steps[i].Name] = i
	}
	waiting := make([]int, len(steps))
	for i := range steps {
		for _, name := range steps[i].Depends {
			on, ok := place[name]
			if !ok {
				return nil, fmt.Errorf("order steps: %s depends on non-existent step %s", steps[i].Name, name)
			}
			g.Depends[i] = append(g.Depends[i], on)
			g.Dependents[on] = append(g.Dependents[on], i)
		}
		waiting[i] = len(g.Depends[i])
	}
	g.sort(waiting)
	if len(g.Order) < len(steps) {
		return nil, cycle(steps, g, waiting)
	}
	return g, nil
}

// Detach returns a graph in which the step waits for nothing, and all else is as in g.
// Order is that of g.
func (g *Graph) Detach(step int) *Graph {
	d := &Graph{Depends: slices.Clone(g.Depends), Dependents: slices.Clone(g.Dependents), Order: g.Order}
	d.Depends[step] = nil
	for _, on := range g.Depends[step] {
		d.Dependents[on] = slices.DeleteFunc(slices.Clone(g.Dependents[on]), func(i int) bool { return i == step })
	}
	return d
}

// Waves returns a number for each step: 1 for one that waits for nothing, and otherwise
// one more than the largest of those that it waits for. Steps of one wave may run at once.
func (g *Graph) Waves() []int {
	waves := make([]int, len(g.Depends))
	for _, i := range g.Order {
		waves[i] = 1
		for _, on := range g.Depends[i] {
			waves[i] = max(waves[i], waves[on]+1)
		}
	}
	return waves
}

// After lists the step first, and then all that depend on it, directly or not, in file order.
func (g *Graph) After(step int) []int {
	found := []int{step}
	seen := map[int]bool{step: true}
	for at := 0; at < len(found); at++ {
		for _, next := range g.Dependents[found[at]] {
			if !seen[next] {
				seen[next] = true
				found = append(found, next)
			}
		}
	}
	slices.Sort(found[1:])
	return found
}

// sort fills Order by Kahn's algorithm, wave by wave. waiting counts what each
// step still waits for.
func (g *Graph) sort(waiting []int) {
	var wave []int
	for i, n := range waiting {
		if n == 0 {
			wave = append(wave, i)
		}
	}
	for len(wave) > 0 {
		g.Order = append(g.Order, wave...)
		var next []int
		for _, done := range wave {
			for _, dependent := range g.Dependents[done] {
				if waiting[dependent]--; waiting[dependent] == 0 {
					next = append(next, dependent)
				}
			}
		}
		slices.Sort(next)
		wave = next
	}
}

// cycle returns one cycle among the steps that still wait: whoever follows
// what they wait for comes round.
func cycle(steps []Step, g *Graph, waiting []int) *CycleError {
	stuck := func(i int) bool { return waiting[i] > 0 }
	at := slices.IndexFunc(waiting, func(n int) bool { return n > 0 })
	var way []int
	for !slices.Contains(way, at) {
		way = append(way, at)
		at = g.Depends[at][slices.IndexFunc(g.Depends[at], stuck)]
	}
	way = way[slices.Index(way, at):]
	names := make([]string, len(way))
	for i, step := range way {
		names[i] = steps[step].Name
	}
	return &CycleError{Steps: names}
}
