package store

import (
	"context"
	"database/sql"
	"time"
)

// RequestStop asks for the end of a run, or with an empty runID of all open runs
// of the DAG. Queued ones are aborted at once; the processes that execute the
// running ones learn of it through StopRequested; a later request replaces the time of
// an earlier one, so that it is news too. n is how many open runs were
// meant; 0 when the run is over already. ErrNotFound when there is no such run;
// dag may be empty when runID is not.
func (s *Store) RequestStop(ctx context.Context, dag, runID string) (n int, err error) {
	return write(ctx, s, "request stop", func(ctx context.Context, t *tx) (int, error) {
		rows, err := t.toStop(ctx, dag, runID)
		if err != nil {
			return 0, err
		}
		for _, r := range rows {
			if r.Status == StatusQueued {
				err = t.stopQueued(ctx, r)
			} else {
				t.wake |= TopicStop
				_, err = t.exec(ctx, "update runs set stop_requested = $2 where seq = $1", r.seq, nanos(t.now))
			}
			if err != nil {
				return 0, err
			}
		}
		return len(rows), nil
	})
}

func (t *tx) toStop(ctx context.Context, dag, runID string) ([]row, error) {
	if runID == "" {
		return collect(ctx, t, scanRow, "select "+runColumns+
			" from runs where parent = '' and dag = $1 and status in ('queued', 'running') order by seq", dag)
	}
	r, err := byID(ctx, t, runID)
	switch {
	case err != nil:
		return nil, err
	case dag != "" && r.DAG != dag:
		return nil, ErrNotFound
	case r.Status.Final():
		return nil, nil
	}
	return []row{r}, nil
}

// stopQueued ends a run that nobody executes, on request.
func (t *tx) stopQueued(ctx context.Context, r row) error {
	_, err := t.exec(ctx, "update runs set stop_requested = $2 where seq = $1 and stop_requested = 0", r.seq, nanos(t.now))
	if err != nil {
		return err
	}
	return t.endQueued(ctx, r, ReasonStopped)
}

// endQueued ends a run that nobody executes. One that waited for another attempt
// has been executed all the same: it began with its last one.
func (t *tx) endQueued(ctx context.Context, r row, reason Reason) error {
	_, err := t.exec(ctx, `update runs set status = 'aborted', reason = $2, finished = $3, expires = $4,
		started = case when started = 0 and not_before <> 0
			then coalesce((select started from attempts where run = runs.seq order by attempt desc limit 1), 0) else started end
		where seq = $1`, r.seq, reason, nanos(t.now), t.expiry(r))
	if err != nil {
		return err
	}
	return t.recount(ctx, r)
}

// StopRequest says that somebody wants a run stopped.
type StopRequest struct {
	RunID string
	// At is when that was asked for last; it tells a new request from one that is known.
	At time.Time
}

func scanStopRequest(rows *sql.Rows) (r StopRequest, err error) {
	var at int64
	err = rows.Scan(&r.RunID, &at)
	r.At = instant(at)
	return r, err
}

// StopRequested returns the requests to stop running runs of this process.
func (s *Store) StopRequested(ctx context.Context) ([]StopRequest, error) {
	owner := s.Instance()
	return read(ctx, s, "read stop requests", func(ctx context.Context, q queryer) ([]StopRequest, error) {
		return collect(ctx, q, scanStopRequest,
			"select id, stop_requested from runs where status = 'running' and owner = $1 and stop_requested <> 0 order by seq", owner)
	})
}
