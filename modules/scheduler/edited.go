package scheduler

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"dagu/modules/catalog"
	"dagu/modules/schedule"
	"dagu/modules/store"
)

// takeEdited takes, when a life begins, what became due by schedules that the life
// before followed and that have been edited away since: they were due until the
// edit was seen, which is now. While the loop turns there is no need of it, since
// everything due is taken before a change is followed.
func (l *loop) takeEdited(ctx context.Context, entries []catalog.Entry, now time.Time) error {
	names := make([]string, 0, len(entries))
	for i := range entries {
		if entries[i].Good {
			names = append(names, entries[i].Name)
		}
	}
	list, err := l.deps.Store.Marks(ctx, names)
	if err != nil {
		return fmt.Errorf("read marks: %w", err)
	}
	recorded := make(map[string][]store.Mark)
	for _, m := range list {
		recorded[m.DAG] = append(recorded[m.DAG], m)
	}
	for _, e := range entries {
		set, ok := l.setOf(e)
		if !ok || !slices.ContainsFunc(recorded[e.Name], func(m store.Mark) bool { return !slices.Contains(set.Entries, m.Entry) }) {
			continue
		}
		p := l.recordedPlan(e, set, recorded[e.Name])
		for !p.next.IsZero() && !p.next.After(now) && len(l.pending) < maxPending {
			taken := l.takeOf(p, now)
			l.options.Metrics.takes(taken)
			l.pending = append(l.pending, taken...)
		}
	}
	return nil
}

// recordedPlan is the plan of a DAG, which has the set of schedules now, by those that
// are recorded of it.
func (l *loop) recordedPlan(e catalog.Entry, set store.ScheduleSet, recorded []store.Mark) *plan {
	p := &plan{run: e.NewRun("", store.TriggerScheduler), policies: policiesOf(e), slot: slot{place: -1}}
	marks := make(map[store.Entry]store.Mark, len(recorded))
	for _, m := range recorded {
		marks[m.Entry] = m
	}
	for key, mark := range l.afterPending(e.Name, marks) {
		spec, err := schedule.Restore(key.Text, key.Zone)
		if err != nil {
			l.deps.Log.Warn("a schedule of an earlier life is not understood any more, what was due by it is not decided",
				zap.String("dag", e.Name), zap.String("schedule", key.Text), zap.Error(err))
			continue
		}
		p.entries = append(p.entries, entry{
			key: key, spec: spec, since: mark.From, done: mark.Mark, next: spec.Next(mark.Mark),
			gapFrom: mark.AbsentFrom, gapTo: mark.AbsentTo, edited: !slices.Contains(set.Entries, key),
		})
	}
	p.settle()
	return p
}
