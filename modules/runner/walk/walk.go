// Package walk decides which step of a run is next, what becomes of a step whose
// dependencies did not succeed, and how the run as a whole came out. It is pure:
// it starts nothing and knows no time.
//
// A step that is not to be started any more is settled:
//
//	waits ──all dependencies passed──> ready ──Next──> running ──Finish──> over
//	  ├── one failed or was aborted ────────────────> aborted
//	  ├── one was skipped, none of the above ───────> skipped
//	  └── Cancel ───────────────────────────────────> aborted (ready ones too)
//
// A dependency has passed when it succeeded, or when its continue_on lets its
// dependents run although it failed or was skipped.
package walk

import (
	"slices"

	"dagu/modules/dag"
	"dagu/modules/store"
)

// Walk is the state of a walk over a step graph. One goroutine uses it.
type Walk struct {
	graph     *dag.Graph
	limit     int
	skippable func(step int) bool

	waiting []int // dependencies that are not over
	status  []store.StepStatus
	passed  []bool
	ready   []int // in file order
	running int
	open    int // steps that are not over
}

// Settled is a step that was over without being started.
type Settled struct {
	Step   int
	Status store.StepStatus
}

// New returns a walk that has not begun. At most limit steps run at once; 0 is
// no bound. Skippable tells whether dependents of a step may run although the walk
// itself has skipped it; nil is never.
func New(graph *dag.Graph, limit int, skippable func(step int) bool) *Walk {
	if skippable == nil {
		skippable = func(int) bool { return false }
	}
	n := len(graph.Depends)
	w := &Walk{
		graph: graph, limit: limit, skippable: skippable, open: n,
		waiting: make([]int, n), status: make([]store.StepStatus, n), passed: make([]bool, n),
	}
	for i := range n {
		w.status[i] = store.StepNotStarted
		if w.waiting[i] = len(graph.Depends[i]); w.waiting[i] == 0 {
			w.ready = append(w.ready, i)
		}
	}
	return w
}

// End is how a step ended.
type End struct {
	Step   int
	Status store.StepStatus
	// Passed tells whether its dependents may run.
	Passed bool
}

// Carry takes over the ends of steps from an earlier attempt, whatever those that they
// depend on came to since. It is called once, before Next, and returns what it settles.
func (w *Walk) Carry(ends []End) []Settled {
	for _, e := range ends {
		if at, ok := slices.BinarySearch(w.ready, e.Step); ok {
			w.ready = slices.Delete(w.ready, at, at+1)
		}
		w.close(e.Step, e.Status, e.Passed)
	}
	var settled []Settled
	for _, e := range ends {
		settled = append(settled, w.release(e.Step)...)
	}
	return settled
}

// Next returns the steps to start now, in file order, and counts them as running. They
// are at most as many as most says; 0 is no bound.
func (w *Walk) Next(most int) []int {
	n := len(w.ready)
	if w.limit > 0 {
		n = min(n, w.limit-w.running)
	}
	if most > 0 {
		n = min(n, most)
	}
	next := slices.Clone(w.ready[:n])
	w.ready = slices.Delete(w.ready, 0, n)
	for _, i := range next {
		w.status[i] = store.StepRunning
	}
	w.running += n
	return next
}

// Finish records the end of a step that Next returned. Passed tells whether its
// dependents may run. It returns the steps that this settles.
func (w *Walk) Finish(step int, status store.StepStatus, passed bool) []Settled {
	w.running--
	w.close(step, status, passed)
	return w.release(step)
}

// Cancel settles every step that has not been started.
func (w *Walk) Cancel() []Settled {
	var settled []Settled
	w.ready = nil
	for i, status := range w.status {
		if status == store.StepNotStarted {
			w.status[i] = store.StepAborted
			w.open--
			settled = append(settled, Settled{i, store.StepAborted})
		}
	}
	return settled
}

// Running is how many steps run now.
func (w *Walk) Running() int { return w.running }

// Done tells whether all steps are over.
func (w *Walk) Done() bool { return w.open == 0 }

// release makes ready what waited for a step that is over, or settles it, one after
// the other.
func (w *Walk) release(step int) []Settled {
	var settled []Settled
	for queue := []int{step}; len(queue) > 0; queue = queue[1:] {
		for _, next := range w.graph.Dependents[queue[0]] {
			if w.waiting[next]--; w.waiting[next] > 0 || w.status[next] != store.StepNotStarted {
				continue
			}
			verdict := w.judge(next)
			if verdict == store.StepNotStarted {
				at, _ := slices.BinarySearch(w.ready, next)
				w.ready = slices.Insert(w.ready, at, next)
				continue
			}
			w.close(next, verdict, verdict == store.StepSkipped && w.skippable(next))
			settled = append(settled, Settled{next, verdict})
			queue = append(queue, next)
		}
	}
	return settled
}

func (w *Walk) close(step int, status store.StepStatus, passed bool) {
	w.status[step], w.passed[step] = status, passed
	w.open--
}

// judge returns what the dependencies of a step, which are all over, make of it.
func (w *Walk) judge(step int) store.StepStatus {
	verdict := store.StepNotStarted
	for _, on := range w.graph.Depends[step] {
		switch {
		case w.passed[on]:
		case w.status[on] == store.StepSkipped:
			verdict = store.StepSkipped
		default:
			return store.StepAborted
		}
	}
	return verdict
}

// Status returns how a run came out of its steps. Cut tells that the run was
// stopped or cancelled; that counts only when it kept a step from its own end.
func Status(steps []store.Step, cut bool) store.Status {
	var succeeded, continued, open bool
	for i := range steps {
		switch steps[i].Status {
		case store.StepFailed:
			if !steps[i].Continued {
				return store.StatusFailed
			}
			continued = true
		case store.StepSucceeded, store.StepPartiallySucceeded:
			succeeded = true
		case store.StepSkipped:
		default:
			open = true
		}
	}
	switch {
	case cut && open:
		return store.StatusAborted
	case continued && succeeded:
		return store.StatusPartiallySucceeded
	case continued:
		return store.StatusFailed
	default:
		return store.StatusSucceeded
	}
}
