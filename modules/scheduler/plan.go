package scheduler

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/schedule"
	"dagu/modules/store"
)

// maxTaken bounds the instants of one DAG that one turn looks at, so that a
// long absence of one does not hold up the others.
const maxTaken = 10_000

// entry is one schedule of a DAG on the heap.
type entry struct {
	key  store.Entry
	spec *schedule.Schedule
	// since is when the schedule was first seen.
	since time.Time
	// done is the mark, as far as the plan knows. next is the first due time after it;
	// zero when there is none.
	done, next time.Time
	// gap is the time in which the schedule stood in no file; zero when it always did.
	gapFrom, gapTo time.Time
	// edited tells that the schedule stands in its file no more.
	edited bool
	// end is when the schedule went for good; zero when it did not.
	end time.Time
}

// advance moves the entry to its first due time after the instant.
func (e *entry) advance(after time.Time) {
	if e.next = e.spec.Next(after); !e.end.IsZero() && e.next.After(e.end) {
		e.next = time.Time{}
	}
}

// absent tells whether the schedule stood in no file at the instant.
func (e *entry) absent(at time.Time) bool {
	return at.After(e.gapFrom) && !at.After(e.gapTo)
}

// plan is what the scheduler knows of a DAG that has schedules.
type plan struct {
	slot                  // next is the earliest due time of all entries
	run      store.NewRun // what a due time enqueues, but for ID, Due and Trigger
	policies policies
	entries  []entry
}

// newPlan puts the marks of a DAG's entries behind its schedules.
func newPlan(dag catalog.Entry, marks map[store.Entry]store.Mark) *plan {
	p := &plan{run: dag.NewRun("", store.TriggerScheduler), policies: policiesOf(dag), slot: slot{place: -1}}
	for _, s := range dag.Schedules {
		key := keyOf(s)
		mark, ok := marks[key]
		if !ok {
			continue
		}
		delete(marks, key) // a text that stands twice is one entry
		p.entries = append(p.entries, entry{
			key: key, spec: s.Spec, since: mark.From, done: mark.Mark, next: s.Spec.Next(mark.Mark),
			gapFrom: mark.AbsentFrom, gapTo: mark.AbsentTo,
		})
	}
	p.settle()
	return p
}

func keyOf(s dag.Schedule) store.Entry {
	return store.Entry{Kind: store.Kind(s.Kind), Text: s.Spec.String(), Zone: s.Spec.Zone()}
}

// settle computes the plan's next from its entries.
func (p *plan) settle() {
	p.next = time.Time{}
	for i := range p.entries {
		if n := p.entries[i].next; !n.IsZero() && (p.next.IsZero() || n.Before(p.next)) {
			p.next = n
		}
	}
}

// taken is a candidate whose lateness has been judged.
type taken struct {
	store.Candidate
	// verdict is what becomes of it when nothing in the store says otherwise.
	verdict store.Verdict
	overlap dag.Overlap
	timing
}

// until is the last due time of the candidate.
func (c taken) until() time.Time {
	if c.Last.IsZero() {
		return c.Due
	}
	return c.Last
}

// order is that of the kinds which are due at one instant.
//
//nolint:gochecknoglobals // a constant in all but name
var order = [...]store.Kind{store.KindStop, store.KindRestart, store.KindStart}

// take removes what is due at now from the plan and judges its lateness.
// Afterwards next lies after now, or at a due time that the next turn takes.
func (p *plan) take(now time.Time, threshold time.Duration) []taken {
	var list takenList
	p.takeEach(now, func(c taken) {
		late := now.Sub(c.Due)
		c.late = late > threshold
		c.caughtUp = c.Kind == store.KindStart && (c.once || late <= p.policies.window) && !c.edited
		c.verdict = p.policies.lateness(c.Kind, c.timing)
		list.add(c)
	})
	p.finish(list.all, now)
	return list.all
}

// takeEach hands over what is due at now, in order.
func (p *plan) takeEach(now time.Time, add func(taken)) {
	for n := 0; n < maxTaken && !p.next.IsZero() && !p.next.After(now); n++ {
		due := p.next
		for _, kind := range order {
			if c, ok := p.takeKind(kind, due); ok {
				add(c)
			}
		}
		p.settle()
	}
}

// takeKind takes what is due of one kind at an instant.
func (p *plan) takeKind(kind store.Kind, due time.Time) (taken, bool) {
	c := taken{Candidate: store.Candidate{DAG: p.run.DAG, Kind: kind, Due: due}, overlap: p.policies.overlap}
	c.absent, c.edited = true, true
	for i := range p.entries {
		e := &p.entries[i]
		if e.key.Kind != kind || !e.next.Equal(due) {
			continue
		}
		c.Entries = append(c.Entries, e.key)
		c.absent, c.edited = c.absent && e.absent(due), c.edited && e.edited
		c.once = c.once || e.spec.Single() && !e.edited
		if e.done.After(c.After) {
			c.After = e.done
		}
		e.done = due
		e.advance(due)
	}
	return c, len(c.Entries) > 0
}

// nexts are the next due times of the entries.
func (p *plan) nexts() []time.Time {
	list := make([]time.Time, len(p.entries))
	for i := range p.entries {
		list[i] = p.entries[i].next
	}
	return list
}

// miss takes what is due at now as missed, from the next due times that the entries had
// before a panic kept it from being decided. When the schedules themselves panic, those
// due at that instant are missed too, and the plan goes on behind now.
func (p *plan) miss(now time.Time, nexts []time.Time) (missed []taken) {
	var list takenList
	add := func(c taken) {
		c.verdict = store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonInternalError}
		list.add(c)
	}
	defer func() {
		if recover() != nil {
			p.missAt(p.next, add)
			missed = list.all
			p.skipTo(now)
		}
	}()
	for i := range p.entries {
		p.entries[i].next = nexts[i]
	}
	p.settle()
	p.takeEach(now, add)
	return list.all
}

// missAt hands over what is still to be taken of an instant.
func (p *plan) missAt(due time.Time, add func(taken)) {
	for _, kind := range order {
		c := taken{Candidate: store.Candidate{DAG: p.run.DAG, Kind: kind, Due: due}}
		for i := range p.entries {
			if e := &p.entries[i]; e.key.Kind == kind && e.next.Equal(due) {
				c.Entries = append(c.Entries, e.key)
			}
		}
		if len(c.Entries) > 0 {
			add(c)
		}
	}
}

// skipTo moves the plan behind now; a schedule that panics again is given up.
func (p *plan) skipTo(now time.Time) {
	defer func() {
		if recover() != nil {
			p.entries, p.next = nil, time.Time{}
		}
	}()
	for i := range p.entries {
		p.entries[i].next = p.entries[i].spec.Next(now)
	}
	p.settle()
}

// takenList gathers candidates by due time.
type takenList struct {
	all []taken
	// last are the places of the last ones, by kind; those of the zero list are none.
	last map[store.Kind]int
}

// add adds a candidate, as part of the last one of its kind when both are missed for one reason.
func (l *takenList) add(c taken) {
	i, ok := l.last[c.Kind]
	if !ok || c.verdict.Outcome != store.OutcomeMissed || l.all[i].verdict != c.verdict {
		if l.last == nil {
			l.last = make(map[store.Kind]int, len(order))
		}
		l.last[c.Kind] = len(l.all)
		l.all = append(l.all, c)
		return
	}
	last := &l.all[i]
	last.Count = max(last.Count, 1) + 1
	last.Last = c.Due
	for _, key := range c.Entries {
		if !slices.Contains(last.Entries, key) {
			last.Entries = append(last.Entries, key)
		}
	}
}

// finish lets the due times that are to fire have their place among each other: only
// the newest of a kind, but of starts that are caught up all. Each gets its run.
func (p *plan) finish(list []taken, now time.Time) {
	// The newest is still to be taken when this turn reached its bound.
	more := !p.next.IsZero() && !p.next.After(now)
	newest := make(map[store.Kind]bool, len(order))
	for i := len(list) - 1; i >= 0; i-- {
		c := &list[i]
		if c.verdict.Outcome != store.OutcomeFired {
			continue
		}
		first := !more && !newest[c.Kind]
		newest[c.Kind] = true
		if !first && !c.keeps() {
			c.verdict = store.Verdict{Outcome: store.OutcomeSkipped, Reason: store.ReasonSuperseded}
			continue
		}
		p.fill(c, !first)
	}
}

// keeps tells whether the candidate fires although a newer one does.
func (c *taken) keeps() bool {
	return c.caughtUp && (c.once || c.overlap != dag.OverlapLatest)
}

// fill gives a candidate that is to fire what its kind needs.
func (p *plan) fill(c *taken, behind bool) {
	if c.Kind == store.KindStop {
		return
	}
	run := p.run
	run.ID, run.Due = RunID(run.DAG, c.Kind, c.Due), c.Due
	c.verdict.Run = &run
	if c.late || behind {
		run.Trigger, c.verdict.Serial = store.TriggerCatchup, true
	}
	switch {
	case c.Kind == store.KindRestart:
		c.verdict.RestartWait = p.policies.restartWait
	case p.policies.skipIfSuccessful:
		c.SucceededFrom = p.sinceLast(c)
	}
}

// longestSpan is how far back the due time before another is looked for.
const longestSpan = 32 * 24 * time.Hour

// sinceLast is the due time before the candidate's, but not before one of its
// schedules was first seen: an edit makes a new beginning.
func (p *plan) sinceLast(c *taken) time.Time {
	last := c.Due.Add(-longestSpan)
	for i := range p.entries {
		e := &p.entries[i]
		if e.key.Kind != store.KindStart {
			continue
		}
		if at := e.spec.Previous(c.Due, longestSpan); at.After(last) {
			last = at
		}
		if slices.Contains(c.Entries, e.key) && e.since.After(last) {
			last = e.since
		}
	}
	return last
}

// RunID is the id of the run that a due time of a DAG enqueues: the same
// wherever and however often it is computed (a name-based UUID, RFC 9562 5.5).
func RunID(dag string, kind store.Kind, due time.Time) string {
	name := dag + "\x00" + due.UTC().Format(time.RFC3339Nano)
	if kind != store.KindStart {
		name += "\x00" + string(kind)
	}
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).String()
}
