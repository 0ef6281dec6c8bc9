package health

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

const (
	tick                  = time.Second
	defaultStallThreshold = 30 * time.Second
	// stopWait bounds Stop: a hook that hangs must not use up the time that others have to stop in.
	stopWait = time.Second
)

// Options configures a Registry.
type Options struct {
	// StallThreshold is how long a pulse may be silent, counted in whole
	// seconds; 0 is 30 s, anything else under 1 s is an error.
	StallThreshold time.Duration
	// Silent is called when a pulse falls silent while the phase is Running,
	// and Back when it beats again; nil does nothing. They are called one at a
	// time from a goroutine of their own, so that a hook that hangs delays
	// neither the verdict nor the evaluator.
	Silent, Back func(Silence)
}

// Silence tells of a pulse that is, or was, silent.
type Silence struct {
	// Pulse is the name of the pulse.
	Pulse string
	// Doing is what the loop announced with its last beat; "" when it never beat.
	Doing string
	// For is how long the silence has lasted, in whole seconds.
	For time.Duration
}

// Registry knows the phase of the process and the pulses of its loops, and
// draws the verdict from them. All methods may be called at any time and from
// any goroutine.
type Registry struct {
	limit   int64
	options Options

	phase   atomic.Int32
	started atomic.Bool
	pulses  atomic.Pointer[[]*Pulse]

	mu     sync.Mutex // guards the registration of pulses, and what follows
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
	r := &Registry{
		limit:   int64((options.StallThreshold + tick - 1) / tick),
		options: options,
	}
	r.pulses.Store(&[]*Pulse{})
	return r, nil
}

// Phase returns the present phase.
func (r *Registry) Phase() Phase { return Phase(r.phase.Load()) }

// Advance moves the phase forward to the given one and tells whether it did:
// a phase that is already reached, or passed, stays.
func (r *Registry) Advance(to Phase) bool {
	for {
		now := r.phase.Load()
		if int32(to) <= now || to > Draining {
			return false
		}
		if r.phase.CompareAndSwap(now, int32(to)) {
			return true
		}
	}
}

// Pulse registers a pulse, whose silence counts from now on, and returns it;
// a name that is registered already has one pulse that all its callers share.
func (r *Registry) Pulse(name string) *Pulse {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := *r.pulses.Load()
	for _, p := range known {
		if p.name == name {
			return p
		}
	}
	p := &Pulse{name: name, vital: name == SchedulerLoop}
	grown := append(known[:len(known):len(known)], p)
	r.pulses.Store(&grown)
	return p
}

// Verdict returns the answer to a probe, from memory and without a lock. It is
// starting until the registry has been started and the phase is Running.
func (r *Registry) Verdict() Verdict {
	switch {
	case r.Phase() == Draining:
		return Verdict{Status: StatusShuttingDown}
	case r.Phase() == Starting, !r.started.Load():
		return Verdict{Status: StatusStarting}
	}
	for _, p := range *r.pulses.Load() {
		if p.vital && p.silent() {
			return Verdict{Status: StatusUnhealthy}
		}
	}
	return Verdict{Status: StatusHealthy, Healthy: true}
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

// Stop moves the phase to Draining, since nobody looks at the pulses from here
// on, and ends the evaluator. It waits until the evaluator is gone, for a
// second at most: the error then says that a hook hangs. It may be called
// twice, and before Start.
func (r *Registry) Stop(ctx context.Context) error {
	r.Advance(Draining)
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
		return fmt.Errorf("stop the health registry: a silence hook is still running: %w", ctx.Err())
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

// runOnce looks at every pulse.
func (r *Registry) runOnce() {
	for _, p := range *r.pulses.Load() {
		p.look(r.limit)
	}
}

// report tells the hooks what has changed since it told them last.
func (r *Registry) report(ctx context.Context, wake <-chan struct{}) {
	told := make(map[*Pulse]bool)
	for {
		select {
		case <-ctx.Done():
			return
		case <-wake:
			for _, p := range *r.pulses.Load() {
				r.tell(p, told)
			}
		}
	}
}

// tell is quiet outside the phase Running: loops that have not turned yet, or
// have ended, are nobody's concern.
func (r *Registry) tell(p *Pulse, told map[*Pulse]bool) {
	silent := p.silent()
	if silent == told[p] || r.Phase() != Running {
		return
	}
	told[p] = silent
	hook, ticks := r.options.Back, p.lasted.Load()
	if silent {
		hook, ticks = r.options.Silent, p.ticks.Load()
	}
	if hook != nil {
		hook(Silence{Pulse: p.name, Doing: p.Doing(), For: time.Duration(ticks) * tick})
	}
}
