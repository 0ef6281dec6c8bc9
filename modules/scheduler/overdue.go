package scheduler

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/fault"
	"dagu/modules/store"
)

// Marks is what the checks need of the store.
type Marks interface {
	// Marks reads how far the schedules that the DAGs have now are decided.
	Marks(ctx context.Context, dags []string) ([]store.Mark, error)
	// NewestMark is the latest mark of all schedules that are there; zero without any.
	NewestMark(ctx context.Context) (time.Time, error)
}

// Overdue finds due times that are without an outcome although the loop had time to
// decide them. It works on its own: from the files' schedules and the store's marks,
// with a heap and a clock like the loop's. What it learns of the store it keeps
// until a due time has come, so a look costs next to nothing while nothing is due.
type Overdue struct {
	catalog  Catalog
	marks    Marks
	wall     Wall
	patience int

	mu         sync.Mutex // one look at a time
	anchor     anchor
	clock      clock
	turn       int
	generation uint64
	dags       map[string]*watched
	heap       agenda[*watched]
	// waiting are those whose due time has come, in the order in which it was seen.
	waiting []*watched
}

// watched is a DAG with the time of its next due time.
type watched struct {
	slot
	name      string
	schedules []dag.Schedule
	// seen is the believed time when the DAG, or a change of it, was first seen: what
	// is older is not owed to a schedule without a mark.
	seen time.Time
	// since is the turn in which next had come; gone tells that the DAG is not watched any more.
	since int
	gone  bool
}

// NewOverdue returns a check that looks about once a second. The loop has as many
// looks as threshold has seconds to decide what is due.
func NewOverdue(c Catalog, marks Marks, wall Wall, threshold time.Duration) *Overdue {
	if wall == nil {
		wall = fault.Now
	}
	return &Overdue{
		catalog: c, marks: marks, wall: wall, patience: int(threshold / time.Second),
		anchor: anchor{at: time.Now(), suspended: suspended()},
		dags:   make(map[string]*watched),
	}
}

// Look returns an error that names a due time which is overdue. Turns are counted,
// not time: a process that was stopped, or a machine that slept, has its turns first.
func (o *Overdue) Look(ctx context.Context) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	fault.At("scheduler.lock")
	o.turn++
	s := o.clock.read(o.anchor.read(o.wall))
	if s.back || s.released { // marks may have been taken back, or schedules passed over
		o.generation, o.waiting, o.heap = 0, nil, nil
		o.dags = make(map[string]*watched)
	}
	if err := o.follow(ctx, s.now); err != nil {
		return err
	}
	for len(o.heap) > 0 && !o.heap[0].next.After(s.now) {
		w := o.heap.pop()
		w.since = o.turn
		o.waiting = append(o.waiting, w)
	}
	return o.verify(ctx, s.now)
}

// follow takes over what changed in the catalog.
func (o *Overdue) follow(ctx context.Context, now time.Time) error {
	changed, removed, generation := o.catalog.Since(o.generation)
	var list []*watched
	for _, e := range changed {
		if e.Good && !o.dags[e.Name].has(e.Schedules) {
			list = append(list, newWatched(e, now))
		}
	}
	if err := o.read(ctx, list, now); err != nil {
		return err
	}
	for _, name := range removed {
		o.drop(name)
	}
	for _, w := range list {
		o.drop(w.name)
		o.dags[w.name] = w
		o.heap.add(w)
	}
	o.generation = generation
	return nil
}

func newWatched(e catalog.Entry, now time.Time) *watched {
	return &watched{name: e.Name, schedules: e.Schedules, seen: now, slot: slot{place: -1}}
}

// has tells that the DAG is watched with these schedules. An edit that leaves them as
// they are must not give the loop new time for what is due.
func (w *watched) has(schedules []dag.Schedule) bool {
	return w != nil && slices.EqualFunc(w.schedules, schedules, func(a, b dag.Schedule) bool {
		return keyOf(a) == keyOf(b)
	})
}

func (o *Overdue) drop(name string) {
	w, ok := o.dags[name]
	if !ok {
		return
	}
	delete(o.dags, name)
	w.gone = true
	o.heap.remove(w)
}

// read computes the next due times of DAGs from their marks.
func (o *Overdue) read(ctx context.Context, list []*watched, now time.Time) error {
	if len(list) == 0 {
		return nil
	}
	names := make([]string, len(list))
	for i, w := range list {
		names[i] = w.name
	}
	marks, err := o.marks.Marks(ctx, names)
	if err != nil {
		return err
	}
	begin := make(map[string]int, len(list)) // of a DAG's marks, which stand together
	for i, m := range marks {
		if i == 0 || marks[i-1].DAG != m.DAG {
			begin[m.DAG] = i
		}
	}
	for _, w := range list {
		var own []store.Mark
		if i, ok := begin[w.name]; ok {
			own = marks[i:]
		}
		w.settle(own, now)
	}
	return nil
}

// settle computes the next due time from marks, of which the DAG's own come first. A
// schedule that has no mark yet is owed what comes after it was seen. A mark ahead of
// the clock may be taken back at any time: the DAG is looked at again.
func (w *watched) settle(marks []store.Mark, now time.Time) {
	w.next = time.Time{}
	for _, s := range w.schedules {
		key, mark := keyOf(s), w.seen
		for i := 0; i < len(marks) && marks[i].DAG == w.name; i++ {
			if marks[i].Entry == key {
				mark = marks[i].Mark
			}
		}
		n := s.Spec.Next(mark)
		if mark.After(now) {
			n = now
		}
		if !n.IsZero() && (w.next.IsZero() || n.Before(w.next)) {
			w.next = n
		}
	}
}

// verify reads the marks of those that had their time, and tells of the first that
// is where it was.
func (o *Overdue) verify(ctx context.Context, now time.Time) error {
	n := 0
	for n < len(o.waiting) && o.turn-o.waiting[n].since >= o.patience {
		n++
	}
	var late []*watched
	was := make(map[*watched]time.Time, n)
	for _, w := range o.waiting[:n] {
		if !w.gone {
			late = append(late, w)
			was[w] = w.next
		}
	}
	if err := o.read(ctx, late, now); err != nil {
		return err
	}
	var overdue error
	var stay []*watched
	for _, w := range late {
		if !w.next.Equal(was[w]) {
			o.heap.add(w)
			continue
		}
		stay = append(stay, w)
		if overdue == nil {
			overdue = fmt.Errorf("%s was due at %s and has no outcome", w.name, w.next.UTC().Format(time.RFC3339))
		}
	}
	o.waiting = append(stay, o.waiting[n:]...)
	return overdue
}
