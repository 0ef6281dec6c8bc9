package store

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Interrupt records how the attempt was cut short, and returns the run as it stands
// then. It is queued again when it asked for that, was never interrupted before and
// nobody wants it stopped. One that was interrupted before is failed, reason poison;
// any other ends as with Finish. A repeat returns the run.
func (s *Store) Interrupt(ctx context.Context, ref Ref, result Result) (Run, error) {
	return s.conclude(ctx, "interrupt run "+ref.RunID, ref, func(ctx context.Context, t *tx, r row) error {
		return t.interrupt(ctx, r, result)
	})
}

// RetryLater records how the attempt ended, queues the run for another one, not
// before wait is over, and returns it as it stands then. When somebody wants it
// stopped meanwhile it is aborted, as it would have been while it waited. A repeat
// returns the run.
func (s *Store) RetryLater(ctx context.Context, ref Ref, result Result, wait time.Duration) (Run, error) {
	return s.conclude(ctx, "queue run "+ref.RunID+" again", ref, func(ctx context.Context, t *tx, r row) error {
		if err := t.again(ctx, r, result, wait); err != nil {
			return err
		}
		if !r.StopRequested.IsZero() {
			return t.stopQueued(ctx, r)
		}
		_, err := t.exec(ctx, "update runs set retries = retries + 1, only_steps = '' where seq = $1", r.seq)
		return err
	})
}

// conclude ends the attempt that the caller holds in one of several ways, once.
func (s *Store) conclude(ctx context.Context, what string, ref Ref, how func(context.Context, *tx, row) error) (Run, error) {
	return write(ctx, s, what, func(ctx context.Context, t *tx) (Run, error) {
		r, err := t.held(ctx, ref)
		switch {
		case errors.Is(err, ErrLost):
			return r.Run, t.concluded(ctx, r, ref, err)
		case err != nil:
			return Run{}, err
		}
		if err = how(ctx, t, r); err != nil {
			return Run{}, err
		}
		r, err = byID(ctx, t, ref.RunID)
		return r.Run, err
	})
}

// concluded tells a repeat, for which it returns nil, from an attempt that is lost.
func (t *tx) concluded(ctx context.Context, r row, ref Ref, lost error) error {
	owner, found, err := first(ctx, t, word, "select owner from attempts where run = $1 and attempt = $2", r.seq, ref.Attempt)
	if err == nil && (!found || owner != ref.Owner) {
		return lost
	}
	return err
}

// interrupt ends the attempt, and the run unless it is queued again.
func (t *tx) interrupt(ctx context.Context, r row, result Result) error {
	switch {
	case !r.RetryInterrupted || !r.StopRequested.IsZero() || r.Parent != "":
		return t.finish(ctx, r, result)
	case r.interrupted > 0:
		return t.poison(ctx, r, result)
	}
	if err := t.again(ctx, r, result, 0); err != nil {
		return err
	}
	_, err := t.exec(ctx, "update runs set interrupted = interrupted + 1 where seq = $1", r.seq)
	return err
}

// poison ends a run that was interrupted for the second time: it may be what brings
// its process down.
func (t *tx) poison(ctx context.Context, r row, result Result) error {
	if err := t.closeAttempt(ctx, r, result); err != nil {
		return err
	}
	return t.closeRun(ctx, r, Result{
		Status: StatusFailed, Reason: ReasonPoison,
		Error: fmt.Sprintf("attempt %d was interrupted (%s), as one before it was: it is not tried again", r.Attempt, result.Reason),
	})
}

// again ends the attempt and queues the run, which keeps its place, for another one.
func (t *tx) again(ctx context.Context, r row, result Result, wait time.Duration) error {
	if err := t.closeAttempt(ctx, r, result); err != nil {
		return err
	}
	t.wake |= TopicQueue
	_, err := t.exec(ctx, `update runs set status = 'queued', reason = $2, error = $3, owner = '', unlimited = 0, started = 0,
		begun = 0, not_before = $4 where seq = $1`, r.seq, result.Reason, result.Error, nanos(t.now.Add(max(wait, 0))))
	return err
}

// NextRetry is the time until the next run that was queued again, or by a restart, may
// be admitted; 0 when none waits for its time.
func (s *Store) NextRetry(ctx context.Context) (time.Duration, error) {
	return read(ctx, s, "look for the next retry", func(ctx context.Context, q queryer) (time.Duration, error) {
		now := s.options.Now()
		next, _, err := first(ctx, q, number, `select coalesce(min(at), 0) from (
			select min(not_before) as at from runs where status = 'queued' and not_before <> 0 and not_before > $1
			union all
			select stopped.finished + again.restart_wait from runs as again join runs as stopped on stopped.restarted_by = again.id
			where again.status = 'queued' and again.restart_wait is not null and stopped.restarted_by <> ''
				and stopped.finished <> 0 and stopped.finished + again.restart_wait > $1)`, nanos(now))
		if err != nil || next == 0 {
			return 0, err
		}
		return max(instant(next).Sub(now), 1), nil
	})
}
