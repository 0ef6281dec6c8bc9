package runner

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"dagu/modules/dag"
	"dagu/modules/fault"
	"dagu/modules/runner/mask"
	"dagu/modules/store"
)

// saveDelay is how long a change of a step waits for others, or for the end of
// the run, before it is written. A short run is written at its begin and end only.
const saveDelay = 250 * time.Millisecond

// recorder holds the state of the steps and writes it now and then. Its methods
// may be called at once.
type recorder struct {
	mu     sync.Mutex
	steps  []store.Step
	dirty  map[int]struct{}
	run    *run // nil until the run has begun, and for the body of a foreach, which is not written
	timer  *time.Timer
	saving sync.WaitGroup
	closed bool
	// secrets masks what is written and told, and errors from the start.
	secrets *mask.Masker
}

// newRecorder lists the steps of a DAG, handlers last.
func newRecorder(d *dag.DAG) *recorder {
	r := recorderOf(d.Steps)
	for slot := range slots {
		if step := slot.step(d); step != nil {
			r.add(len(d.Steps)+int(slot), step)
		}
	}
	return r
}

// recorderOf lists steps that stand together.
func recorderOf(steps []dag.Step) *recorder {
	r := &recorder{steps: make([]store.Step, 0, len(steps)+int(slots)), dirty: make(map[int]struct{})}
	for i := range steps {
		r.add(i, &steps[i])
	}
	return r
}

func (r *recorder) add(index int, step *dag.Step) {
	r.steps = append(r.steps, store.Step{Index: index, Name: step.Name, ID: step.ID, Status: store.StepNotStarted})
}

// carry takes over the steps that are not to run again. Handlers run in every attempt.
func (r *recorder) carry(earlier []store.Step, count int, again func(s *store.Step) bool) {
	names := make(map[string]int, len(earlier))
	for i := range earlier {
		names[earlier[i].Name] = i
	}
	for i := range count {
		at, ok := names[r.steps[i].Name]
		if !ok || earlier[at].Index != r.steps[i].Index {
			continue
		}
		if !again(&earlier[at]) {
			r.steps[i] = earlier[at]
		}
	}
}

// open begins to write changes, and to tell the observer.
func (r *recorder) open(x *run) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.run = x
	if x.watch != nil {
		x.watch.Begun(slices.Clone(r.steps))
	}
}

// update changes the state of a step.
func (r *recorder) update(pos int, change func(*store.Step)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(&r.steps[pos])
	r.steps[pos].Error = r.secrets.Text(r.steps[pos].Error)
	if r.run == nil {
		return
	}
	r.dirty[pos] = struct{}{}
	if r.run.watch != nil {
		r.run.watch.Changed(r.shown(r.steps[pos]))
	}
	r.arm()
}

// arm has the changes written soon. The caller holds mu.
func (r *recorder) arm() {
	if r.timer != nil || r.closed {
		return
	}
	r.saving.Add(1)
	r.timer = time.AfterFunc(saveDelay, func() {
		defer r.saving.Done()
		defer r.run.confine()
		fault.Of("runner.save", r.run.rec.DAG)
		r.save()
	})
}

// save writes the changes once; what could not be written is written later.
func (r *recorder) save() {
	r.mu.Lock()
	changed := r.take()
	r.mu.Unlock()
	err := r.run.runner.store.SaveSteps(context.Background(), r.run.rec.Ref(), changed)
	if errors.Is(err, store.ErrLost) {
		r.run.lose()
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.timer = nil
	if err != nil {
		for i := range changed {
			r.dirty[r.pos(changed[i].Index)] = struct{}{}
		}
	}
	if len(r.dirty) > 0 {
		r.arm()
	}
}

// take returns the changed steps and forgets that they are.
func (r *recorder) take() []store.Step {
	changed := make([]store.Step, 0, len(r.dirty))
	for pos := range r.dirty {
		changed = append(changed, r.shown(r.steps[pos]))
	}
	clear(r.dirty)
	slices.SortFunc(changed, func(a, b store.Step) int { return a.Index - b.Index })
	return changed
}

func (r *recorder) pos(index int) int {
	return slices.IndexFunc(r.steps, func(s store.Step) bool { return s.Index == index })
}

// close ends writing and returns what is still to be written. A nil recorder has nothing.
func (r *recorder) close() []store.Step {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	r.closed = true
	if r.timer != nil && r.timer.Stop() {
		r.saving.Done()
	}
	r.mu.Unlock()
	r.saving.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.take()
}

// abandon closes the steps that a panic has left open, and has all of them written
// again. A nil recorder has none.
func (r *recorder) abandon() {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.steps {
		if s := &r.steps[i]; s.Status == store.StepRunning || s.Status == store.StepRetrying {
			s.Status, s.Finished = store.StepAborted, time.Now()
		}
		r.dirty[i] = struct{}{}
	}
}

// get returns a copy of the state of a step.
func (r *recorder) get(pos int) *store.Step {
	r.mu.Lock()
	defer r.mu.Unlock()
	step := r.steps[pos]
	return &step
}

// all returns a copy of the state of all steps.
func (r *recorder) all() []store.Step {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.steps)
}
