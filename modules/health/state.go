package health

import (
	"slices"
	"time"
)

// State is what a part answers to a probe.
type State struct {
	Name string
	Red  bool
	// Changed is how long the state has been what it is, Age how old the last beat
	// or result is; both in whole seconds of the evaluator's own time.
	Changed, Age time.Duration
}

// States lists the parts that the answer to the probe depends on, by name.
func (r *Registry) States(p Probe) []State {
	var list []State
	for _, part := range *r.parts.Load() {
		if part.counts(p) {
			list = append(list, r.stateOf(part, p))
		}
	}
	return list
}

// examine is the verdict without the excluded parts, and the states that it follows from.
func (r *Registry) examine(p Probe, exclude []string) (Verdict, []State) {
	states := r.States(p)
	if v, ok := r.byPhase(p); ok {
		return v, states
	}
	return judge(slices.ContainsFunc(states, func(s State) bool {
		return s.Red && !slices.Contains(exclude, s.Name)
	})), states
}

func (r *Registry) stateOf(part part, p Probe) State {
	s := State{Name: part.partName(), Red: part.red(p), Age: time.Duration(part.age()) * tick}
	memory := part.past()
	if s.Red == memory.red[p].Load() {
		s.Changed = time.Duration(r.turn.Load()-memory.since[p].Load()) * tick
	} // else it changed since the evaluator's last turn
	return s
}

// state finds one part that the answer to the probe depends on.
func (r *Registry) state(p Probe, name string) (State, bool) {
	for _, part := range *r.parts.Load() {
		if part.partName() == name && part.counts(p) {
			return r.stateOf(part, p), true
		}
	}
	return State{}, false
}

// has tells whether the answer to the probe depends on all of the names.
func (r *Registry) has(p Probe, names []string) bool {
	for _, name := range names {
		if _, ok := r.state(p, name); !ok {
			return false
		}
	}
	return true
}
