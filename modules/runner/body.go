package runner

import (
	"maps"
	"sync"
	"time"

	"dagu/modules/dag"
	"dagu/modules/dag/value"
	"dagu/modules/runner/environ"
	"dagu/modules/runner/walk"
)

// body is a list of steps that are walked together: those of the run, or those of
// a foreach for one of its items.
type body struct {
	steps []dag.Step
	// graph is what the steps depend on as the file says, and walked what this attempt waits for.
	graph, walked *dag.Graph
	// states are those of the steps; in the run's body those of the handlers come after them.
	states *recorder
	// outer is what every step starts with.
	outer scope
	// dirs are where the steps begin.
	dirs []directory
	// limit is how many steps run at once, and delay the pause after the start of one; 0 is none.
	limit int
	delay time.Duration
	// logs stands before the names of the steps in those of their logs.
	logs string
	// carried are the ends of the steps that do not run in this attempt.
	carried []walk.End
	// cancel ends what runs, for a reason of the body itself.
	cancel func()
}

// skippable tells whether what depends on a step may run although it was skipped.
func (b *body) skippable(i int) bool { return b.steps[i].ContinueOn.Skipped }

// main returns the body of the run.
func (x *run) main() *body {
	b := &body{
		steps: x.dag.Steps, graph: x.graph, walked: x.detached(), states: x.steps, outer: x.root, cancel: x.cancelSteps,
		dirs: []directory{{x.rootDir, rootPerm}}, limit: x.dag.MaxActiveSteps, delay: x.dag.Delay,
	}
	b.carried = x.carried(b.skippable)
	return b
}

// published adds the variables of the steps before a step. The authored dependencies
// are walked breadth-first, from left to right, and what is visited later wins.
func (b *body) published(of int, env environ.Env) {
	if !b.publishes() {
		return
	}
	for _, on := range b.before(of) {
		b.states.publish(on, env)
	}
}

// before lists the steps that a step depends on, directly or not, in the order of a
// walk that goes breadth-first and from left to right.
func (b *body) before(of int) []int {
	var found []int
	seen := make([]bool, len(b.steps))
	for at, from := -1, of; at < len(found); at++ {
		if at >= 0 {
			from = found[at]
		}
		for _, on := range b.graph.Depends[from] {
			if !seen[on] {
				seen[on] = true
				found = append(found, on)
			}
		}
	}
	return found
}

// publishedByAll adds the variables of all steps, for handlers.
func (b *body) publishedByAll(env environ.Env) {
	if !b.publishes() {
		return
	}
	for i := range b.steps {
		b.states.publish(i, env)
	}
}

// publishes tells whether any step captures its output.
func (b *body) publishes() bool {
	for i := range b.steps {
		if b.steps[i].Output != "" {
			return true
		}
	}
	return false
}

// known returns what the texts of a step may name of the steps before it; those of
// the body come before those that the body as a whole can name.
func (b *body) known(of int) func(id string) (value.Step, bool) {
	before := sync.OnceValue(func() map[string]int {
		ids := make(map[string]int)
		for _, on := range b.before(of) {
			ids[b.steps[on].ID] = on
		}
		return ids
	})
	return func(id string) (value.Step, bool) {
		if on, ok := before()[id]; ok {
			return b.states.left(on), true
		}
		if b.outer.values.Step == nil {
			return value.Step{}, false
		}
		return b.outer.values.Step(id)
	}
}

// knownAfter is known once all steps are over.
func (b *body) knownAfter() func(id string) (value.Step, bool) {
	return func(id string) (value.Step, bool) {
		for i := range b.steps {
			if b.steps[i].ID == id {
				return b.states.left(i), true
			}
		}
		if b.outer.values.Step == nil {
			return value.Step{}, false
		}
		return b.outer.values.Step(id)
	}
}

// knownToHandlers is knownAfter for handlers, which see declared outputs as ${ID.outputs.X} only.
func (b *body) knownToHandlers() func(id string) (value.Step, bool) {
	known := b.knownAfter()
	return func(id string) (value.Step, bool) {
		left, ok := known(id)
		outputs := make(map[string]string, len(left.Emitted)+len(left.Published))
		maps.Copy(outputs, left.Emitted)
		maps.Copy(outputs, left.Published)
		left.Emitted, left.Published = nil, outputs
		return left, ok
	}
}

// left returns what a step has left behind. Of a step that did not publish there are its logs
// and its exit code.
func (r *recorder) left(pos int) value.Step {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := &r.steps[pos]
	left := value.Step{Stdout: s.Stdout, Stderr: s.Stderr, Emitted: s.Emitted, Published: s.Published}
	switch {
	case s.Exited:
		left.ExitCode = new(s.ExitCode)
	case s.Tries == 0 || s.Finished.IsZero():
	case s.Error == "": // an action without a process
		left.ExitCode = new(0)
	default:
		left.ExitCode = new(1)
	}
	if s.HasOutput {
		text := s.OutputValue
		left.Output = &text
	}
	return left
}
