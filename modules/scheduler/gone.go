package scheduler

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"dagu/modules/schedule"
	"dagu/modules/store"
)

// goneInterval is the time between two looks for schedules that will not come back.
const goneInterval = 10 * time.Minute

// takeGone takes what was due by schedules that have been gone for so long that they
// will not come back as the same, and that was left undecided until then: of a DAG
// that was removed in a downtime. It is missed, since nobody knows when it went.
func (l *loop) takeGone(ctx context.Context, now time.Time) error {
	if !l.lookedGone.IsZero() && now.Sub(l.lookedGone).Abs() < goneInterval {
		return nil
	}
	marks, err := l.deps.Store.GoneSchedules(ctx, now)
	if err != nil {
		return fmt.Errorf("look for schedules that are gone: %w", err)
	}
	plans := make(map[string]*plan)
	for _, m := range marks {
		p := plans[m.DAG]
		if p == nil {
			p = &plan{run: store.NewRun{DAG: m.DAG}, slot: slot{place: -1}}
			plans[m.DAG] = p
		}
		l.addGone(p, m)
	}
	for _, p := range plans {
		p.settle()
		for !p.next.IsZero() && len(l.pending) < maxPending {
			list := l.takeOf(p, now)
			l.options.Metrics.takes(list)
			l.pending = append(l.pending, list...)
		}
	}
	if len(plans) > 0 { // decided before any of them is there again, as a new one
		if err := l.decide(ctx); err != nil {
			return err
		}
	}
	l.lookedGone = now
	return nil
}

// addGone adds a schedule that is due until its end.
func (l *loop) addGone(p *plan, m store.Mark) {
	known := l.afterPending(m.DAG, map[store.Entry]store.Mark{m.Entry: m})
	spec, err := schedule.Restore(m.Entry.Text, m.Entry.Zone)
	if err != nil {
		l.deps.Log.Debug("a schedule that is gone is not understood any more", zap.String("dag", m.DAG),
			zap.String("schedule", m.Entry.Text), zap.Error(err))
		return
	}
	e := entry{key: m.Entry, spec: spec, gapFrom: m.AbsentFrom, gapTo: m.AbsentTo, end: m.AbsentTo}
	e.advance(known[m.Entry].Mark)
	p.entries = append(p.entries, e)
}
