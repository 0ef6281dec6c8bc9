package scheduler

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"dagu/modules/fault"
	"dagu/modules/routine"
)

// Deps are the parts that a Scheduler works with; all are needed.
type Deps struct {
	Catalog   Catalog
	Store     Store
	Leftovers Leftovers
	Pulse     Pulse
	Log       *zap.Logger
}

// Scheduler decides due times and closes the runs of dead processes. Start and
// Stop may be called from any goroutine, each more than once.
type Scheduler struct {
	options Options
	deps    Deps
	// asked takes questions for what the loop has planned, answered at its next turn.
	asked chan question
	// planned is what was last found to be well.
	planned atomic.Pointer[well]
	loops   routine.Routine
}

// New returns a Scheduler that does nothing until Start. It fails when
// MisfireThreshold is not above 0, or RecoverInterval is below.
func New(options Options, deps Deps) (*Scheduler, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	s := &Scheduler{options: options, deps: deps, asked: make(chan question)}
	s.planned.Store(&well{})
	return s, nil
}

// Start closes the runs of processes that died, then launches the loop. What
// could not be closed is logged and tried again. A second call, and one after
// Stop, does nothing.
func (s *Scheduler) Start(ctx context.Context) error {
	r := &recoverer{store: s.deps.Store, leftovers: s.deps.Leftovers, log: s.deps.Log, metrics: s.options.Metrics}
	recovered := make(chan struct{})
	launched := s.loops.Start(ctx, func(life context.Context) {
		r.runOnce(life)
		close(recovered)
		var both sync.WaitGroup
		both.Go(func() { r.run(life, s.options.RecoverInterval) })
		both.Go(func() { s.guard(life) })
		both.Wait()
	})
	if launched {
		<-recovered // a look has a deadline of its own
	}
	return nil
}

// guard runs the loop and reports its death if it dies unasked.
func (s *Scheduler) guard(ctx context.Context) {
	defer func() {
		if cause := recover(); cause != nil {
			s.deps.Log.Error("scheduler loop died", zap.Any("cause", cause), zap.ByteString("stack", debug.Stack()))
			s.options.Died(fmt.Errorf("scheduler loop died: %v", cause))
		}
	}()
	newLoop(s.options, s.deps).run(ctx, s.asked)
}

// Stop ends the loop: nothing is decided afterwards. It returns when the turn in
// progress is over, or with the context's error before that.
func (s *Scheduler) Stop(ctx context.Context) error {
	if err := s.loops.Stop(ctx); err != nil {
		return fmt.Errorf("stop scheduler: the loop is still busy: %w", err)
	}
	return nil
}

// anchor is where steady time begins.
type anchor struct {
	at        time.Time
	suspended time.Duration
}

// read takes a reading of both clocks.
func (a anchor) read(wall func() time.Time) reading {
	return reading{
		wall:   wall().Round(0),
		steady: fault.Steady(time.Since(a.at) + suspended() - a.suspended),
	}
}
