package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"
)

const (
	// pruneBatch bounds the rows that one transaction of retention deletes, so
	// that others wait for milliseconds only.
	pruneBatch = 200
	// vacuumBatch bounds the pages that are given back at a time.
	vacuumBatch = 500
)

// Expired returns runs whose retention has ended, earliest end first. Before them come
// the runs inside of them, the innermost first.
func (s *Store) Expired(ctx context.Context, now time.Time, limit int) ([]Run, error) {
	if limit < 1 {
		return nil, errors.New("read expired runs: limit is below 1")
	}
	return read(ctx, s, "read expired runs", func(ctx context.Context, q queryer) ([]Run, error) {
		rows, err := collect(ctx, q, scanRow, `with recursive gone (id, depth) as (
				select id, 0 from (select id from runs where expires <> 0 and expires <= $1 order by expires limit $2) as over
				union all
				select runs.id, depth + 1 from gone join runs on runs.parent = gone.id and runs.parent <> ''
			)
			select `+runColumns+` from runs join gone using (id) order by depth desc, expires, seq limit $2`, nanos(now), limit)
		return runs(rows), err
	})
}

// Forget deletes runs that are over, with their attempts and steps. Their files
// must be gone before. Ids of open runs, of those that have others inside, or of none,
// are passed over.
func (s *Store) Forget(ctx context.Context, ids []string) error {
	for batch := range slices.Chunk(ids, pruneBatch) {
		_, err := write(ctx, s, "forget runs", func(ctx context.Context, t *tx) (struct{}, error) {
			for _, id := range batch {
				if _, err := t.exec(ctx, `delete from runs where id = $1 and status not in ('queued', 'running')
					and not exists (select 1 from runs as inside where inside.parent = runs.id and inside.parent <> '')`, id); err != nil {
					return struct{}{}, err
				}
			}
			return struct{}{}, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Prune deletes what nothing needs any more: outcomes of due times older than
// Options.KeepOccurrences, schedules that have been gone for as long and that no
// outcome is left of, suspensions that have been over for as long, and texts that
// neither a file nor a run refers to. Then it
// gives free pages back to the file system. It works in small steps between
// which other writes take place.
func (s *Store) Prune(ctx context.Context, now time.Time) error {
	before := nanos(now.Add(-s.options.KeepOccurrences))
	for _, text := range []string{
		`delete from occurrences where (dag, kind, due) in (select dag, kind, due from occurrences where last < $1 order by last limit $2)`,
		// A row of outcomes can be counted as long as the schedules are known that it stands for.
		`delete from schedules where id in (select id from schedules s where to_at <> 0 and to_at < $1 and not exists (
			select 1 from occurrences o where o.dag = s.dag and o.kind = s.kind and o.due <= s.mark and o.last > s.from_at) limit $2)`,
		`delete from suspensions where (dag, from_at) in (select dag, from_at from suspensions where to_at <> 0 and to_at < $1 limit $2)`,
	} {
		if err := s.pruneRows(ctx, text, before); err != nil {
			return err
		}
	}
	if err := s.pruneTexts(ctx, now); err != nil {
		return err
	}
	return s.shrink(ctx)
}

// pruneRows repeats a delete until it finds nothing.
func (s *Store) pruneRows(ctx context.Context, text string, before int64) error {
	for {
		n, err := write(ctx, s, "prune", func(ctx context.Context, t *tx) (int64, error) {
			return t.exec(ctx, text, before, pruneBatch)
		})
		if err != nil {
			return err
		}
		if n < pruneBatch {
			return nil
		}
	}
}

const (
	orphanText = `stored < $1 and not exists (select 1 from files where files.hash = texts.hash)
		and not exists (select 1 from runs where runs.text_hash = texts.hash)`
	orphanBase = `not exists (select 1 from texts where texts.base = bases.hash)
		and not exists (select 1 from texts where texts.workspace = bases.hash)`
)

// pruneTexts finds orphans beside the writer, which then deletes those that still are.
func (s *Store) pruneTexts(ctx context.Context, now time.Time) error {
	before := nanos(now.Add(-textGrace))
	texts, err := read(ctx, s, "find unused texts", func(ctx context.Context, q queryer) ([]string, error) {
		return collect(ctx, q, word, "select hash from texts where "+orphanText, before)
	})
	if err != nil {
		return err
	}
	if err = s.deleteEach(ctx, texts, "delete from texts where hash = $2 and "+orphanText, before); err != nil {
		return err
	}
	bases, err := read(ctx, s, "find unused bases", func(ctx context.Context, q queryer) ([]string, error) {
		return collect(ctx, q, word, "select hash from bases where "+orphanBase)
	})
	if err != nil {
		return err
	}
	return s.deleteEach(ctx, bases, "delete from bases where $1 <> 0 and hash = $2 and "+orphanBase, before)
}

func (s *Store) deleteEach(ctx context.Context, keys []string, text string, before int64) error {
	for batch := range slices.Chunk(keys, pruneBatch) {
		_, err := write(ctx, s, "prune", func(ctx context.Context, t *tx) (struct{}, error) {
			for _, key := range batch {
				if _, err := t.exec(ctx, text, before, key); err != nil {
					return struct{}{}, err
				}
			}
			return struct{}{}, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// shrink gives free pages back to the file system and empties the write-ahead log.
func (s *Store) shrink(ctx context.Context) error {
	for {
		free, err := s.maintain(ctx, func(ctx context.Context, t *tx) (int64, error) {
			if _, err := t.exec(ctx, fmt.Sprintf("pragma incremental_vacuum(%d)", vacuumBatch)); err != nil {
				return 0, err
			}
			free, _, err := first(ctx, t, number, "pragma freelist_count")
			return free, err
		})
		if err != nil {
			return err
		}
		if free == 0 {
			break
		}
	}
	busy, err := s.maintain(ctx, func(ctx context.Context, t *tx) (int64, error) {
		busy, _, err := first(ctx, t, checkpointed, "pragma wal_checkpoint(truncate)")
		return busy, err
	})
	if busy != 0 {
		s.log.Debug("the write-ahead log is in use and was not emptied", zap.Int64("busy", busy))
	}
	return err
}

// maintain runs fn on the writer outside of a transaction.
func (s *Store) maintain(ctx context.Context, fn func(ctx context.Context, t *tx) (int64, error)) (int64, error) {
	return perform(ctx, s, "shrink the database", true, fn)
}

// checkpointed scans the answer to a checkpoint; busy is 1 when it is not complete.
func checkpointed(rows *sql.Rows) (busy int64, err error) {
	var pages, moved int64
	err = rows.Scan(&busy, &pages, &moved)
	return busy, err
}
