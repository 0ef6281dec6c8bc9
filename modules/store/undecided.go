package store

import (
	"context"
	"time"
)

// undecided reduces a candidate to those of its due times that have no outcome
// yet; left is false when there is none. It is for the rare candidate that comes
// out of order, when the DAG has outcomes at its time or later: of a schedule
// that was absent while others of the DAG went on, or when two schedulers cut
// a row of due times differently. A row of outcomes does not tell which instants
// it stands for, so the schedules are asked.
func (d *decider) undecided(ctx context.Context, c Candidate, all, mine []version) (rest Candidate, left bool, err error) {
	starts, err := collect(ctx, d, number, "select due from occurrences where dag = $1 and kind = $2 and due >= $3 and due <= $4",
		c.DAG, c.Kind, nanos(c.Due), nanos(c.Last))
	if err != nil {
		return c, false, err
	}
	taken := make(map[int64]bool, len(starts))
	for _, due := range starts {
		taken[due] = true
	}
	if c.Count == 1 {
		return c, !taken[nanos(c.Due)] && !decidedAt(c.Due, all, mine), nil
	}
	if rest, told := c.without(taken, all, mine); told {
		return rest, rest.Count > 0, nil
	}
	return c, !taken[nanos(c.Due)], nil
}

// decidedAt tells whether an instant that is due for mine was decided for one of all.
func decidedAt(at time.Time, all, mine []version) bool {
	for _, v := range mine {
		if v.decided(at) {
			return true
		}
	}
	for _, v := range all {
		if !v.decided(at) {
			continue
		}
		due := false
		instants([]version{v}, at, at, func(time.Time, []version) { due = true })
		if due {
			return true
		}
	}
	return false
}

// without takes from a row of due times those that are decided. told is false
// when the schedules do not account for the row as it was given.
func (c Candidate) without(taken map[int64]bool, all, mine []version) (rest Candidate, told bool) {
	ids := make(map[int64]bool, len(mine))
	for _, v := range mine {
		ids[v.id] = true
	}
	rest = c
	rest.Count = 0
	count := 0
	told = instants(all, c.Due, c.Last, func(at time.Time, due []version) {
		own, done := false, taken[nanos(at)]
		for _, v := range due {
			own = own || ids[v.id]
			done = done || v.decided(at)
		}
		if own {
			count++
		}
		if !own || done {
			return
		}
		if rest.Count == 0 {
			rest.Due = at
		}
		rest.Last = at
		rest.Count++
	})
	return rest, told && count == c.Count
}
