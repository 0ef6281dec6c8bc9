package store

import (
	"context"
	"errors"
	"fmt"
)

// held reads the run that the caller holds; ErrLost when it does not, with the
// row all the same.
func (t *tx) held(ctx context.Context, ref Ref) (row, error) {
	r, err := byID(ctx, t, ref.RunID)
	if err == nil && (r.Status != StatusRunning || r.Attempt != ref.Attempt || r.Owner != ref.Owner) {
		err = fmt.Errorf("run %s, attempt %d: %w", ref.RunID, ref.Attempt, ErrLost)
	}
	return r, err
}

// Begin records the intent to fork the first step, with the directories of the
// run and the steps that it will walk. Once it has returned nil the record is
// durable: not before may the run fork. A repeat keeps the first time.
func (s *Store) Begin(ctx context.Context, ref Ref, logDir, workDir string, steps []Step) error {
	_, err := write(ctx, s, "begin run "+ref.RunID, func(ctx context.Context, t *tx) (struct{}, error) {
		seq, found, err := first(ctx, t, number, `update runs set begun = case when begun = 0 then $4 else begun end, log_dir = $5, work_dir = $6
			where id = $1 and status = 'running' and attempt = $2 and owner = $3 returning seq`,
			ref.RunID, ref.Attempt, ref.Owner, nanos(t.now), logDir, workDir)
		if err == nil && !found {
			_, err = t.held(ctx, ref) // says why
		}
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, t.saveSteps(ctx, seq, ref.Attempt, steps)
	})
	return err
}

// SaveSteps records the state of steps of the attempt.
func (s *Store) SaveSteps(ctx context.Context, ref Ref, steps []Step) error {
	_, err := write(ctx, s, "save steps of run "+ref.RunID, func(ctx context.Context, t *tx) (struct{}, error) {
		r, err := t.held(ctx, ref)
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, t.saveSteps(ctx, r.seq, ref.Attempt, steps)
	})
	return err
}

// Finish records how the attempt ended. A repeat with the same status is no error.
func (s *Store) Finish(ctx context.Context, ref Ref, result Result) error {
	_, err := write(ctx, s, "finish run "+ref.RunID, func(ctx context.Context, t *tx) (struct{}, error) {
		r, err := t.held(ctx, ref)
		if errors.Is(err, ErrLost) && r.Status == result.Status && r.Attempt == ref.Attempt && r.Owner == ref.Owner {
			return struct{}{}, nil
		}
		if err != nil {
			return struct{}{}, err
		}
		return struct{}{}, t.finish(ctx, r, result)
	})
	return err
}

// Adopt records how a run ended that was executed before, in a time of which this
// copy of the database does not know, with its directories. A repeat with the
// same status is no error.
func (s *Store) Adopt(ctx context.Context, ref Ref, logDir, workDir string, result Result) error {
	_, err := write(ctx, s, "adopt run "+ref.RunID, func(ctx context.Context, t *tx) (struct{}, error) {
		r, err := t.held(ctx, ref)
		if errors.Is(err, ErrLost) && r.Status == result.Status && r.Attempt == ref.Attempt && r.Owner == ref.Owner {
			return struct{}{}, nil
		}
		if err != nil {
			return struct{}{}, err
		}
		if _, err = t.exec(ctx, "update runs set log_dir = $2, work_dir = $3 where seq = $1", r.seq, logDir, workDir); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, t.finish(ctx, r, result)
	})
	return err
}

// finish ends the attempt and the run.
func (t *tx) finish(ctx context.Context, r row, result Result) error {
	if err := t.closeAttempt(ctx, r, result); err != nil {
		return err
	}
	return t.closeRun(ctx, r, result)
}

// closeRun ends a run whose attempt is closed.
func (t *tx) closeRun(ctx context.Context, r row, result Result) error {
	_, err := t.exec(ctx, "update runs set status = $2, reason = $3, error = $4, finished = $5, expires = $6 where seq = $1",
		r.seq, result.Status, result.Reason, result.Error, nanos(t.now), t.expiry(r))
	if err != nil {
		return err
	}
	return t.recount(ctx, r)
}

// closeAttempt keeps the attempt beside the run, which may have another one.
func (t *tx) closeAttempt(ctx context.Context, r row, result Result) error {
	if !result.Status.Final() {
		return fmt.Errorf("status %q does not end an attempt", result.Status)
	}
	if err := t.saveSteps(ctx, r.seq, r.Attempt, result.Steps); err != nil {
		return err
	}
	if !r.Unlimited {
		t.wake |= TopicQueue
	}
	_, err := t.exec(ctx, `insert into attempts (run, attempt, attempt_id, owner, started, begun, finished, status, reason, error)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		r.seq, r.Attempt, r.AttemptID, r.Owner, nanos(r.Started), nanos(r.Begun), nanos(t.now),
		result.Status, result.Reason, result.Error)
	return err
}

// Unadmit returns a run that has not begun to its queue, as if it had not been
// admitted. ErrLost when it has begun, or is not the caller's.
func (s *Store) Unadmit(ctx context.Context, ref Ref) error {
	_, err := write(ctx, s, "return run "+ref.RunID+" to its queue", func(ctx context.Context, t *tx) (struct{}, error) {
		r, err := t.held(ctx, ref)
		if errors.Is(err, ErrLost) && r.Status == StatusQueued && r.Attempt == ref.Attempt-1 {
			return struct{}{}, nil // a repeat
		}
		if err != nil {
			return struct{}{}, err
		}
		if !r.Begun.IsZero() {
			return struct{}{}, fmt.Errorf("run %s has begun: %w", r.ID, ErrLost)
		}
		return struct{}{}, t.unadmit(ctx, r)
	})
	return err
}

// unadmit undoes an admission that led to nothing; a run that was to be stopped
// meanwhile ends here.
func (t *tx) unadmit(ctx context.Context, r row) error {
	t.wake |= TopicQueue
	if !r.StopRequested.IsZero() {
		return t.stopQueued(ctx, r)
	}
	_, err := t.exec(ctx, `update runs set status = 'queued', attempt = attempt - 1, attempt_id = '', owner = '',
		unlimited = 0, started = 0 where seq = $1`, r.seq)
	return err
}
