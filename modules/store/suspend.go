package store

import (
	"context"
	"database/sql"
	"time"
)

// Suspend keeps the DAG from starting by schedule from at on. A suspended DAG
// stays as it is.
func (s *Store) Suspend(ctx context.Context, dag string, at time.Time) error {
	_, err := write(ctx, s, "suspend "+dag, func(ctx context.Context, t *tx) (int64, error) {
		n, err := t.exec(ctx, `insert into suspensions (dag, from_at) select $1, $2
			where not exists (select 1 from suspensions where dag = $1 and to_at = 0)
			on conflict (dag, from_at) do update set to_at = 0`, dag, nanos(at))
		if n > 0 {
			t.wake |= TopicSuspend
		}
		return n, err
	})
	return err
}

// Resume ends the suspension of the DAG at the time. One that is not suspended
// stays as it is.
func (s *Store) Resume(ctx context.Context, dag string, at time.Time) error {
	_, err := write(ctx, s, "resume "+dag, func(ctx context.Context, t *tx) (int64, error) {
		n, err := t.exec(ctx, "update suspensions set to_at = $2 where dag = $1 and to_at = 0 and from_at < $2", dag, nanos(at))
		if err == nil && n == 0 { // it would be an empty interval
			n, err = t.exec(ctx, "delete from suspensions where dag = $1 and to_at = 0", dag)
		}
		if n > 0 {
			t.wake |= TopicSuspend
		}
		return n, err
	})
	return err
}

// Suspensions returns the suspensions that last, by DAG.
func (s *Store) Suspensions(ctx context.Context) ([]Suspension, error) {
	return read(ctx, s, "read suspensions", func(ctx context.Context, q queryer) ([]Suspension, error) {
		return collect(ctx, q, scanSuspension, "select dag, from_at, to_at from suspensions where to_at = 0 order by dag")
	})
}

func scanSuspension(rows *sql.Rows) (Suspension, error) {
	var s Suspension
	var from, to int64
	err := rows.Scan(&s.DAG, &from, &to)
	s.From, s.To = instant(from), instant(to)
	return s, err
}
