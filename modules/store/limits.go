package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Limits say how many admitted runs each queue may have at once. Those in force
// stand in the store, and every process admits by them, whatever its own
// configuration says.
type Limits struct {
	// Generation counts the changes; 0 while no process has set any.
	Generation int
	// Since is when this generation was set; zero without one.
	Since time.Time
	// Source is the file that they were read from, for people; "" is none.
	Source string
	// Unlimited lifts the limits of all queues.
	Unlimited bool
	// Slots are those of the queues that a configuration names, each at least 1.
	Slots map[string]int
}

// Of is how many admitted runs the queue may have: 1 when it is not named, which
// is a DAG's own queue. limited is false where there is no limit.
func (l Limits) Of(queue string) (slots int, limited bool) {
	if l.Unlimited {
		return 0, false
	}
	if n, ok := l.Slots[queue]; ok {
		return n, true
	}
	return 1, true
}

// same tells whether both say the same of every queue.
func (l Limits) same(other Limits) bool {
	return l.Unlimited == other.Unlimited && maps.Equal(l.Slots, other.Slots)
}

// SetLimits puts limits in force, for all processes from their next admission on,
// and returns those before and those now. Where they are in force already, nothing
// changes. Of two processes that set different ones the later wins. Runs that are
// running go on, also where there are more of them than slots now.
func (s *Store) SetLimits(ctx context.Context, l Limits) (before, now Limits, err error) {
	for queue, slots := range l.Slots {
		if slots < 1 {
			return before, now, fmt.Errorf("set queue limits: queue %q has %d slots, want at least 1", queue, slots)
		}
	}
	type change struct{ before, now Limits }
	c, err := write(ctx, s, "set queue limits", func(ctx context.Context, t *tx) (c change, err error) {
		if c.before, err = limits(ctx, t); err != nil {
			return c, err
		}
		if c.now = c.before; c.before.Generation > 0 && c.before.same(l) {
			return c, nil
		}
		l.Generation, l.Since = c.before.Generation+1, t.now
		if err = t.putLimits(ctx, l); err != nil {
			return c, err
		}
		c.now, err = limits(ctx, t)
		return c, err
	})
	return c.before, c.now, err
}

func (t *tx) putLimits(ctx context.Context, l Limits) error {
	if _, err := t.exec(ctx, `insert into queue_limits (id, generation, unlimited, source, since) values (1, $1, $2, $3, $4)
		on conflict (id) do update set generation = $1, unlimited = $2, source = $3, since = $4`,
		l.Generation, flag(l.Unlimited), l.Source, nanos(l.Since)); err != nil {
		return err
	}
	if _, err := t.exec(ctx, "delete from queue_slots"); err != nil {
		return err
	}
	for _, queue := range slices.Sorted(maps.Keys(l.Slots)) {
		if _, err := t.exec(ctx, "insert into queue_slots (queue, slots) values ($1, $2)", queue, l.Slots[queue]); err != nil {
			return err
		}
	}
	t.wake |= TopicQueue
	return nil
}

// Limits returns the limits in force.
func (s *Store) Limits(ctx context.Context) (Limits, error) {
	return read(ctx, s, "read queue limits", func(ctx context.Context, q queryer) (Limits, error) {
		return limits(ctx, q)
	})
}

// limits reads them with one statement, so that all is of one generation.
func limits(ctx context.Context, q queryer) (Limits, error) {
	rows, err := collect(ctx, q, scanLimits, `select generation, since, source, unlimited, coalesce(queue, ''), coalesce(slots, 0)
		from queue_limits left join queue_slots on true`)
	l := Limits{Slots: make(map[string]int, len(rows))}
	for _, row := range rows {
		l.Generation, l.Since, l.Source, l.Unlimited = row.Generation, row.Since, row.Source, row.Unlimited
		if row.slots > 0 {
			l.Slots[row.queue] = row.slots
		}
	}
	return l, err
}

// limitsRow is the limits in force with the slots of one queue, if they name any.
type limitsRow struct {
	Limits
	queue string
	slots int
}

func scanLimits(rows *sql.Rows) (r limitsRow, err error) {
	var since int64
	err = rows.Scan(&r.Generation, &since, &r.Source, &r.Unlimited, &r.queue, &r.slots)
	r.Since = instant(since)
	return r, err
}
