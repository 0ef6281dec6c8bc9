package scheduler_test

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/store"
)

// candidate is what a scheduler took: a due time, or a row of those that are missed.
type candidate struct {
	line
	times   []time.Time
	entries map[entryKey]bool
	verdict outcome
	overlap dag.Overlap
	window  time.Duration
	// once tells that a schedule is among them which is due once, and in its file.
	once bool
	// unless one succeeded from then on; zero is that it does not matter.
	unless time.Time
}

func (c candidate) last() time.Time { return c.times[len(c.times)-1] }

// planner is a scheduler.
type planner struct {
	model      *model
	generation uint64
	// begun tells that it has made a turn, fresh that it has read no file yet, and again
	// that it reads all files again.
	begun, fresh, again bool
	stepped             time.Duration
	files               map[string]*catalog.Entry
	cursor              map[entryKey]time.Time
	gap                 map[entryKey]interval
	since               map[entryKey]time.Time
	edited              map[entryKey]bool // in their file no more
	pending             []candidate
}

func (m *model) newPlanner() *planner {
	return &planner{model: m, fresh: true, files: map[string]*catalog.Entry{}, cursor: map[entryKey]time.Time{}, gap: map[entryKey]interval{}, since: map[entryKey]time.Time{}}
}

// turn is a turn of the loop.
func (p *planner) turn(now time.Time, trouble string) {
	back := p.stepped <= -500*time.Millisecond
	p.stepped = 0
	if back { // what lies ahead has its turn again
		p.pending = slices.DeleteFunc(p.pending, func(c candidate) bool { return c.last().After(now) })
	}
	p.takeAll(now)
	if !p.begun || back {
		p.model.reopen(now)
		p.begun, p.again = true, true
	}
	p.follow(now, trouble == "down")
	p.takeAll(now)
	if trouble == "down" {
		return
	}
	stale := false
	for _, c := range p.pending {
		stale = !p.model.decide(c) || stale
	}
	if trouble == "" {
		p.pending, p.again = nil, stale
	}
}

// takeAll takes what is due of all DAGs.
func (p *planner) takeAll(now time.Time) {
	for _, name := range names() {
		if e := p.files[name]; e != nil {
			p.pending = append(p.pending, p.take(name, e, now)...)
		}
	}
}

// follow takes over the files that changed, or all. The first time it takes what was
// due by schedules that went while nobody looked.
func (p *planner) follow(now time.Time, down bool) {
	changed := false
	for _, name := range names() {
		f := p.model.files[name]
		if f.generation == 0 || f.generation <= p.generation && !p.again {
			continue
		}
		changed = true
		if p.fresh && f.entry != nil {
			p.takeEdited(name, f.entry, now)
		}
	}
	if down && changed {
		return
	}
	for _, name := range names() {
		f := p.model.files[name]
		if f.generation > 0 && (f.generation > p.generation || p.again) {
			p.model.sync(name, f.entry, now)
			p.plan(name, f.entry)
		}
	}
	p.generation, p.again, p.fresh = p.model.generation, false, false
}

// takeEdited takes what was due of a DAG by the schedules that are recorded, of which
// one is in its file no more: by that nothing is caught up.
func (p *planner) takeEdited(name string, e *catalog.Entry, now time.Time) {
	recorded := *e
	recorded.Schedules = nil
	edited := map[entryKey]bool{}
	for key, known := range p.model.entries {
		if key.dag != name || !known.gone.IsZero() {
			continue
		}
		s := entryOf(name, key.text).Schedules[0]
		s.Kind = dag.ScheduleKind(key.kind)
		recorded.Schedules = append(recorded.Schedules, s)
		if !slices.ContainsFunc(e.Schedules, func(s dag.Schedule) bool { return store.Kind(s.Kind) == key.kind && s.Text == key.text }) {
			edited[key] = true
		}
	}
	if len(edited) > 0 {
		p.plan(name, &recorded)
		p.edited = edited
		p.pending = append(p.pending, p.take(name, &recorded, now)...)
		p.edited, p.files[name] = nil, nil
	}
}

// plan puts cursors where the marks are, behind what is in hand.
func (p *planner) plan(name string, e *catalog.Entry) {
	p.files[name] = e
	if e == nil {
		return
	}
	for _, s := range e.Schedules {
		key := entryKey{line{name, store.Kind(s.Kind)}, s.Text}
		known := p.model.entries[key]
		p.cursor[key], p.gap[key], p.since[key] = known.mark, interval{known.gapFrom, known.gapTo}, known.from
		for _, c := range p.pending {
			if c.entries[key] && c.last().After(p.cursor[key]) {
				p.cursor[key] = c.last()
			}
		}
	}
}

// take takes what is due of a DAG.
func (p *planner) take(name string, e *catalog.Entry, now time.Time) []candidate {
	found := map[instant]map[entryKey]bool{}
	for _, s := range e.Schedules {
		key := entryKey{line{name, store.Kind(s.Kind)}, s.Text}
		for _, at := range due(s.Text, p.cursor[key], now) {
			i := instant{key.line, at}
			if found[i] == nil {
				found[i] = map[entryKey]bool{}
			}
			found[i][key] = true
			p.cursor[key] = at
		}
	}
	var times []instant
	for i := range found {
		times = append(times, i)
	}
	slices.SortFunc(times, func(a, b instant) int {
		return cmp.Or(a.due.Compare(b.due), slices.Index(kinds(), a.kind)-slices.Index(kinds(), b.kind))
	})
	var list []candidate
	for _, i := range times {
		c := candidate{
			line: i.line, times: []time.Time{i.due}, entries: found[i], overlap: cmp.Or(e.Overlap, dag.OverlapSkip),
			window: e.CatchupWindow,
		}
		there := slices.DeleteFunc(slices.Collect(maps.Keys(c.entries)), func(key entryKey) bool { return p.edited[key] })
		if len(there) == 0 {
			c.window = 0
		}
		c.once = slices.ContainsFunc(there, func(key entryKey) bool {
			_, ok := once(key.text)
			return ok
		})
		c.verdict = p.lateness(c, now.Sub(i.due))
		if e.SkipIfSuccessful && i.kind == store.KindStart {
			c.unless = p.last(e, c)
		}
		list = join(list, c)
	}
	return newest(list, now)
}

// last is the start before a candidate, but not before its schedule was first seen.
func (p *planner) last(e *catalog.Entry, c candidate) time.Time {
	before := c.times[0].Add(-32 * 24 * time.Hour)
	for _, s := range e.Schedules {
		key := entryKey{line{c.dag, store.Kind(s.Kind)}, s.Text}
		if key.kind != store.KindStart {
			continue
		}
		from := c.times[0].Add(-2 * time.Hour)
		if _, ok := once(s.Text); ok {
			from = before
		}
		for _, at := range due(s.Text, from, c.times[0].Add(-1)) {
			before = later(before, at)
		}
		if c.entries[key] {
			before = later(before, p.since[key])
		}
	}
	return before
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// lateness is what becomes of a due time by its age.
func (p *planner) lateness(c candidate, age time.Duration) outcome {
	absent := true
	for key := range c.entries {
		gap := p.gap[key]
		absent = absent && c.times[0].After(gap.from) && !c.times[0].After(gap.to)
	}
	switch {
	case age <= threshold:
		return outcome{store.OutcomeFired, ""}
	case absent:
		return outcome{store.OutcomeMissed, store.ReasonDAGAbsent}
	case c.once, c.kind == store.KindStart && age <= c.window:
		return outcome{store.OutcomeFired, ""}
	case c.kind == store.KindStart && c.window > 0:
		return outcome{store.OutcomeMissed, store.ReasonOutsideWindow}
	default:
		return outcome{store.OutcomeMissed, store.ReasonNoCatchup}
	}
}

// join makes one row of what is missed, one after the other, for one reason.
func join(list []candidate, c candidate) []candidate {
	for i := len(list) - 1; i >= 0; i-- {
		last := &list[i]
		if last.kind != c.kind {
			continue
		}
		if c.verdict.outcome != store.OutcomeMissed || last.verdict != c.verdict {
			break
		}
		last.times = append(last.times, c.times...)
		for key := range c.entries {
			last.entries[key] = true
		}
		return list
	}
	return append(list, c)
}

// newest lets only the newest of a kind fire, but for starts in the window and those
// of one instant.
func newest(list []candidate, now time.Time) []candidate {
	seen := map[store.Kind]bool{}
	for i := range slices.Backward(list) {
		c := &list[i]
		if c.verdict.outcome != store.OutcomeFired {
			continue
		}
		kept := c.once || c.kind == store.KindStart && c.overlap != dag.OverlapLatest && now.Sub(c.times[0]) <= c.window
		if seen[c.kind] && !kept {
			c.verdict = outcome{store.OutcomeSkipped, store.ReasonSuperseded}
		}
		seen[c.kind] = true
	}
	return list
}
