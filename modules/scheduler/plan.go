package scheduler

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"dagu/modules/catalog"
	"dagu/modules/schedule"
	"dagu/modules/store"
)

// maxTaken bounds the due times of one DAG that one turn looks at, so that a
// long absence of one does not hold up the others.
const maxTaken = 10_000

// entry is one schedule of a DAG on the heap.
type entry struct {
	key  store.Entry
	spec *schedule.Schedule
	// next is the first due time after the mark; zero when there is none.
	next time.Time
	// gap is the time in which the schedule stood in no file; zero when it always did.
	gapFrom, gapTo time.Time
}

// absent tells whether the schedule stood in no file at the instant.
func (e *entry) absent(at time.Time) bool {
	return at.After(e.gapFrom) && !at.After(e.gapTo)
}

// plan is what the scheduler knows of a DAG that has schedules.
type plan struct {
	slot                 // next is the earliest due time of all entries
	run     store.NewRun // what a due time enqueues, but for ID and Due
	entries []entry
}

// newPlan puts the marks of a DAG's entries behind its schedules.
func newPlan(dag catalog.Entry, marks map[store.Entry]store.Mark) *plan {
	p := &plan{run: dag.NewRun("", store.TriggerScheduler), slot: slot{place: -1}}
	for _, s := range dag.Schedules {
		key := keyOf(s.Spec)
		mark, ok := marks[key]
		if !ok {
			continue
		}
		delete(marks, key) // a text that stands twice is one entry
		p.entries = append(p.entries, entry{
			key: key, spec: s.Spec, next: s.Spec.Next(mark.Mark),
			gapFrom: mark.AbsentFrom, gapTo: mark.AbsentTo,
		})
	}
	p.settle()
	return p
}

func keyOf(spec *schedule.Schedule) store.Entry {
	return store.Entry{Kind: store.KindStart, Text: spec.String(), Zone: spec.Zone()}
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
	// verdict is what becomes of it when neither suspension nor overlap says otherwise.
	verdict store.Verdict
}

// until is the last due time of the candidate.
func (c taken) until() time.Time {
	if c.Last.IsZero() {
		return c.Due
	}
	return c.Last
}

// take removes what is due at now from the plan and judges its lateness.
// Afterwards next lies after now, or at a due time that the next turn takes.
func (p *plan) take(now time.Time, threshold time.Duration) []taken {
	var list []taken
	for n := 0; n < maxTaken && !p.next.IsZero() && !p.next.After(now); n++ {
		due := p.next
		c := taken{Candidate: store.Candidate{DAG: p.run.DAG, Kind: store.KindStart, Due: due}}
		absent := true
		for i := range p.entries {
			e := &p.entries[i]
			if !e.next.Equal(due) {
				continue
			}
			c.Entries = append(c.Entries, e.key)
			absent = absent && e.absent(due)
			e.next = e.spec.Next(due)
		}
		p.settle()
		c.verdict = lateness(now.Sub(due), threshold, absent)
		list = appendTaken(list, c)
	}
	p.supersede(list, now)
	return list
}

// broken is what becomes of a due time whose decision panicked.
func (p *plan) broken(due time.Time) taken {
	c := taken{
		Candidate: store.Candidate{DAG: p.run.DAG, Kind: store.KindStart, Due: due},
		verdict:   store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonInternalError},
	}
	for i := range p.entries {
		c.Entries = append(c.Entries, p.entries[i].key)
	}
	return c
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

// lateness judges a due time by its age alone.
func lateness(age, threshold time.Duration, absent bool) store.Verdict {
	switch {
	case age <= threshold:
		return store.Verdict{Outcome: store.OutcomeFired}
	case absent:
		return store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonDAGAbsent}
	default:
		return store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonNoCatchup}
	}
}

// appendTaken adds a candidate, as part of the last one when both are missed for one reason.
func appendTaken(list []taken, c taken) []taken {
	if len(list) == 0 || c.verdict.Outcome != store.OutcomeMissed || list[len(list)-1].verdict != c.verdict {
		return append(list, c)
	}
	last := &list[len(list)-1]
	if last.Count == 0 {
		last.Count = 1
	}
	last.Last, last.Count = c.Due, last.Count+1
	for _, key := range c.Entries {
		if !slices.Contains(last.Entries, key) {
			last.Entries = append(last.Entries, key)
		}
	}
	return list
}

// supersede lets only the newest of the due times fire, and gives it its run.
func (p *plan) supersede(list []taken, now time.Time) {
	// The newest is still to be taken when this turn reached its bound.
	newest := p.next.IsZero() || p.next.After(now)
	for i := len(list) - 1; i >= 0; i-- {
		c := &list[i]
		if c.verdict.Outcome != store.OutcomeFired {
			continue
		}
		if !newest {
			c.verdict = store.Verdict{Outcome: store.OutcomeSkipped, Reason: store.ReasonSuperseded}
			continue
		}
		newest = false
		run := p.run
		run.ID, run.Due = RunID(run.DAG, c.Due), c.Due
		c.verdict.Run = &run
	}
}

// RunID is the id of the run that a due time of a DAG enqueues: the same
// wherever and however often it is computed (a name-based UUID, RFC 9562 5.5).
func RunID(dag string, due time.Time) string {
	name := dag + "\x00" + due.UTC().Format(time.RFC3339Nano)
	return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).String()
}

// judge gives the final outcome of a taken due time in the state that the store finds.
func judge(c taken, s store.State) store.Verdict {
	switch {
	case c.verdict.Outcome != store.OutcomeFired:
		return c.verdict
	case s.Suspended:
		return store.Verdict{Outcome: store.OutcomeSkipped, Reason: store.ReasonSuspended}
	case s.Running+s.Queued > 0:
		return store.Verdict{Outcome: store.OutcomeSkipped, Reason: store.ReasonOverlap}
	default:
		return c.verdict
	}
}
