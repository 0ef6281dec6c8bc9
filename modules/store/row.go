package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// maxRetainDays keeps the end of retention within the range of stored times.
const maxRetainDays = 36500

// row is a run as it is stored.
type row struct {
	Run
	seq         int64
	interrupted int64
}

const runColumns = `seq, id, dag, text_hash, cause, due, queue, priority, params, labels, retain_days, retry_interrupted,
	default_working_dir, queued, status, reason, error, attempt, attempt_id, owner, unlimited, interrupted,
	started, begun, finished, stop_requested, log_dir, work_dir, not_before, retries, only_steps,
	parent, parent_step, root_dag, root_id, retain_runs`

func scanRow(rows *sql.Rows) (row, error) {
	var (
		r                                                               row
		due, queued, started, begun, finished, stopRequested, notBefore int64
		params, labels, only                                            string
	)
	err := rows.Scan(&r.seq, &r.ID, &r.DAG, &r.TextHash, &r.Trigger, &due, &r.Queue, &r.Priority, &params, &labels,
		&r.RetainDays, &r.RetryInterrupted, &r.DefaultWorkingDir, &queued, &r.Status, &r.Reason, &r.Error, &r.Attempt, &r.AttemptID,
		&r.Owner, &r.Unlimited, &r.interrupted, &started, &begun, &finished, &stopRequested, &r.LogDir, &r.WorkDir,
		&notBefore, &r.Retries, &only, &r.Parent, &r.ParentStep, &r.RootDAG, &r.RootID, &r.RetainRuns)
	if err != nil {
		return r, err
	}
	r.Due, r.Queued, r.Started = instant(due), instant(queued), instant(started)
	r.Begun, r.Finished, r.StopRequested, r.NotBefore = instant(begun), instant(finished), instant(stopRequested), instant(notBefore)
	if r.Params, err = parseList(params); err != nil {
		return r, err
	}
	if r.Only, err = parseList(only); err != nil {
		return r, err
	}
	r.Labels, err = parseList(labels)
	return r, err
}

func runs(rows []row) []Run {
	list := make([]Run, len(rows))
	for i, r := range rows {
		list[i] = r.Run
	}
	return list
}

// byID reads the run; ErrNotFound when there is none.
func byID(ctx context.Context, q queryer, id string) (row, error) {
	r, found, err := first(ctx, q, scanRow, "select "+runColumns+" from runs where id = $1", id)
	if err == nil && !found {
		err = fmt.Errorf("run %s: %w", id, ErrNotFound)
	}
	return r, err
}

// normal is the form in which a new run is stored and compared.
func (n NewRun) normal() NewRun {
	if n.Queue == "" {
		n.Queue = n.DAG
	}
	n.RetainDays, n.RetainRuns = min(max(n.RetainDays, 0), maxRetainDays), max(n.RetainRuns, 0)
	return n
}

// insert records the run; false when its id is taken. With the id of an attempt
// the run is running, owned by this process and outside of queue limits.
func (t *tx) insert(ctx context.Context, n NewRun, attemptID string) (bool, error) {
	if n.ID == "" || n.DAG == "" {
		return false, fmt.Errorf("a new run needs an id and a DAG, got %q and %q", n.ID, n.DAG)
	}
	params, err := listText(n.Params)
	if err != nil {
		return false, err
	}
	labels, err := listText(n.Labels)
	if err != nil {
		return false, err
	}
	now, due := nanos(t.now), nanos(n.Due)
	turn := due
	if turn == 0 {
		turn = now
	}
	common := []any{
		n.ID, n.DAG, n.TextHash, n.Trigger, due, n.Queue, n.Priority, params, labels,
		n.RetainDays, flag(n.RetryInterrupted), n.DefaultWorkingDir, turn, now, n.Parent, n.ParentStep, n.RootDAG, n.RootID,
		n.RetainRuns,
	}
	const columns = `insert into runs (id, dag, text_hash, cause, due, queue, priority, params, labels, retain_days,
		retry_interrupted, default_working_dir, turn, queued, parent, parent_step, root_dag, root_id, retain_runs, status`
	var changed int64
	if attemptID == "" {
		changed, err = t.exec(ctx, columns+`) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
			'queued') on conflict (id) do nothing`, common...)
		t.wake |= TopicQueue
	} else {
		changed, err = t.exec(ctx, columns+`, attempt, attempt_id, owner, unlimited, started)
			values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 'running', 1, $20, $21, 1, $14)
			on conflict (id) do nothing`, append(common, attemptID, t.owner)...)
	}
	if isForeignKey(err) {
		err = fmt.Errorf("text %q: %w", n.TextHash, ErrNotFound)
	}
	return changed > 0, err
}

// expiry is when retention of a run that is over now ends; 0 is never, and stands for
// runs inside of others, which go with them.
func (t *tx) expiry(r row) int64 {
	if r.RetainDays == 0 || r.Parent != "" {
		return 0
	}
	return nanos(t.now.Add(time.Duration(r.RetainDays) * 24 * time.Hour))
}

// recount ends the retention of runs that are kept by their number, now that r is
// over. What r says holds for all of them: its number, or else its days.
func (t *tx) recount(ctx context.Context, r row) error {
	const counted = " where dag = $1 and parent = '' and retain_runs > 0 and expires = 0 and finished <> 0"
	var err error
	switch {
	case r.Parent != "":
	case r.RetainRuns > 0:
		_, err = t.exec(ctx, "update runs set expires = $2"+counted+` and (queued, seq) < (
			select queued, seq from runs where dag = $1 and parent = '' order by queued desc, seq desc limit 1 offset $3)`,
			r.DAG, nanos(t.now), r.RetainRuns-1)
	case r.RetainDays > 0:
		_, err = t.exec(ctx, "update runs set expires = finished + $2"+counted, r.DAG, int64(r.RetainDays)*int64(24*time.Hour))
	}
	return err
}
