package scheduler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"dagu/modules/fault"
	"dagu/modules/store"
)

const (
	// longestSleep bounds the time between two turns.
	longestSleep = time.Second
	// batchSize bounds what one transaction decides.
	batchSize = 500
	// maxPending bounds the due times that wait for a store that does not
	// answer. Beyond it nothing is taken, and lateness grows.
	maxPending = 100_000
)

// loop is the state of the scheduling goroutine, and of it alone.
type loop struct {
	options Options
	deps    Deps

	anchor anchor
	clock  clock

	plans map[string]*plan
	heap  agenda[*plan]
	// edition counts the changes of plans.
	edition uint64
	// generation of the catalog that plans follow; known tells that it was read once.
	generation uint64
	known      bool
	// pending are taken and wait for the store.
	pending []taken
	// lookedGone is when schedules were last looked for that will not come back.
	lookedGone time.Time
	// reopen and resync are owed after a backward step, resync also when another process
	// has seen one.
	reopen, resync bool
	// failing tells that the last call of the store failed.
	failing bool
}

func newLoop(options Options, deps Deps) *loop {
	return &loop{
		options: options,
		deps:    deps,
		anchor:  anchor{at: time.Now(), suspended: suspended()},
		plans:   make(map[string]*plan),
		edition: 1,
		reopen:  true, // the clock may have been wrong in an earlier life
	}
}

func (l *loop) run(ctx context.Context, asked <-chan question) {
	changed, unsubscribe := l.deps.Catalog.Subscribe()
	defer unsubscribe()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var q question
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-changed:
		case q = <-asked:
		}
		began := time.Now()
		now := l.runOnce(ctx)
		l.options.Metrics.turn(time.Since(began))
		if q.answer != nil {
			q.answer <- l.snapshot(now, q.known) // it has room for one
		}
		l.deps.Pulse.Beat("waiting")
		timer.Reset(l.sleep(now))
	}
}

// sleep is how long nothing is due.
func (l *loop) sleep(now time.Time) time.Duration {
	if len(l.pending) > 0 || len(l.heap) == 0 {
		return longestSleep
	}
	return min(max(fault.Lasting(l.heap[0].next.Sub(now)), 0), longestSleep)
}

// runOnce takes and decides what is due, and returns the time it acted on.
func (l *loop) runOnce(ctx context.Context) time.Time {
	fault.At("scheduler.loop")
	now := l.tick()
	l.take(now) // what a change takes from the plans was due until now
	l.deps.Pulse.Beat("following the catalog")
	// What fails here leaves the schedules that are known, which are due all the same.
	failed := l.follow(ctx, now)
	l.take(now)
	failed = errors.Join(failed, l.decide(ctx))
	if ctx.Err() == nil { // what a stop broke off did not fail
		l.report(failed)
	}
	return now
}

// tick reads the clock and logs what it did.
func (l *loop) tick() time.Time {
	s := l.clock.read(l.anchor.read(l.options.Wall))
	if s.back {
		l.reopen, l.resync = true, true
		l.putBack(s.now)
	}
	l.options.Metrics.step(s.by)
	switch {
	case s.by != 0:
		l.deps.Log.Warn("the wall clock was stepped", zap.Duration("by", s.by),
			zap.Bool("waiting_for_stable_clock", s.held), zap.Time("acting_on", s.now))
	case s.released:
		l.deps.Log.Warn("the stepped clock is stable and followed from now on", zap.Time("acting_on", s.now))
	}
	return s.now
}

// putBack forgets what was taken and lies ahead now: it has its turn again, after what
// is due before it.
func (l *loop) putBack(now time.Time) {
	l.pending = slices.DeleteFunc(l.pending, func(c taken) bool {
		ahead := c.until().After(now)
		if ahead {
			l.options.Metrics.retakes(c)
		}
		return ahead
	})
}

// follow brings the plans up to the catalog's and the store's state.
func (l *loop) follow(ctx context.Context, now time.Time) error {
	if l.reopen {
		n, err := l.deps.Store.Reopen(ctx, now)
		if err != nil {
			return fmt.Errorf("reopen marks: %w", err)
		}
		if n > 0 {
			l.deps.Log.Warn("marks ahead of the clock were taken back", zap.Int("schedules", n), zap.Time("to", now))
		}
		l.reopen = false
	}
	if err := l.takeGone(ctx, now); err != nil {
		return err
	}
	since := l.generation
	if l.resync {
		since = 0
	}
	changed, removed, next := l.deps.Catalog.Since(since)
	if !l.known {
		gone, err := l.gone(ctx, changed)
		if err != nil {
			return err
		}
		removed = append(removed, gone...)
		if err = l.takeEdited(ctx, changed, now); err != nil {
			return err
		}
	}
	if len(changed)+len(removed) > 0 {
		if err := l.sync(ctx, changed, removed, now); err != nil {
			return err
		}
	}
	l.generation, l.known, l.resync = next, true, false
	return nil
}

// take moves everything that is due to pending.
func (l *loop) take(now time.Time) {
	if fault.Error("scheduler.lose") != nil {
		return
	}
	var again []*plan
	for len(l.heap) > 0 && !l.heap[0].next.After(now) && len(l.pending) < maxPending {
		l.edition++
		p := l.heap.pop()
		l.deps.Pulse.Beat("taking due times of " + p.run.DAG)
		list := l.takeOf(p, now)
		l.options.Metrics.takes(list)
		l.pending = append(l.pending, list...)
		again = append(again, p)
	}
	for _, p := range again {
		l.heap.add(p)
	}
}

// takeOf takes what is due of one DAG. A panic is that DAG's alone: what is due is
// recorded as missed, and the DAG goes on after now.
func (l *loop) takeOf(p *plan, now time.Time) (list []taken) {
	nexts := p.nexts()
	defer func() {
		if cause := recover(); cause != nil {
			l.panicked(p.run.DAG, cause)
			list = p.miss(now, nexts)
		}
	}()
	fault.Of("scheduler.take", p.run.DAG)
	return p.take(now, l.options.MisfireThreshold)
}

// decide writes what is pending, in batches, oldest first.
func (l *loop) decide(ctx context.Context) error {
	for len(l.pending) > 0 {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		batch := l.pending[:min(len(l.pending), batchSize)]
		l.deps.Pulse.Beat("deciding due times from " + batch[0].DAG + " to " + batch[len(batch)-1].DAG)
		candidates := make([]store.Candidate, len(batch))
		for i, c := range batch {
			candidates[i] = c.Candidate
		}
		// The store has a deadline of its own; a decision in progress is not torn off.
		decisions, err := l.deps.Store.Decide(context.WithoutCancel(ctx), candidates,
			func(i int, s store.State) store.Verdict { return l.judge(batch[i], s) })
		if err != nil {
			return fmt.Errorf("decide %d due times: %w", len(l.pending), err)
		}
		for i, d := range decisions {
			if d.Stale { // another process followed a step of the clock that this one did not see
				l.resync = true
				l.options.Metrics.retakes(batch[i])
				continue
			}
			l.options.Metrics.decides(batch[i], d)
			l.tell(batch[i], d)
		}
		l.pending = l.pending[len(batch):]
	}
	l.pending = nil
	return nil
}

// judge is judge for the store, which calls it in its own goroutine. A panic is the due
// time's alone: otherwise none of the batch would ever be decided.
func (l *loop) judge(c taken, s store.State) (v store.Verdict) {
	defer func() {
		if cause := recover(); cause != nil {
			l.panicked(c.DAG, cause)
			v = store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonInternalError}
		}
	}()
	fault.Of("scheduler.judge", c.DAG)
	return judge(c, s)
}

// tell logs an outcome that an operator wants to see.
func (l *loop) tell(c taken, d store.Decision) {
	fields := []zap.Field{zap.String("dag", c.DAG), zap.String("kind", string(c.Kind)), zap.Time("due", c.Due)}
	switch {
	case d.Earlier:
		l.deps.Log.Debug("due time was decided before", fields...)
	case d.Outcome == store.OutcomeFired && d.Run != nil:
		l.deps.Log.Debug("due time fired", append(fields, zap.String("run_id", d.Run.ID))...)
	case d.Outcome == store.OutcomeFired:
		l.deps.Log.Info("running runs are stopped by schedule", fields...)
	case d.Outcome == store.OutcomeMissed:
		l.deps.Log.Warn("due time missed", append(fields, zap.String("reason", string(d.Reason)), zap.Int("count", max(c.Count, 1)))...)
	default:
		l.deps.Log.Info("due time skipped", append(fields, zap.String("reason", string(d.Reason)))...)
	}
}

// report logs when the store begins to fail and when it works again.
func (l *loop) report(err error) {
	switch {
	case err != nil && !l.failing:
		l.deps.Log.Error("store does not take decisions, trying again", zap.Error(err))
		l.failing = true
	case err == nil && l.failing:
		l.deps.Log.Info("store takes decisions again")
		l.failing = false
	}
}
