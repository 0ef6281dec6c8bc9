package store

import (
	"context"
	"database/sql"
)

// state reads what the verdict depends on.
func (d *decider) state(ctx context.Context, c Candidate) (s State, err error) {
	type count struct {
		status     Status
		n, started int
	}
	counts, err := collect(ctx, d, func(rows *sql.Rows) (c count, err error) {
		err = rows.Scan(&c.status, &c.n, &c.started)
		return c, err
	}, `select status, count(*), coalesce(sum(`+hasStarted+`), 0) from runs
		where dag = $1 and status in ('queued', 'running') group by status`, c.DAG, nanos(c.Due))
	if err != nil {
		return s, err
	}
	for _, c := range counts {
		s.Started += c.started
		if c.status == StatusRunning {
			s.Running = c.n
		} else {
			s.Queued = c.n
		}
	}
	if !c.SucceededFrom.IsZero() {
		_, s.Succeeded, err = first(ctx, d, number, `select 1 from runs where dag = $1 and status = 'succeeded'
			and finished >= $2 and finished < $3 limit 1`, c.DAG, nanos(c.SucceededFrom), nanos(c.Due))
		if err != nil {
			return s, err
		}
	}
	return s, d.suspension(ctx, c, &s)
}

// suspension reads whether the DAG was suspended, and is.
func (d *decider) suspension(ctx context.Context, c Candidate, s *State) (err error) {
	if !d.suspended[c.DAG] {
		return nil
	}
	_, s.Suspended, err = first(ctx, d, number, `select 1 from suspensions
		where dag = $1 and from_at <= $2 and (to_at = 0 or to_at > $3) limit 1`, c.DAG, nanos(c.Due), nanos(c.Last))
	if err == nil {
		_, s.SuspendedNow, err = first(ctx, d, number, "select 1 from suspensions where dag = $1 and to_at = 0 limit 1", c.DAG)
	}
	return err
}
