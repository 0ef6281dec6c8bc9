package health

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"dagu/modules/fault"
)

const (
	tick                  = time.Second
	defaultStallThreshold = 30 * time.Second
	// stopWait bounds Stop: a hook that hangs must not use up the time that others have to stop in.
	stopWait = time.Second
)

// ticks is d in turns of the evaluator, rounded up.
func ticks(d time.Duration) int64 { return int64((d + tick - 1) / tick) }

// Options configures a Registry.
type Options struct {
	// StallThreshold is how long a pulse may be silent, counted in whole
	// seconds; 0 is 30 s, anything else under 1 s is an error.
	StallThreshold time.Duration
	// Changed is called when a pulse or a check turns red while the phase is
	// Running, and when it is well again; nil does nothing. It is called from a
	// goroutine of its own, one change at a time, so that a hook that hangs delays
	// neither the verdict nor the evaluator.
	Changed func(Change)
}

// Registry knows the phase of the process, the pulses of its loops and its checks,
// and draws verdicts from them. All methods may be called at any time and from
// any goroutine.
type Registry struct {
	options Options

	phase   atomic.Int32
	ran     atomic.Bool // the phase has been Running
	started atomic.Bool
	turn    atomic.Int64            // of the evaluator
	parts   atomic.Pointer[[]part]  // by name
	checks  atomic.Pointer[watcher] // those that run
	drains  chan struct{}           // closed when the phase is Draining

	mu     sync.Mutex // guards the registration of parts, and what follows
	cancel context.CancelFunc
	done   chan struct{}
}

// NewRegistry returns a registry in phase Starting, whose evaluator does not run yet.
func NewRegistry(options Options) (*Registry, error) {
	if options.StallThreshold == 0 {
		options.StallThreshold = defaultStallThreshold
	}
	if options.StallThreshold < tick {
		return nil, fmt.Errorf("stall threshold %s: must be at least %s", options.StallThreshold, tick)
	}
	if options.Changed == nil {
		options.Changed = func(Change) {}
	}
	r := &Registry{options: options, drains: make(chan struct{})}
	r.parts.Store(&[]part{})
	return r, nil
}

// Phase returns the present phase.
func (r *Registry) Phase() Phase { return Phase(r.phase.Load()) }

// Draining returns a channel that is closed once the phase is Draining, for who must
// not be late for it.
func (r *Registry) Draining() <-chan struct{} { return r.drains }

// Advance moves the phase forward to the given one and tells whether it did:
// a phase that is already reached, or passed, stays.
func (r *Registry) Advance(to Phase) bool {
	for {
		now := r.phase.Load()
		if int32(to) <= now || to > Draining {
			return false
		}
		if r.phase.CompareAndSwap(now, int32(to)) {
			switch to {
			case Running:
				r.ran.Store(true)
			case Draining:
				close(r.drains)
			case Starting: // nothing comes before it
			}
			return true
		}
	}
}

// Pulse registers a loop, whose silence counts from now on, and returns its pulse;
// a name that is registered already has one pulse that all its callers share.
func (r *Registry) Pulse(loop Loop) *Pulse {
	r.mu.Lock()
	defer r.mu.Unlock()
	if loop.Limit <= 0 {
		loop.Limit = r.options.StallThreshold
	}
	p := &Pulse{loop: loop, limit: ticks(loop.Limit)}
	if known, ok := r.add(p).(*Pulse); ok {
		return known
	}
	return p // a check has that name: the pulse is nobody's
}

// add registers a part, unless its name is taken, and returns the one of that name.
// The caller holds the lock.
func (r *Registry) add(p part) part {
	if fault.Off(p.partName()) {
		return p
	}
	known := *r.parts.Load()
	at, taken := slices.BinarySearchFunc(known, p.partName(), func(p part, name string) int {
		return cmp.Compare(p.partName(), name)
	})
	if taken {
		return known[at]
	}
	p.past().begin(r.turn.Load())
	grown := slices.Insert(slices.Clone(known), at, p)
	r.parts.Store(&grown)
	return p
}

// Verdict returns the answer to a probe, from memory and without a lock.
func (r *Registry) Verdict(p Probe) Verdict {
	if v, ok := r.byPhase(p); ok {
		return v
	}
	for _, part := range *r.parts.Load() {
		if part.counts(p) && part.red(p) {
			return verdict(StatusUnhealthy)
		}
	}
	return verdict(StatusHealthy)
}

// byPhase is the verdict where it follows from the phase alone; ok is false where the
// parts have a say.
func (r *Registry) byPhase(p Probe) (v Verdict, ok bool) {
	phase := r.Phase()
	if phase == Running && !r.started.Load() {
		phase = Starting // nobody looks at the pulses yet
	}
	switch {
	case p == ProbeLive && phase != Running: // a restart would begin the same again
		return verdict(StatusHealthy), true
	case p == ProbeStartup && r.ran.Load():
		return verdict(StatusHealthy), true
	case phase == Draining:
		return verdict(StatusShuttingDown), true
	case phase == Starting:
		return verdict(StatusStarting), true
	}
	return Verdict{}, false
}

// Start launches the evaluator. A second call, and one after Stop, do nothing.
func (r *Registry) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done != nil {
		return nil
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	r.cancel, r.done = cancel, make(chan struct{})
	r.started.Store(true)

	wake := make(chan struct{}, 1)
	var loops sync.WaitGroup
	loops.Go(func() { r.run(run, wake) })
	loops.Go(func() { r.report(run, wake) })
	go func() {
		defer close(r.done)
		loops.Wait()
	}()
	return nil
}

// Stop moves the phase to Draining, since nobody looks at the parts from here
// on, and ends the evaluator and the checks. It waits until the evaluator is gone,
// for a second at most: the error then says that a hook hangs. It may be called
// twice, and before Start.
func (r *Registry) Stop(ctx context.Context) error {
	r.Advance(Draining)
	r.StopChecks(ctx)
	r.mu.Lock()
	cancel, done := r.cancel, r.done
	if done == nil {
		r.done = make(chan struct{})
		close(r.done)
	}
	r.mu.Unlock()
	if cancel == nil {
		return nil
	}
	cancel()
	ctx, stop := context.WithTimeout(ctx, stopWait)
	defer stop()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop the health registry: the hook is still running: %w", ctx.Err())
	}
}

func (r *Registry) run(ctx context.Context, wake chan<- struct{}) {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			r.runOnce()
			select {
			case wake <- struct{}{}:
			default:
			}
		}
	}
}

// runOnce looks at every part.
func (r *Registry) runOnce() {
	turn := r.turn.Add(1)
	for _, part := range *r.parts.Load() {
		if pulse, ok := part.(*Pulse); ok {
			pulse.look()
		}
		for p := range Probe(probes) {
			if part.counts(p) {
				part.past().note(p, part.red(p), turn)
			}
		}
	}
}

// report tells the hook what has changed since it was told last. It is quiet
// outside the phase Running: what has not begun yet, or has ended, is nobody's concern.
func (r *Registry) report(ctx context.Context, wake <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-wake:
		}
		for _, part := range *r.parts.Load() {
			red := part.red(ProbeReady)
			if memory := part.past(); red != memory.told && r.Phase() == Running {
				memory.told = red
				r.options.Changed(part.change(red))
			}
		}
	}
}
