package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
)

// StartInside begins a run inside of the parent, which the caller holds: in this
// process, outside of queue limits. A run of this id that the parent had before gets
// another attempt, with the text that it had, unless it succeeded, also in part: then it
// is returned as it stands. A repeat before Begin returns the same attempt. ErrLost when
// the parent is not held; ErrExists when the id is that of another run; ErrOpen when an
// attempt of it is not over.
func (s *Store) StartInside(ctx context.Context, parent Ref, n NewRun) (Run, error) {
	n = n.normal()
	n.Parent, n.RetryInterrupted = parent.RunID, false
	attemptID := uuid.NewString()
	return write(ctx, s, "start run "+n.ID, func(ctx context.Context, t *tx) (Run, error) {
		if _, err := t.held(ctx, parent); err != nil {
			return Run{}, err
		}
		if inserted, err := t.insert(ctx, n, attemptID); err != nil || inserted {
			return t.found(ctx, n.ID, err)
		}
		r, err := byID(ctx, t, n.ID)
		switch {
		case err != nil:
			return Run{}, err
		case r.Parent != n.Parent || r.DAG != n.DAG:
			return Run{}, fmt.Errorf("run %s of %s: %w", r.ID, r.DAG, ErrExists)
		case r.Status == StatusSucceeded, r.Status == StatusPartiallySucceeded, t.fresh(r):
			return r.Run, nil
		case !r.Status.Final():
			return Run{}, fmt.Errorf("run %s of %s: %w", r.ID, r.DAG, ErrOpen)
		}
		return t.reopened(ctx, r.ID, `update runs set status = 'running', reason = '', error = '', attempt = attempt + 1,
			attempt_id = $2, owner = $3, started = $4, begun = 0, finished = 0, stop_requested = 0 where seq = $1`,
			r.seq, attemptID, t.owner, nanos(t.now))
	})
}

// found reads a run unless there was an error.
func (t *tx) found(ctx context.Context, id string, err error) (Run, error) {
	if err != nil {
		return Run{}, err
	}
	r, err := byID(ctx, t, id)
	return r.Run, err
}

// Children returns the runs inside of a run, without those that are further inside, in
// the order in which they were first started. A parent that is not there has none.
func (s *Store) Children(ctx context.Context, parent string) ([]Run, error) {
	return read(ctx, s, "read runs inside of run "+parent, func(ctx context.Context, q queryer) ([]Run, error) {
		rows, err := collect(ctx, q, scanRow, "select "+runColumns+" from runs where parent = $1 and parent <> '' order by seq", parent)
		return runs(rows), err
	})
}

// maxNesting bounds how far out Within looks.
const maxNesting = 100

// Within returns a run that is inside of another, directly or not; ErrNotFound when
// there is no such run there.
func (s *Store) Within(ctx context.Context, outer, id string) (Run, error) {
	return read(ctx, s, "read run inside of run "+outer, func(ctx context.Context, q queryer) (Run, error) {
		wanted, err := byID(ctx, q, id)
		at := wanted
		for range maxNesting {
			switch {
			case err != nil:
				return Run{}, err
			case at.Parent == outer && outer != "":
				return wanted.Run, nil
			case at.Parent == "":
				return Run{}, fmt.Errorf("run %s inside of run %s: %w", id, outer, ErrNotFound)
			}
			at, err = byID(ctx, q, at.Parent)
		}
		return Run{}, errors.Join(err, ErrNotFound)
	})
}

// fresh tells that this process has begun the attempt, and nothing in it.
func (t *tx) fresh(r row) bool {
	return r.Owner == t.owner && r.Status == StatusRunning && r.Begun.IsZero()
}
