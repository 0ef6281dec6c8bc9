package scheduler

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"go.uber.org/zap"

	"dagu/modules/catalog"
	"dagu/modules/fault"
	"dagu/modules/store"
)

// gone names the DAGs that had schedules in an earlier life and are in no file now.
func (l *loop) gone(ctx context.Context, entries []catalog.Entry) ([]string, error) {
	names, err := l.deps.Store.ActiveSchedules(ctx)
	if err != nil {
		return nil, fmt.Errorf("list active schedules: %w", err)
	}
	there := make(map[string]bool, len(entries))
	for _, e := range entries {
		there[e.Name] = true
	}
	var gone []string
	for _, name := range names {
		if !there[name] {
			gone = append(gone, name)
		}
	}
	return gone, nil
}

// sync records the schedules of changed DAGs and puts their plans on the heap.
func (l *loop) sync(ctx context.Context, changed []catalog.Entry, removed []string, now time.Time) error {
	sets, err := l.ended(ctx, removed)
	if err != nil {
		return err
	}
	scheduled := make([]catalog.Entry, 0, len(changed))
	for _, e := range changed {
		if !e.Good {
			continue // broken from its first sight: there is nothing to schedule
		}
		set, ok := l.setOf(e)
		if !ok {
			continue
		}
		sets = append(sets, set)
		scheduled = append(scheduled, e)
	}
	rows, err := l.deps.Store.SyncSchedules(ctx, sets, now)
	if err != nil {
		return fmt.Errorf("record schedules: %w", err)
	}

	marks := make(map[string]map[store.Entry]store.Mark, len(scheduled))
	for _, m := range rows {
		if marks[m.DAG] == nil {
			marks[m.DAG] = make(map[store.Entry]store.Mark, 1)
		}
		marks[m.DAG][m.Entry] = m
	}
	l.edition++
	for _, name := range removed {
		l.drop(name)
	}
	for _, e := range scheduled {
		l.drop(e.Name)
		l.plan(e, marks[e.Name])
	}
	return nil
}

// ended makes the sets of DAGs that are in no file any more. Those of another scheduler's
// directory are its own affair.
func (l *loop) ended(ctx context.Context, removed []string) ([]store.ScheduleSet, error) {
	if len(removed) == 0 {
		return nil, nil
	}
	elsewhere, err := l.deps.Store.Elsewhere(ctx, l.options.Dir)
	if err != nil {
		return nil, fmt.Errorf("look for DAGs of other schedulers: %w", err)
	}
	sets := make([]store.ScheduleSet, 0, len(removed))
	for _, name := range removed {
		if !slices.Contains(elsewhere, name) {
			sets = append(sets, store.ScheduleSet{DAG: name})
		}
	}
	return sets, nil
}

// setOf lists the schedules of a DAG, each once. A panic in them is that DAG's alone.
func (l *loop) setOf(e catalog.Entry) (set store.ScheduleSet, ok bool) {
	defer func() {
		if cause := recover(); cause != nil {
			l.panicked(e.Name, cause)
			ok = false
		}
	}()
	set.DAG = e.Name
	for _, s := range e.Schedules {
		if key := keyOf(s); !slices.Contains(set.Entries, key) {
			set.Entries = append(set.Entries, key)
		}
	}
	return set, true
}

func (l *loop) drop(name string) {
	if p, ok := l.plans[name]; ok {
		l.heap.remove(p)
		delete(l.plans, name)
	}
}

func (l *loop) panicked(dag string, cause any) {
	l.options.Metrics.panicked()
	l.deps.Log.Error("planning a DAG failed", zap.String("dag", dag),
		zap.Any("cause", cause), zap.ByteString("stack", debug.Stack()))
}

// plan puts a DAG on the heap. A panic in its schedule is that DAG's alone.
func (l *loop) plan(e catalog.Entry, marks map[store.Entry]store.Mark) {
	defer func() {
		if cause := recover(); cause != nil {
			l.panicked(e.Name, cause)
		}
	}()
	l.deps.Pulse.Beat("planning " + e.Name)
	if fault.Error("scheduler.plan") != nil {
		return
	}
	p := newPlan(e, l.afterPending(e.Name, marks))
	if len(p.entries) == 0 {
		return
	}
	l.plans[e.Name] = p
	l.heap.add(p)
}

// afterPending moves marks behind the due times that are taken but not yet
// written, so that those are not taken twice.
func (l *loop) afterPending(name string, marks map[store.Entry]store.Mark) map[store.Entry]store.Mark {
	for _, c := range l.pending {
		if c.DAG != name {
			continue
		}
		for _, key := range c.Entries {
			if m, ok := marks[key]; ok && m.Mark.Before(c.until()) {
				m.Mark = c.until()
				marks[key] = m
			}
		}
	}
	return marks
}
