package store

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"
)

// reopenBatch bounds the DAGs whose marks are reopened in one transaction.
const reopenBatch = 200

// Reopen is for a clock that went back: marks that lie ahead of now are taken
// back to now, though not past the last due time that fired, so that nothing
// fires twice and nothing stops. What was skipped or missed after that is
// forgotten, for it will be due again. It returns how many marks moved.
func (s *Store) Reopen(ctx context.Context, now time.Time) (int, error) {
	ahead, err := read(ctx, s, "reopen marks", func(ctx context.Context, q queryer) ([]string, error) {
		return collect(ctx, q, word, "select distinct dag from schedules where mark > $1", nanos(now))
	})
	if err != nil {
		return 0, err
	}
	total := 0
	for batch := range slices.Chunk(ahead, reopenBatch) {
		n, err := write(ctx, s, "reopen marks", func(ctx context.Context, t *tx) (n int, err error) {
			for _, dag := range batch {
				for _, kind := range []Kind{KindStart, KindStop, KindRestart} {
					moved, err := t.reopenKind(ctx, s.log, dag, kind, now)
					if err != nil {
						return 0, err
					}
					n += moved
				}
			}
			return n, nil
		})
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

func (t *tx) reopenKind(ctx context.Context, log *zap.Logger, dag string, kind Kind, now time.Time) (int, error) {
	to := now
	fired, found, err := first(ctx, t, number, `select due from occurrences where dag = $1 and kind = $2 and outcome = 'fired'
		order by due desc limit 1`, dag, kind)
	if err != nil {
		return 0, err
	}
	if at := instant(fired); found && at.After(to) {
		to = at
	}
	n, err := t.exec(ctx, `update schedules set mark = $3, from_at = case when from_at > $3 then $3 else from_at end
		where dag = $1 and kind = $2 and mark > $3`, dag, kind, nanos(to))
	if err != nil || n == 0 {
		return 0, err
	}
	if _, err = t.exec(ctx, "delete from occurrences where dag = $1 and kind = $2 and due > $3", dag, kind, nanos(to)); err != nil {
		return 0, err
	}
	o, found, err := first(ctx, t, scanOccurrence, "select "+occurrenceColumns+
		" from occurrences where dag = $1 and kind = $2 and last > $3 limit 1", dag, kind, nanos(to))
	if err != nil || !found {
		return int(n), err
	}
	return int(n), t.cut(ctx, log, o, to)
}

// cut takes from a row what lies after to.
func (t *tx) cut(ctx context.Context, log *zap.Logger, o Occurrence, to time.Time) error {
	all, err := versions(ctx, t, o.DAG, o.Kind)
	if err != nil {
		return err
	}
	o.Last, o.Count = o.Due, 0
	told := instants(all, o.Due, to, func(at time.Time, due []version) {
		if anyDecided(due, at) {
			o.Last = at
			o.Count++
		}
	})
	if !told || o.Count == 0 {
		log.Warn("cannot count the due times in a row of outcomes",
			zap.String("dag", o.DAG), zap.Time("from", o.Due), zap.Time("to", to))
		o.Last, o.Count = o.Due, 1
	}
	return t.resizeOccurrence(ctx, o)
}
