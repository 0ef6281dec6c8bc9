package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// errNoOwner tells a mistake of the caller.
var errNoOwner = errors.New("this process owns nothing yet: Own comes first")

// Enqueue records a queued run. A repeat returns the run as it stands now;
// ErrExists when the id is that of another run.
func (s *Store) Enqueue(ctx context.Context, n NewRun) (Run, error) {
	n = n.normal()
	return write(ctx, s, "enqueue run "+n.ID, func(ctx context.Context, t *tx) (Run, error) {
		if _, err := t.insert(ctx, n, ""); err != nil {
			return Run{}, err
		}
		r, err := byID(ctx, t, n.ID)
		if err == nil && !r.same(n) {
			err = fmt.Errorf("run %s of %s: %w", r.ID, r.DAG, ErrExists)
		}
		return r.Run, err
	})
}

// StartNow records a run that this process executes at once, outside of queue
// limits. A repeat returns it; ErrExists when the id is that of another run, or
// when the run is not in this process's hands any more.
func (s *Store) StartNow(ctx context.Context, n NewRun) (Run, error) {
	n = n.normal()
	attemptID := uuid.NewString()
	return write(ctx, s, "start run "+n.ID, func(ctx context.Context, t *tx) (Run, error) {
		if t.owner == "" {
			return Run{}, errNoOwner
		}
		if _, err := t.insert(ctx, n, attemptID); err != nil {
			return Run{}, err
		}
		r, err := byID(ctx, t, n.ID)
		if err == nil && (!r.same(n) || r.Status != StatusRunning || r.Attempt != 1 || r.Owner != t.owner) {
			err = fmt.Errorf("run %s of %s: %w", r.ID, r.DAG, ErrExists)
		}
		return r.Run, err
	})
}

// same tells whether r was recorded as n. The trigger is not compared: it changes
// when a run is queued again.
func (r row) same(n NewRun) bool {
	a := r.NewRun
	return a.ID == n.ID && a.DAG == n.DAG && a.TextHash == n.TextHash && a.Queue == n.Queue &&
		a.Priority == n.Priority && nanos(a.Due) == nanos(n.Due) && a.RetainDays == n.RetainDays && a.RetainRuns == n.RetainRuns &&
		a.Parent == n.Parent && a.RootID == n.RootID && a.RetryInterrupted == n.RetryInterrupted && a.DefaultWorkingDir == n.DefaultWorkingDir &&
		slices.Equal(a.Params, n.Params) && slices.Equal(a.Labels, n.Labels)
}

// Retry begins a new attempt of a run that is over, or that waits for one, with the
// text it had, in this process and outside of queue limits. With only, see Run.Only,
// it is one of these steps. ErrOpen while the run is not over and does not wait, and
// ErrInside when it is part of another. A repeat before Begin returns the same attempt.
func (s *Store) Retry(ctx context.Context, runID string, only ...string) (Run, error) {
	attemptID := uuid.NewString()
	steps, err := listText(only)
	if err != nil {
		return Run{}, err
	}
	return write(ctx, s, "retry run "+runID, func(ctx context.Context, t *tx) (Run, error) {
		if t.owner == "" {
			return Run{}, errNoOwner
		}
		r, err := byID(ctx, t, runID)
		switch {
		case err != nil:
			return Run{}, err
		case r.Parent != "":
			return Run{}, fmt.Errorf("it is part of run %s: %w", r.Parent, ErrInside)
		case r.Status == StatusRunning && r.Owner == t.owner && r.Unlimited && r.Begun.IsZero() && r.Attempt > 1:
			return r.Run, nil
		case !r.Status.Final() && !r.Waiting():
			return Run{}, fmt.Errorf("it is %s: %w", r.Status, ErrOpen)
		}
		return t.reopened(ctx, r.ID, `update runs set status = 'running', reason = '', error = '', attempt = attempt + 1,
			attempt_id = $2, owner = $3, unlimited = 1, started = $4, begun = 0, finished = 0, stop_requested = 0, expires = 0,
			not_before = 0, only_steps = $5 where seq = $1`, r.seq, attemptID, t.owner, nanos(t.now), steps)
	})
}

// Requeue queues a run that is over once more, with the text it had. ErrOpen
// while it is not over, and ErrInside when it is part of another. A repeat returns the
// queued run.
func (s *Store) Requeue(ctx context.Context, runID string, trigger Trigger) (Run, error) {
	return write(ctx, s, "queue run "+runID+" again", func(ctx context.Context, t *tx) (Run, error) {
		r, err := byID(ctx, t, runID)
		switch {
		case err != nil:
			return Run{}, err
		case r.Parent != "":
			return Run{}, fmt.Errorf("it is part of run %s: %w", r.Parent, ErrInside)
		case r.Status == StatusQueued && r.Trigger == trigger:
			return r.Run, nil
		case !r.Status.Final():
			return Run{}, fmt.Errorf("it is %s: %w", r.Status, ErrOpen)
		}
		t.wake |= TopicQueue
		return t.reopened(ctx, r.ID, `update runs set status = 'queued', reason = '', error = '', cause = $2, owner = '',
			unlimited = 0, queued = $3, turn = case when due = 0 then $3 else due end,
			started = 0, begun = 0, finished = 0, stop_requested = 0, expires = 0, not_before = 0, only_steps = ''
			where seq = $1`, r.seq, trigger, nanos(t.now))
	})
}

// reopened changes a run and returns it as it stands then.
func (t *tx) reopened(ctx context.Context, id, change string, args ...any) (Run, error) {
	if _, err := t.exec(ctx, change, args...); err != nil {
		return Run{}, err
	}
	r, err := byID(ctx, t, id)
	return r.Run, err
}
