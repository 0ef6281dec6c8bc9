package store

import "context"

// state reads what the verdict depends on. What it reads does not grow with how many
// runs wait, so that a long catch-up of one DAG does not take longer with each run.
func (d *decider) state(ctx context.Context, c Candidate) (s State, err error) {
	const open = "select 1 from runs where parent = '' and dag = $1 and status in ('queued', 'running')"
	if _, s.Busy, err = first(ctx, d, number, open+" limit 1", c.DAG); err != nil {
		return s, err
	}
	if s.Busy && c.Kind != KindStart {
		if _, s.Started, err = first(ctx, d, number, open+" and "+hasStarted+" limit 1", c.DAG, nanos(c.Due)); err != nil {
			return s, err
		}
	}
	if !c.SucceededFrom.IsZero() {
		_, s.Succeeded, err = first(ctx, d, number, `select 1 from runs where parent = '' and dag = $1 and status = 'succeeded'
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
