package queue

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"dagu/modules/fault"
	"dagu/modules/routine"
	"dagu/modules/store"
)

const (
	// tick is the longest time between two turns of the loop.
	tick = time.Second
	// sweep is the number of ticks after which the store is asked although
	// nothing woke the loop.
	sweep = 5
)

// Store is what the queue needs of the store.
type Store interface {
	// Admit moves queued runs to running, owned by this process.
	Admit(ctx context.Context, a store.Admission) ([]store.Run, error)
	// Owned lists the running runs of this process.
	Owned(ctx context.Context) ([]store.Run, error)
	// Unadmit returns an admitted run that did nothing to its queue.
	Unadmit(ctx context.Context, ref store.Ref) error
	// SetLimits puts limits in force; it returns those before and those now.
	SetLimits(ctx context.Context, l store.Limits) (before, now store.Limits, err error)
	// Limits returns the limits in force.
	Limits(ctx context.Context) (store.Limits, error)
	// Backlog counts what waits, over all processes.
	Backlog(ctx context.Context) (store.Backlog, error)
	// NextRetry is the time until the next run that waits for its time; 0 is none.
	NextRetry(ctx context.Context) (time.Duration, error)
	// Subscribe returns a channel that holds a value after a change, and its end.
	Subscribe(topic store.Topic) (<-chan struct{}, func())
}

// Executor runs admitted runs.
type Executor interface {
	// Execute takes over the run and returns at once. It calls done exactly
	// once, when the run's end is recorded.
	Execute(run store.Run, done func())
}

// Pulse is touched on every turn of the loop.
type Pulse interface {
	// Beat tells that the loop turns, and what it is about to do.
	Beat(doing string)
}

// Options configure a Queue.
type Options struct {
	// MaxActive is how many admitted runs this process executes at once; at least 1.
	MaxActive int
	// Limits are those of this process's configuration, without a generation. Start
	// puts them in force; admission goes by those in force, which another process may
	// change. MaxActive holds beside them.
	Limits store.Limits
	// Metrics are counted in; nil is nobody.
	Metrics *Metrics
}

// Queue admits runs. Start and Stop may be called from any goroutine.
type Queue struct {
	options  Options
	store    Store
	executor Executor
	pulse    Pulse
	log      *zap.Logger

	freed chan struct{}
	loop  routine.Routine

	// Of the loop alone.
	recheck  bool
	failing  bool
	reviewed time.Time
	drift    drift
	retry    retry

	mu      sync.Mutex
	active  map[string]struct{}
	settled bool // the limits are set, or never will be
}

// New returns a Queue that admits nothing until Start. It fails when a limit is below 1.
func New(options Options, st Store, executor Executor, pulse Pulse, log *zap.Logger) (*Queue, error) {
	if options.MaxActive < 1 {
		return nil, fmt.Errorf("queue: MaxActive is %d, want at least 1", options.MaxActive)
	}
	for name, limit := range options.Limits.Slots {
		if limit < 1 {
			return nil, fmt.Errorf("queue: the limit of %q is %d, want at least 1", name, limit)
		}
	}
	return &Queue{
		options:  options,
		store:    st,
		executor: executor,
		pulse:    pulse,
		log:      log,
		freed:    make(chan struct{}, 1),
		active:   make(map[string]struct{}),
	}, nil
}

// Start puts the limits of this process's configuration in force, for it is the
// newest that there is, and launches the loop. A second call, and one after Stop,
// does nothing.
func (q *Queue) Start(ctx context.Context) error {
	if q.settle() {
		return nil
	}
	if err := q.declare(ctx); err != nil {
		return fmt.Errorf("start queue: %w", err)
	}
	q.loop.Start(ctx, q.run)
	return nil
}

// settle tells whether Start or Stop was called before.
func (q *Queue) settle() (before bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	before, q.settled = q.settled, true
	return before
}

// Stop ends admission and returns when the loop has ended, or with the context's
// error before that. Runs that were handed over go on; what is queued stays queued.
func (q *Queue) Stop(ctx context.Context) error {
	q.settle()
	if err := q.loop.Stop(ctx); err != nil {
		return fmt.Errorf("stop queue: the admission loop is still busy: %w", err)
	}
	return nil
}

// Active is the number of admitted runs that this process executes now.
func (q *Queue) Active() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	fault.At("queue.lock")
	return len(q.active)
}

func (q *Queue) run(ctx context.Context) {
	changed, unsubscribe := q.store.Subscribe(store.TopicQueue | store.TopicSuspend)
	defer unsubscribe()
	timer := time.NewTimer(tick)
	defer timer.Stop()

	reviewed := false
	for idle := 0; ; {
		if idle == 0 {
			q.foresee(ctx)
			q.runOnce(ctx)
			reviewed = false
		}
		if !reviewed {
			reviewed = q.review(ctx)
		}
		fault.At("queue.loop")
		q.Active() // an idle turn takes the lock too: one that is never released silences the pulse
		q.pulse.Beat("waiting")
		timer.Reset(q.retry.pause())
		select {
		case <-ctx.Done():
			return
		case <-changed:
			idle = 0
		case <-q.freed:
			idle = 0
		case <-timer.C:
			idle = (idle + 1) % sweep
			if q.failing || q.retry.due() {
				idle = 0
			}
		}
	}
}

// runOnce admits as much as there is room for.
func (q *Queue) runOnce(ctx context.Context) {
	if fault.Error("queue.pass") != nil {
		return
	}
	for ctx.Err() == nil {
		free := q.options.MaxActive - q.Active()
		if free <= 0 {
			return
		}
		q.pulse.Beat("admitting")
		runs, err := q.next(ctx, free)
		q.report(err)
		if err != nil {
			return
		}
		q.hand(ctx, runs)
		if len(runs) < free {
			return
		}
	}
}

// next admits up to free runs. An admission whose answer never came may have
// been recorded: then what this process owns is read before anything is asked for.
func (q *Queue) next(ctx context.Context, free int) ([]store.Run, error) {
	// The store has a deadline of its own; an admission in progress is not torn off.
	ctx = context.WithoutCancel(ctx)
	if q.recheck {
		owned, err := q.store.Owned(ctx)
		if err != nil {
			return nil, fmt.Errorf("read own runs: %w", err)
		}
		q.recheck = false
		if lost := q.unknown(owned); len(lost) > 0 {
			return lost, nil
		}
	}
	runs, err := q.store.Admit(ctx, store.Admission{Free: free})
	if err != nil {
		q.recheck = true
		return nil, fmt.Errorf("admit runs: %w", err)
	}
	return runs, nil
}

// unknown selects the runs that were admitted but never handed over.
func (q *Queue) unknown(owned []store.Run) []store.Run {
	q.mu.Lock()
	defer q.mu.Unlock()
	var lost []store.Run
	for _, run := range owned {
		if _, ok := q.active[run.ID]; !ok && !run.Unlimited && run.Begun.IsZero() {
			lost = append(lost, run)
		}
	}
	return lost
}

// hand passes runs to the executor, or back to the store once the queue stops.
func (q *Queue) hand(ctx context.Context, runs []store.Run) {
	for _, run := range runs {
		if ctx.Err() != nil {
			if err := q.store.Unadmit(context.WithoutCancel(ctx), run.Ref()); err != nil {
				q.log.Error("return run to its queue", zap.String("run_id", run.ID), zap.Error(err))
			}
			continue
		}
		q.options.Metrics.admitted(run)
		q.mu.Lock()
		q.active[run.ID] = struct{}{}
		q.mu.Unlock()
		q.executor.Execute(run, sync.OnceFunc(func() { q.free(run.ID) }))
	}
}

// free takes out a run that is over. The store wakes the loop when a queue has a slot
// again; only the room of this process is nothing that it knows of.
func (q *Queue) free(id string) {
	q.mu.Lock()
	full := len(q.active) >= q.options.MaxActive
	delete(q.active, id)
	q.mu.Unlock()
	if !full {
		return
	}
	select {
	case q.freed <- struct{}{}:
	default:
	}
}

// report logs when admission begins to fail and when it works again.
func (q *Queue) report(err error) {
	switch {
	case err != nil && !q.failing && !errors.Is(err, context.Canceled):
		q.log.Error("admission fails, trying again", zap.Error(err))
		q.failing = true
	case err == nil && q.failing:
		q.log.Info("admission works again")
		q.failing = false
	}
}
