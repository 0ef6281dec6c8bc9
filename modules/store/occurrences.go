package store

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"time"
)

const occurrenceColumns = "dag, kind, due, last, count, outcome, reason, run_id, decided"

func scanOccurrence(rows *sql.Rows) (Occurrence, error) {
	var o Occurrence
	var due, last, decided int64
	err := rows.Scan(&o.DAG, &o.Kind, &due, &last, &o.Count, &o.Outcome, &o.Reason, &o.RunID, &decided)
	o.Due, o.Last, o.Decided = instant(due), instant(last), instant(decided)
	return o, err
}

// Occurrences returns the outcomes of a DAG's due times from from to to, both
// included, earliest first; a row that reaches into that time is among them. An
// empty dag stands for all DAGs, a zero time for no bound. limit is at least 1.
func (s *Store) Occurrences(ctx context.Context, dag string, from, to time.Time, limit int) ([]Occurrence, error) {
	if limit < 1 {
		return nil, errors.New("read occurrences: limit is below 1")
	}
	low, high := int64(math.MinInt64), int64(math.MaxInt64)
	if !from.IsZero() {
		low = nanos(from)
	}
	if !to.IsZero() {
		high = nanos(to)
	}
	return read(ctx, s, "read occurrences", func(ctx context.Context, q queryer) ([]Occurrence, error) {
		if dag == "" {
			return collect(ctx, q, scanOccurrence, "select "+occurrenceColumns+
				" from occurrences where last >= $1 and due <= $2 order by due, dag, kind limit $3", low, high, limit)
		}
		return collect(ctx, q, scanOccurrence, "select "+occurrenceColumns+
			" from occurrences where dag = $1 and last >= $2 and due <= $3 order by due, kind limit $4", dag, low, high, limit)
	})
}
