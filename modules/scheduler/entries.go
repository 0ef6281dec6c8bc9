package scheduler

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"dagu/modules/catalog"
	"dagu/modules/store"
)

// snapshot is what the loop has planned at one moment.
type snapshot struct {
	// edition changes with every plan.
	edition uint64
	// now is the time that the loop acted on, generation the catalog's that it follows.
	now        time.Time
	generation uint64
	// planned are the entries that stand on the agenda, those of a DAG together, and
	// begin is where they begin.
	planned []planned
	begin   map[string]int
}

// planned is an entry with its next due time.
type planned struct {
	dag  string
	key  store.Entry
	next time.Time
}

// snapshot copies the plans, unless they are still those of the edition that the
// asker knows. A plan that is not on the agenda will never be taken,
// and is left out; so is an entry that is due before its plan is.
func (l *loop) snapshot(now time.Time, known uint64) snapshot {
	if known == l.edition {
		return snapshot{edition: l.edition, generation: l.generation}
	}
	s := snapshot{
		edition: l.edition, now: now, generation: l.generation,
		planned: make([]planned, 0, len(l.plans)), begin: make(map[string]int, len(l.plans)),
	}
	for name, p := range l.plans {
		if p.place < 0 && !p.next.IsZero() {
			continue
		}
		s.begin[name] = len(s.planned)
		for i := range p.entries {
			if e := &p.entries[i]; e.next.IsZero() || !e.next.Before(p.next) {
				s.planned = append(s.planned, planned{name, e.key, e.next})
			}
		}
	}
	return s
}

const (
	// looks and lookAgain bound how often plans are compared before they count as
	// wrong: a change may be on its way.
	looks     = 3
	lookAgain = 2 * time.Second
)

// CheckEntries tells of a schedule in the files that the loop has no plan for, or
// plans for another time. It asks the loop at its next turn, and again when something
// is not as it should be; the error is also that the loop did not answer in ctx.
func (s *Scheduler) CheckEntries(ctx context.Context) (err error) {
	for look := range looks {
		if look > 0 {
			timer := time.NewTimer(lookAgain)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return err
			}
		}
		if err = s.compare(ctx); err == nil || errors.Is(err, errSilent) {
			return err
		}
	}
	return err
}

// errSilent tells that the loop did not answer.
var errSilent = errors.New("the loop did not say what it has planned")

func (s *Scheduler) compare(ctx context.Context) error {
	entries := s.deps.Catalog.Snapshot()
	_, _, generation := s.deps.Catalog.Since(math.MaxUint64)
	q := question{answer: make(chan snapshot, 1)}
	if well := s.planned.Load(); well.generation == generation {
		q.known = well.edition
	}
	select {
	case s.asked <- q:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", errSilent, ctx.Err())
	}
	var have snapshot
	select {
	case have = <-q.answer:
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", errSilent, ctx.Err())
	}
	if have.generation < generation {
		return fmt.Errorf("the loop follows generation %d of the DAG directory, and %d is there", have.generation, generation)
	}
	if have.edition == q.known {
		return nil // it was well, and nothing was planned since
	}
	var odd []catalog.Entry
	for i := range entries {
		if e := &entries[i]; e.Good && have.lacks(e, nil) != nil {
			odd = append(odd, *e)
		}
	}
	if err := s.explain(ctx, &have, odd); err != nil {
		return err
	}
	s.planned.Store(&well{have.edition, generation})
	return nil
}

// explain tells which of the DAGs is not planned as it should be even when its marks
// are heeded: after a clock went back they lie ahead of it where something has fired.
func (s *Scheduler) explain(ctx context.Context, have *snapshot, odd []catalog.Entry) error {
	if len(odd) == 0 {
		return nil
	}
	names := make([]string, len(odd))
	for i, e := range odd {
		names[i] = e.Name
	}
	list, err := s.deps.Store.Marks(ctx, names)
	if err != nil {
		return err
	}
	marks := make(map[string][]store.Mark, len(odd))
	for _, m := range list {
		marks[m.DAG] = append(marks[m.DAG], m)
	}
	for i := range odd {
		if err := have.lacks(&odd[i], marks[odd[i].Name]); err != nil {
			return err
		}
	}
	return nil
}

// well are plans that agreed with the DAG directory.
type well struct{ edition, generation uint64 }

// question asks the loop what it has planned.
type question struct {
	// known is the edition that was found to be well; 0 is none.
	known  uint64
	answer chan snapshot
}

// lacks tells which schedule of the DAG is not planned as it should be: for the first
// time after now, and after its mark among those of the DAG.
func (s *snapshot) lacks(e *catalog.Entry, marks []store.Mark) error {
	for _, at := range e.Schedules {
		key := keyOf(at)
		next, ok := s.find(e.Name, key)
		if !ok {
			return fmt.Errorf("%s is not planned for %q", e.Name, at.Spec)
		}
		if !next.IsZero() && !next.After(s.now) {
			continue // about to be taken
		}
		after := s.now
		for _, m := range marks {
			if m.Entry == key && m.Mark.After(after) {
				after = m.Mark
			}
		}
		if want := at.Spec.Next(after); !next.Equal(want) {
			return fmt.Errorf("%s is planned for %s, and %q is due at %s", e.Name, next, at.Spec, want)
		}
	}
	return nil
}

// find is when an entry of the DAG is due next; false when it is not planned.
func (s *snapshot) find(dag string, key store.Entry) (time.Time, bool) {
	i, ok := s.begin[dag]
	for ; ok && i < len(s.planned) && s.planned[i].dag == dag; i++ {
		if s.planned[i].key == key {
			return s.planned[i].next, true
		}
	}
	return time.Time{}, false
}
