package runner_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"dagu/modules/store"
)

// fakeStore keeps what the runner writes. Fields are set before use.
type fakeStore struct {
	// requeue has Interrupt queue the run again.
	requeue bool
	// stopped has RetryLater find that the run is to be stopped.
	stopped bool
	// alone tells that there is no scheduler.
	alone bool
	// earlier are the steps of attempt 1.
	earlier []store.Step
	// onBegin, onSave and onFinish may fail a call; they get its number, from 1.
	onBegin, onSave, onFinish func(n int) error

	mu      sync.Mutex
	texts   map[string]store.Text
	steps   map[int]store.Step
	calls   []string
	counts  map[string]int
	results []store.Result
	stops   []store.StopRequest
	// identity is the database's; "" is one of its own.
	identity string
	subs     []chan struct{}
}

func newFakeStore() *fakeStore {
	return &fakeStore{texts: make(map[string]store.Text), steps: make(map[int]store.Step), counts: make(map[string]int)}
}

// call notes a call and returns its number.
func (f *fakeStore) call(name string) int {
	f.calls = append(f.calls, name)
	f.counts[name]++
	return f.counts[name]
}

func (f *fakeStore) put(text store.Text) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.texts[text.Hash] = text
}

func (f *fakeStore) forget(hash string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.texts, hash)
}

func (f *fakeStore) Text(_ context.Context, hash string) (store.Text, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	text, ok := f.texts[hash]
	if !ok {
		return text, fmt.Errorf("text %s: %w", hash, store.ErrNotFound)
	}
	return text, nil
}

func (f *fakeStore) save(steps []store.Step) {
	for _, s := range steps {
		f.steps[s.Index] = s
	}
}

func (f *fakeStore) Begin(_ context.Context, _ store.Ref, _, _ string, steps []store.Step) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := f.call("begin"); f.onBegin != nil {
		if err := f.onBegin(n); err != nil {
			return err
		}
	}
	f.save(steps)
	return nil
}

func (f *fakeStore) SaveSteps(_ context.Context, _ store.Ref, steps []store.Step) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := f.call("save"); f.onSave != nil {
		if err := f.onSave(n); err != nil {
			return err
		}
	}
	f.save(steps)
	return nil
}

func (f *fakeStore) Finish(_ context.Context, _ store.Ref, result store.Result) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := f.call("finish"); f.onFinish != nil {
		if err := f.onFinish(n); err != nil {
			return err
		}
	}
	f.save(result.Steps)
	f.results = append(f.results, result)
	return nil
}

func (f *fakeStore) Identity() string { return f.identity }

func (f *fakeStore) Adopt(_ context.Context, _ store.Ref, _, _ string, result store.Result) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.call("adopt")
	f.results = append(f.results, result)
	return nil
}

func (f *fakeStore) Interrupt(_ context.Context, _ store.Ref, result store.Result) (store.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.call("interrupt")
	f.save(result.Steps)
	f.results = append(f.results, result)
	if f.requeue {
		return store.Run{Status: store.StatusQueued, NotBefore: time.Now()}, nil
	}
	return store.Run{Status: result.Status, Reason: result.Reason}, nil
}

func (f *fakeStore) RetryLater(_ context.Context, _ store.Ref, result store.Result, wait time.Duration) (store.Run, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.call("retry in " + wait.String())
	f.save(result.Steps)
	f.results = append(f.results, result)
	if f.stopped {
		return store.Run{Status: store.StatusAborted, Reason: store.ReasonStopped}, nil
	}
	return store.Run{Status: store.StatusQueued, NotBefore: time.Now().Add(wait)}, nil
}

func (f *fakeStore) SchedulerAlive(context.Context) (bool, error) { return !f.alone, nil }

func (f *fakeStore) Unadmit(context.Context, store.Ref) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.call("unadmit")
	return nil
}

func (f *fakeStore) Steps(_ context.Context, _ string, attempt int) ([]store.Step, error) {
	if attempt == 1 {
		return f.earlier, nil
	}
	return nil, nil
}

// Only the tests of steps that call DAGs, which have a real store, come here.
var errNoCalls = errors.New("the fake knows no runs inside of others")

func (f *fakeStore) PutTexts(context.Context, []store.Text) error { return errNoCalls }

func (f *fakeStore) StartInside(context.Context, store.Ref, store.NewRun) (store.Run, error) {
	return store.Run{}, errNoCalls
}

func (f *fakeStore) Enqueue(context.Context, store.NewRun) (store.Run, error) {
	return store.Run{}, errNoCalls
}

func (f *fakeStore) Run(context.Context, string) (store.Run, error) { return store.Run{}, errNoCalls }

func (f *fakeStore) StopRequested(context.Context) ([]store.StopRequest, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts["stops"]++
	return slices.Clone(f.stops), nil
}

func (f *fakeStore) Subscribe(store.Topic) (<-chan struct{}, func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	sub := make(chan struct{}, 1)
	f.subs = append(f.subs, sub)
	return sub, func() {}
}

// requestStop does what a stop by another process does.
func (f *fakeStore) requestStop(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.counts["requests"]++
	f.stops = slices.DeleteFunc(f.stops, func(r store.StopRequest) bool { return r.RunID == id })
	f.stops = append(f.stops, store.StopRequest{RunID: id, At: time.Unix(int64(f.counts["requests"]), 0)})
	for _, sub := range f.subs {
		select {
		case sub <- struct{}{}:
		default:
		}
	}
}

// asked is how often stop requests were read.
func (f *fakeStore) asked() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts["stops"]
}

// step returns what is recorded of a step.
func (f *fakeStore) step(name string) store.Step {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, s := range f.steps {
		if s.Name == name {
			return s
		}
	}
	return store.Step{}
}

// statuses returns the recorded state of all steps by name.
func (f *fakeStore) statuses() map[string]store.StepStatus {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := make(map[string]store.StepStatus)
	for s := range maps.Values(f.steps) {
		m[s.Name] = s.Status
	}
	return m
}

func (f *fakeStore) history() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// outline is the history without what is saved in between, which depends on how
// long the machine takes.
func (f *fakeStore) outline() []string {
	return slices.DeleteFunc(f.history(), func(call string) bool { return call == "save" })
}

func (f *fakeStore) recorded() []store.Result {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.results)
}
