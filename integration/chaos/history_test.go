package chaos_test

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite" // the driver of another process
)

// history is what the database says.
type history struct {
	versions    []version
	occurrences []occurrence
	runs        map[string]run
	attempts    []attempt
	steps       map[key]step
	owners      int
}

// version is a schedule of a DAG from the time it was first seen until it was gone.
type version struct {
	dag, kind, spec, zone string
	from, to, mark        time.Time // to is zero while it is there
}

// occurrence is an outcome.
type occurrence struct {
	dag, kind, outcome, reason, run string
	due, last                       time.Time
	count                           int
}

// run is a run.
type run struct {
	id, dag, cause, status, reason, text string
	due                                  time.Time
	attempt                              int
}

// attempt is an attempt that is over.
type attempt struct {
	run, id, owner, status, reason string
	number                         int
	started, begun, finished       time.Time
}

// step is a step of an attempt.
type step struct {
	status  string
	started time.Time
}

func instant(nanos int64) time.Time {
	if nanos == 0 {
		return time.Time{}
	}
	return time.Unix(0, nanos).UTC()
}

// open opens the database as another process does.
func (h *home) open(mode string) *sql.DB {
	db, err := sql.Open("sqlite", "file:"+h.path("data", "dagu.db")+"?mode="+mode+"&_pragma=busy_timeout(10000)")
	require.NoError(h.tb, err)
	return db
}

// rows asks for rows.
func (h *home) rows(db *sql.DB, text string, each func(*sql.Rows) error) {
	rows, err := db.QueryContext(context.Background(), text)
	require.NoError(h.tb, err)
	defer func() { require.NoError(h.tb, rows.Close()) }()
	for rows.Next() {
		require.NoError(h.tb, each(rows))
	}
	require.NoError(h.tb, rows.Err())
}

// versions reads the schedules.
func (h *home) versions(db *sql.DB) (list []version) {
	h.rows(db, "select dag, kind, spec, zone, from_at, to_at, mark from schedules order by id", func(rows *sql.Rows) error {
		var v version
		var from, to, mark int64
		err := rows.Scan(&v.dag, &v.kind, &v.spec, &v.zone, &from, &to, &mark)
		v.from, v.to, v.mark = instant(from), instant(to), instant(mark)
		list = append(list, v)
		return err
	})
	return list
}

// history reads all.
func (h *home) history() *history {
	db := h.open("ro")
	defer func() { require.NoError(h.tb, db.Close()) }()
	y := &history{versions: h.versions(db), runs: map[string]run{}, steps: map[key]step{}}
	h.rows(db, "select dag, kind, due, last, count, outcome, reason, run_id from occurrences order by dag, kind, due", func(rows *sql.Rows) error {
		var o occurrence
		var due, last int64
		err := rows.Scan(&o.dag, &o.kind, &due, &last, &o.count, &o.outcome, &o.reason, &o.run)
		o.due, o.last = instant(due), instant(last)
		y.occurrences = append(y.occurrences, o)
		return err
	})
	h.rows(db, "select id, dag, cause, status, reason, text_hash, due, attempt from runs", func(rows *sql.Rows) error {
		var r run
		var due int64
		err := rows.Scan(&r.id, &r.dag, &r.cause, &r.status, &r.reason, &r.text, &due, &r.attempt)
		r.due = instant(due)
		y.runs[r.id] = r
		return err
	})
	h.rows(db, `select r.id, a.attempt_id, a.owner, a.status, a.reason, a.attempt, a.started, a.begun, a.finished
		from attempts a join runs r on r.seq = a.run order by r.seq, a.attempt`, func(rows *sql.Rows) error {
		var a attempt
		var started, begun, finished int64
		err := rows.Scan(&a.run, &a.id, &a.owner, &a.status, &a.reason, &a.number, &started, &begun, &finished)
		a.started, a.begun, a.finished = instant(started), instant(begun), instant(finished)
		y.attempts = append(y.attempts, a)
		return err
	})
	h.rows(db, `select r.id, a.attempt_id, s.name, s.status, s.started from steps s join runs r on r.seq = s.run
		join attempts a on a.run = s.run and a.attempt = s.attempt`, func(rows *sql.Rows) error {
		var k key
		var s step
		var started int64
		err := rows.Scan(&k.run, &k.attempt, &k.step, &s.status, &started)
		s.started = instant(started)
		y.steps[k] = s
		return err
	})
	h.rows(db, "select count(*) from owners", func(rows *sql.Rows) error { return rows.Scan(&y.owners) })
	return y
}

// settled tells whether everything that is due by now has an outcome, no run is open,
// and of all processes the last is the only one that is known.
func (h *home) settled(now time.Time, last int) bool {
	db := h.open("ro")
	defer func() { require.NoError(h.tb, db.Close()) }()
	open := 0
	h.rows(db, "select count(*) from runs where status in ('queued', 'running')", func(rows *sql.Rows) error { return rows.Scan(&open) })
	for _, v := range h.versions(db) {
		next := v.schedule(h.tb).Next(v.mark)
		if v.to.IsZero() && !next.IsZero() && !next.After(now) {
			return false
		}
	}
	var owners []int
	h.rows(db, "select pid from owners", func(rows *sql.Rows) error {
		var pid int
		err := rows.Scan(&pid)
		owners = append(owners, pid)
		return err
	})
	return open == 0 && slices.Equal(owners, []int{last})
}
