package store

import (
	"context"
	"database/sql"
	"time"
)

// Version is a schedule of a DAG as it is recorded, from the time it was first seen
// until it was found to be gone.
type Version struct {
	Entry Entry
	// From is when it was first seen; only what is due after it counts.
	From time.Time
	// To is when it was found to be gone; zero while it is there.
	To time.Time
	// Mark is the newest instant up to which every due time has an outcome.
	Mark time.Time
}

// overAfter leaves a scheduler the time to decide what was due by a schedule that
// cannot come back as the same any more.
const overAfter = absence + time.Hour

// Over tells that the schedule has been gone for so long that nobody will decide what
// was due and is not decided.
func (v Version) Over(now time.Time) bool { return !v.To.IsZero() && now.Sub(v.To) >= overAfter }

// Record is an outcome with what is recorded of the run that it names.
type Record struct {
	Occurrence
	// RunKept tells that the DAG has the run; it is false also where none is named.
	RunKept bool
	// RunDue is the run's due time; zero when it has none.
	RunDue time.Time
}

// Ledger is what is recorded of the due times of one DAG at one moment.
type Ledger struct {
	DAG string
	// At is that moment, and Since a little less than Options.KeepOccurrences before
	// it: what was due earlier may have been forgotten.
	At, Since time.Time
	// Versions are in the order in which they were first seen.
	Versions []Version
	// Records are the outcomes that reach Since or later, by kind and due time.
	Records []Record
	// Strays are runs with a due time from Since on at which no outcome names them.
	// One that a newer due time has superseded is none.
	Strays []NewRun
}

// Ledgers names the DAGs that have schedules, or outcomes of due times, in order.
func (s *Store) Ledgers(ctx context.Context) ([]string, error) {
	return read(ctx, s, "list ledgers", func(ctx context.Context, q queryer) ([]string, error) {
		// The first name after each name: there are few names in many rows.
		return collect(ctx, q, word, `with recursive names (dag) as (
				select min(dag) from occurrences
				union all select (select min(dag) from occurrences where dag > names.dag) from names where names.dag is not null)
			select dag from names where dag is not null union select dag from schedules order by dag`)
	})
}

// Ledger reads what is recorded of the due times of a DAG.
func (s *Store) Ledger(ctx context.Context, dag string) (Ledger, error) {
	return read(ctx, s, "read the ledger of "+dag, func(ctx context.Context, _ queryer) (Ledger, error) {
		l := Ledger{DAG: dag}
		err := s.db.readers.still(ctx, func(q queryer) error { return l.read(ctx, q, s.options) })
		return l, err
	})
}

// keepMargin is the part of the retention by which the clock may have gone back since
// something was forgotten: 1/30, a day by default.
const keepMargin = 30

func (l *Ledger) read(ctx context.Context, q queryer, o Options) error {
	list, err := collect(ctx, q, scanVersion, "select "+versionColumns+" from schedules where dag = $1 order by id", l.DAG)
	if err != nil {
		return err
	}
	// Now that nothing changes any more: what is forgotten from here on is still seen.
	l.At = o.Now()
	l.Since = l.At.Add(o.KeepOccurrences/keepMargin - o.KeepOccurrences)
	for _, v := range list {
		l.Versions = append(l.Versions, Version{Entry: v.entry, From: v.from, To: v.to, Mark: v.mark.Mark})
	}
	l.Records, err = collect(ctx, q, scanRecord, `select o.dag, o.kind, o.due, o.last, o.count, o.outcome, o.reason, o.run_id, o.decided,
			r.id is not null, coalesce(r.due, 0)
		from occurrences o left join runs r on r.id = o.run_id and r.dag = o.dag
		where o.dag = $1 and o.last >= $2 order by o.kind, o.due`, l.DAG, nanos(l.Since))
	if err != nil {
		return err
	}
	l.Strays, err = collect(ctx, q, scanStray, `select id, dag, due from runs where parent = '' and dag = $1 and due <> 0 and due >= $2
			and not (status = 'aborted' and reason = $3)
			and not exists (select 1 from occurrences o where o.dag = runs.dag and o.due = runs.due and o.run_id = runs.id)
		order by due, seq`, l.DAG, nanos(l.Since), ReasonSuperseded)
	return err
}

func scanRecord(rows *sql.Rows) (r Record, err error) {
	var due, last, decided, runDue int64
	err = rows.Scan(&r.DAG, &r.Kind, &due, &last, &r.Count, &r.Outcome, &r.Reason, &r.RunID, &decided, &r.RunKept, &runDue)
	r.Due, r.Last, r.Decided, r.RunDue = instant(due), instant(last), instant(decided), instant(runDue)
	return r, err
}

func scanStray(rows *sql.Rows) (n NewRun, err error) {
	var due int64
	err = rows.Scan(&n.ID, &n.DAG, &due)
	n.Due = instant(due)
	return n, err
}
