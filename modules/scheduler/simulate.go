package scheduler

import (
	"slices"
	"time"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/store"
)

// Made is a made-up time for [Simulate].
type Made struct {
	// From and To bound it: what is due after From and up to To.
	From, To time.Time
	// Duration is how long each run takes; 0 is no time at all.
	Duration time.Duration
	// MisfireThreshold is that of Options.
	MisfireThreshold time.Duration
	// Down tells that no scheduler runs before To, so that all is decided then.
	Down bool
}

// Sums counts what became of due times.
type Sums struct {
	Fired, Skipped, Missed int
	// Reasons counts what was skipped or missed by its reason.
	Reasons map[store.Reason]int
	// Queued is how many runs waited at once at most.
	Queued int
}

func (s *Sums) add(v store.Verdict, n int) {
	switch v.Outcome {
	case store.OutcomeFired:
		s.Fired += n
	case store.OutcomeSkipped:
		s.Skipped += n
	case store.OutcomeMissed:
		s.Missed += n
	}
	if v.Reason != "" {
		s.Reasons[v.Reason] += n
	}
}

// Simulate lets the loop's own planner decide the due times of a DAG over a made-up
// time. The DAG has a queue of its own with one slot, nobody else starts it, and every
// run succeeds.
func Simulate(e catalog.Entry, m Made) Sums {
	marks := make(map[store.Entry]store.Mark, len(e.Schedules))
	for _, s := range e.Schedules {
		marks[keyOf(s)] = store.Mark{From: m.From, Mark: m.From}
	}
	p := newPlan(e, marks)
	w := made{duration: m.Duration, sums: Sums{Reasons: map[store.Reason]int{}}}
	for !p.next.IsZero() && !p.next.After(m.To) {
		now := p.next
		if m.Down {
			now = m.To
		}
		w.pass(now)
		for _, c := range p.take(now, m.MisfireThreshold) {
			w.decide(c, now)
		}
	}
	return w.sums
}

// made is the state of a DAG in a made-up time.
type made struct {
	duration time.Duration
	sums     Sums
	// running tells that a run runs, from started to ends; waiting are the kinds of those
	// that are queued behind it.
	running       bool
	started, ends time.Time
	waiting       []store.Kind
	// finished is when a run ended last.
	finished time.Time
}

// pass lets time pass: runs end, and those that wait start.
func (w *made) pass(now time.Time) {
	for w.running && !w.ends.After(now) {
		w.end(w.ends)
	}
}

// end ends the run that runs; the next one starts.
func (w *made) end(at time.Time) {
	w.running, w.finished = false, at
	if len(w.waiting) > 0 {
		w.waiting = w.waiting[1:]
		w.start(at)
	}
}

func (w *made) start(at time.Time) {
	w.running, w.started, w.ends = true, at, at.Add(w.duration)
}

// decide decides a due time as the store would, and does what it asks for.
func (w *made) decide(c taken, now time.Time) {
	s := store.State{
		Busy:    w.running || len(w.waiting) > 0,
		Started: w.running && w.started.Before(c.Due),
	}
	s.Succeeded = !c.SucceededFrom.IsZero() && !w.finished.Before(c.SucceededFrom) && w.finished.Before(c.Due)
	v := judge(c, s)
	w.sums.add(v, max(c.Count, 1))
	if v.Outcome != store.OutcomeFired {
		return
	}
	if v.Replace {
		w.supersede(c.Kind)
	}
	if c.Kind != store.KindStart && s.Started {
		w.end(now)
	}
	if c.Kind == store.KindStop {
		return
	}
	if w.running {
		w.waiting = append(w.waiting, c.Kind)
		w.sums.Queued = max(w.sums.Queued, len(w.waiting))
		return
	}
	w.start(now)
	w.pass(now) // it may take no time
}

// supersede ends what waits of a kind.
func (w *made) supersede(kind store.Kind) {
	before := len(w.waiting)
	w.waiting = slices.DeleteFunc(w.waiting, func(k store.Kind) bool { return k == kind })
	if n := before - len(w.waiting); n > 0 {
		w.sums.Fired -= n
		w.sums.add(skipped(store.ReasonSuperseded), n)
	}
}

// WithOverlap is the DAG as it would be with another overlap policy.
func WithOverlap(e catalog.Entry, overlap dag.Overlap) catalog.Entry {
	e.Overlap = overlap
	return e
}
