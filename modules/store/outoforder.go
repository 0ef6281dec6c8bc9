package store

import (
	"context"
	"time"
)

// A candidate comes out of order when its DAG has outcomes at its time or later:
// one of a schedule that was absent while others of the DAG went on, or when two
// schedulers cut a row of due times differently. A part of it, or all, may be
// decided. Rows of outcomes do not tell which instants they stand for, so the
// schedules are asked. Rows never overlap: one that a new outcome falls into is
// split there.

// backlog is what is undecided of a candidate that comes out of order.
type backlog struct {
	// old lie among outcomes; each gets a row of its own.
	old []time.Time
	// tail lies behind all of them; its Count is 0 when nothing does.
	tail Candidate
}

// decideLate is decide for a candidate out of order; end is the last instant
// that has an outcome.
func (d *decider) decideLate(ctx context.Context, c Candidate, known known, end time.Time, judge func(State) Verdict) (Decision, error) {
	// Of the rows that start before the candidate only the last can reach into it.
	rows, err := collect(ctx, d, scanOccurrence, "select "+occurrenceColumns+` from occurrences
		where dag = $1 and kind = $2 and due <= $4 and last >= $3 and due >= (select coalesce(max(due), $3)
			from occurrences where dag = $1 and kind = $2 and due <= $3)
		order by due`, c.DAG, c.Kind, nanos(c.Due), nanos(c.Last))
	if err != nil {
		return Decision{}, err
	}
	todo := known.undecided(c, rows, end)
	if len(todo.old) == 0 && todo.tail.Count == 0 {
		if err = d.moveMarks(ctx, known.mine, c.Last); err != nil {
			return Decision{}, err
		}
		return d.earlier(ctx, c)
	}
	state, err := d.state(ctx, c)
	if err != nil {
		return Decision{}, err
	}
	_, state.Later, err = first(ctx, d, number, `select 1 from occurrences where dag = $1 and kind = $2 and due > $3
		and outcome = 'fired' limit 1`, c.DAG, c.Kind, nanos(c.Last))
	if err != nil {
		return Decision{}, err
	}
	decision, runID, err := d.settle(ctx, c, judge(state))
	if err != nil {
		return Decision{}, err
	}
	for _, row := range rows {
		if err = d.split(ctx, row, todo.old, known.all); err != nil {
			return Decision{}, err
		}
	}
	for _, at := range todo.old {
		one := c
		one.Due, one.Last, one.Count = at, at, 1
		if err = d.addOccurrence(ctx, one, decision.Verdict, runID); err != nil {
			return Decision{}, err
		}
	}
	if todo.tail.Count > 0 {
		newest, err := d.newest(ctx, c)
		if err != nil {
			return Decision{}, err
		}
		if err = d.writeOccurrence(ctx, todo.tail, decision.Verdict, runID, newest); err != nil {
			return Decision{}, err
		}
	}
	return decision, d.moveMarks(ctx, known.mine, c.Last)
}

// undecided finds what is left to decide of a candidate.
func (k known) undecided(c Candidate, rows []Occurrence, end time.Time) backlog {
	taken := make(map[int64]bool, len(rows))
	for _, o := range rows {
		taken[nanos(o.Due)] = true
	}
	todo := backlog{tail: c}
	todo.tail.Count = 0
	add := func(at time.Time) {
		switch {
		case !at.After(end):
			todo.old = append(todo.old, at)
			return
		case todo.tail.Count == 0:
			todo.tail.Due = at
		}
		todo.tail.Last = at
		todo.tail.Count++
	}
	if c.Count == 1 {
		if !taken[nanos(c.Due)] && !k.decided(c.Due) {
			add(c.Due)
		}
		return todo
	}
	told := instants(k.all, c.Due, c.Last, func(at time.Time, due []version) {
		wanted, done := false, taken[nanos(at)]
		for _, v := range due {
			wanted = wanted || k.isMine(v) && at.After(v.mark.Mark)
			done = done || v.decided(at)
		}
		if wanted && !done {
			add(at)
		}
	})
	if told {
		return todo
	}
	// Nobody knows which instants these are: what has a row at its start is decided.
	todo = backlog{tail: c}
	if taken[nanos(c.Due)] {
		todo.tail.Count = 0
	}
	return todo
}

// decided tells whether an instant that is due for mine was decided, for one of
// them or for another that is due then too.
func (k known) decided(at time.Time) bool {
	for _, v := range k.all {
		if !v.decided(at) {
			continue
		}
		due := k.isMine(v)
		instants([]version{v}, at, at, func(time.Time, []version) { due = true })
		if due {
			return true
		}
	}
	return false
}

// split divides a row at those of the instants that lie in it. The first part
// keeps the row; its count is what the schedules tell of it.
func (d *decider) split(ctx context.Context, o Occurrence, at []time.Time, all []version) error {
	within := false
	for _, t := range at {
		within = within || t.After(o.Due) && t.Before(o.Last)
	}
	if !within {
		return nil
	}
	parts, rest := []Occurrence{}, at
	fresh := true
	told := instants(all, o.Due, o.Last, func(t time.Time, due []version) {
		for len(rest) > 0 && !rest[0].After(t) {
			rest, fresh = rest[1:], true
		}
		if !anyDecided(due, t) {
			return
		}
		if fresh {
			part := o
			part.Due, part.Count = t, 0
			parts, fresh = append(parts, part), false
		}
		last := &parts[len(parts)-1]
		last.Last = t
		last.Count++
	})
	if !told || len(parts) == 0 || !parts[0].Due.Equal(o.Due) {
		return nil // it stays whole round the new rows
	}
	if err := d.resizeOccurrence(ctx, parts[0]); err != nil {
		return err
	}
	for _, part := range parts[1:] {
		c := Candidate{DAG: o.DAG, Kind: o.Kind, Due: part.Due, Last: part.Last, Count: part.Count}
		if err := d.addOccurrence(ctx, c, Verdict{Outcome: o.Outcome, Reason: o.Reason}, ""); err != nil {
			return err
		}
	}
	return nil
}

func anyDecided(due []version, at time.Time) bool {
	for _, v := range due {
		if v.decided(at) {
			return true
		}
	}
	return false
}
