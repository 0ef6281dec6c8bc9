package scheduler_test

import (
	"maps"
	"slices"
	"time"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/scheduler"
	"dagu/modules/store"
)

// threshold is the misfire threshold of a trial.
const threshold = 5 * time.Minute

// spec is a schedule, and the same as a rule that needs no calendar.
type spec struct {
	text          string
	every, offset int // minutes
}

func specs() []spec {
	return []spec{{"* * * * *", 1, 0}, {"*/3 * * * *", 3, 0}, {"*/5 * * * *", 5, 0}, {"0 * * * *", 60, 0}, {"7,37 * * * *", 30, 7}}
}

// once is the instant of a schedule that is due once; ok tells that it is such a one.
func once(text string) (at time.Time, ok bool) {
	at, err := time.Parse(time.RFC3339, text)
	return at, err == nil
}

// due lists the instants of a schedule after from, until to.
func due(text string, from, to time.Time) (list []time.Time) {
	if at, ok := once(text); ok {
		if at.After(from) && !at.After(to) {
			list = append(list, at)
		}
		return list
	}
	i := slices.IndexFunc(specs(), func(s spec) bool { return s.text == text })
	for at := from.Truncate(time.Minute); !at.After(to); at = at.Add(time.Minute) {
		if at.After(from) && (at.Hour()*60+at.Minute())%specs()[i].every == specs()[i].offset {
			list = append(list, at)
		}
	}
	return list
}

// line are the due times of one kind of a DAG, and instant is one of them.
type line struct {
	dag  string
	kind store.Kind
}

type instant struct {
	line
	due time.Time
}

// outcome is what becomes of one.
type outcome struct {
	outcome store.Outcome
	reason  store.Reason
}

// entryKey is a schedule of a DAG.
type entryKey struct {
	line
	text string
}

// modelEntry is what is known of it.
type modelEntry struct {
	from, mark     time.Time
	gone           time.Time // zero while it is there
	gapFrom, gapTo time.Time
}

// modelRun is a run.
type modelRun struct {
	id, dag  string
	due      time.Time
	restart  bool        // a restart has made it
	after    []*modelRun // what that stops
	first    time.Time   // when its attempts started, the earliest; zero is never
	started  time.Time
	finished time.Time
	status   store.Status
	stopping bool
	ref      store.Ref
}

type file struct {
	generation uint64
	entry      *catalog.Entry // nil once removed
}

type interval struct{ from, to time.Time }

// model is what a data directory has to say, by the instant.
type model struct {
	files      map[string]file
	generation uint64
	entries    map[entryKey]*modelEntry
	outcomes   map[line]map[time.Time]outcome
	runs       map[string]*modelRun
	order      []string // of the runs
	suspended  map[string][]interval
}

func newModel() *model {
	m := &model{
		files: map[string]file{}, entries: map[entryKey]*modelEntry{}, outcomes: map[line]map[time.Time]outcome{},
		runs: map[string]*modelRun{}, suspended: map[string][]interval{},
	}
	for _, name := range names() {
		for _, kind := range kinds() {
			m.outcomes[line{name, kind}] = map[time.Time]outcome{}
		}
	}
	return m
}

// kinds are those of due times, in the order in which they are decided.
func kinds() []store.Kind { return []store.Kind{store.KindStop, store.KindRestart, store.KindStart} }

func (m *model) add(r *modelRun) {
	r.status = store.StatusQueued
	m.runs[r.id] = r
	m.order = append(m.order, r.id)
}

func (m *model) suspend(name string, at time.Time) {
	list := m.suspended[name]
	if n := len(list); n > 0 && list[n-1].to.IsZero() {
		return
	}
	m.suspended[name] = append(list, interval{from: at})
}

func (m *model) resume(name string, at time.Time) {
	list := m.suspended[name]
	n := len(list)
	switch {
	case n == 0 || !list[n-1].to.IsZero():
	case list[n-1].from.Before(at):
		list[n-1].to = at
	default: // it was empty
		m.suspended[name] = list[:n-1]
	}
}

// sync takes over what stands in the file of a DAG.
func (m *model) sync(name string, e *catalog.Entry, now time.Time) {
	there := map[entryKey]bool{}
	if e != nil {
		for _, s := range e.Schedules {
			there[entryKey{line{name, store.Kind(s.Kind)}, s.Text}] = true
		}
	}
	for key, known := range m.entries {
		if key.dag == name && !there[key] && known.gone.IsZero() {
			known.gone = now
		}
	}
	for key := range there {
		known := m.entries[key]
		switch {
		case known == nil, !known.gone.IsZero() && now.Sub(known.gone) >= 24*time.Hour:
			m.entries[key] = &modelEntry{from: now, mark: now}
		case !known.gone.IsZero():
			if now.After(known.gone) {
				known.gapFrom, known.gapTo = known.gone, now
			}
			known.gone = time.Time{}
		}
	}
}

// reopen is for a clock that shows less than what is decided.
func (m *model) reopen(now time.Time) {
	for at, outcomes := range m.outcomes {
		to := now
		if last := lastFired(outcomes); last.After(to) {
			to = last
		}
		moved := false
		for key, e := range m.entries {
			if key.line == at && e.mark.After(to) {
				e.mark, moved = to, true
				if e.from.After(to) {
					e.from = to
				}
			}
		}
		maps.DeleteFunc(outcomes, func(due time.Time, _ outcome) bool { return moved && due.After(to) })
	}
}

// lastFired is the last due time that fired; zero when none did.
func lastFired(outcomes map[time.Time]outcome) (last time.Time) {
	for due, o := range outcomes {
		if o.outcome == store.OutcomeFired && due.After(last) {
			last = due
		}
	}
	return last
}

// decide records what becomes of a candidate, as far as that is not known. It does
// nothing when something before it is undecided, as its planner missed that a mark
// went back.
func (m *model) decide(c candidate) bool {
	for key := range c.entries {
		if e := m.entries[key]; e != nil && len(due(key.text, e.mark, c.times[0].Add(-1))) > 0 {
			return false
		}
	}
	var open []time.Time
	for _, at := range c.times {
		if _, ok := m.outcomes[c.line][at]; !ok {
			open = append(open, at)
		}
	}
	if len(open) > 0 {
		v := m.judge(c)
		for _, at := range open {
			m.outcomes[c.line][at] = v
		}
		if v.outcome == store.OutcomeFired {
			m.fire(c)
		}
	}
	for key := range c.entries {
		if e := m.entries[key]; e != nil && e.mark.Before(c.last()) {
			e.mark = c.last()
		}
	}
	return true
}

// judge is what becomes of a candidate in the state of things.
func (m *model) judge(c candidate) outcome {
	skipped := func(reason store.Reason) outcome { return outcome{store.OutcomeSkipped, reason} }
	now := false
	for _, i := range m.suspended[c.dag] {
		if !i.from.After(c.times[0]) && (i.to.IsZero() || i.to.After(c.last())) {
			return skipped(store.ReasonSuspended)
		}
		now = now || i.to.IsZero()
	}
	busy, started, succeeded := 0, 0, false
	for _, r := range m.runs {
		if r.dag != c.dag {
			continue
		}
		if !r.status.Final() {
			busy++
		}
		if r.runsBefore(c.times[0]) {
			started++
		}
		succeeded = succeeded || r.status == store.StatusSucceeded && !c.unless.IsZero() &&
			!r.finished.Before(c.unless) && r.finished.Before(c.times[0])
	}
	switch {
	case c.verdict.outcome != store.OutcomeFired:
		return c.verdict
	case now:
		return skipped(store.ReasonSuspended)
	case lastFired(m.outcomes[c.line]).After(c.last()):
		return skipped(store.ReasonSuperseded)
	case c.kind == store.KindStop && started == 0:
		return skipped(store.ReasonIdle)
	case c.kind == store.KindRestart && started == 0 && busy > 0,
		c.kind == store.KindStart && c.overlap == dag.OverlapSkip && busy > 0:
		return skipped(store.ReasonOverlap)
	case c.kind == store.KindStart && succeeded:
		return skipped(store.ReasonAlreadySucceeded)
	default:
		return c.verdict
	}
}

// runsBefore tells that the run has been running since before the time, or was
// attempted before it and waits for another attempt.
func (r *modelRun) runsBefore(at time.Time) bool {
	switch r.status {
	case store.StatusRunning:
		return r.started.Before(at)
	case store.StatusQueued:
		return !r.first.IsZero() && r.first.Before(at)
	default:
		return false
	}
}

// stop ends a run, at once when nobody executes it.
func (r *modelRun) stop() {
	r.stopping = true
	if r.status == store.StatusQueued {
		r.status = store.StatusAborted
	}
}

// fire does what a due time asks for.
func (m *model) fire(c candidate) {
	at := c.times[0]
	var stopped []*modelRun
	for _, r := range m.runs {
		switch {
		case r.dag != c.dag:
		case c.kind != store.KindStart && r.runsBefore(at):
			r.stop()
			stopped = append(stopped, r)
		case c.replaces(r):
			r.status = store.StatusAborted
			m.outcomes[c.line][r.due] = outcome{store.OutcomeSkipped, store.ReasonSuperseded}
		}
	}
	if c.kind != store.KindStop {
		m.add(&modelRun{id: scheduler.RunID(c.dag, c.kind, at), dag: c.dag, due: at, restart: c.kind == store.KindRestart, after: stopped})
	}
}

// replaces tells that the candidate takes the place of a run that waits.
func (c candidate) replaces(r *modelRun) bool {
	if r.status != store.StatusQueued || !r.first.IsZero() || r.due.IsZero() || !r.due.Before(c.times[0]) {
		return false
	}
	return c.kind == store.KindRestart && r.restart || c.kind == store.KindStart && c.overlap == dag.OverlapLatest && !r.restart
}
