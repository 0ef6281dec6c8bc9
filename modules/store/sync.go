package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

const (
	// absence is how long a schedule may be gone and still be the same.
	absence = 24 * time.Hour
	// bulk is the number of DAGs from which on the whole table is read at once.
	bulk = 64
	// syncBatch bounds the DAGs that are written in one transaction.
	syncBatch = 1000
)

// SyncSchedules records the schedules that each of the DAGs has now, and returns
// their marks. A new entry's mark is now. An entry that is no longer there ends
// now; back within 24 h it goes on as if it had been there, and its mark tells
// the gap; later it is a new one. Nothing is written for what has not changed.
// Of two sets of one DAG the last counts.
func (s *Store) SyncSchedules(ctx context.Context, sets []ScheduleSet, now time.Time) ([]Mark, error) {
	present, err := s.presentVersions(ctx, sets)
	if err != nil {
		return nil, fmt.Errorf("sync schedules: %w", err)
	}
	last := make(map[string]int, len(sets))
	for i, set := range sets {
		last[set.DAG] = i
	}
	var marks []Mark
	var changed []ScheduleSet
	for i, set := range sets {
		switch {
		case last[set.DAG] != i:
		case unchanged(present[set.DAG], set.Entries):
			for _, v := range present[set.DAG] {
				marks = append(marks, v.mark)
			}
		default:
			changed = append(changed, set)
		}
	}
	for batch := range slices.Chunk(changed, syncBatch) {
		more, err := write(ctx, s, "sync schedules", func(ctx context.Context, t *tx) (list []Mark, err error) {
			for _, set := range batch {
				if list, err = t.syncSet(ctx, set, now, list); err != nil {
					return nil, fmt.Errorf("DAG %s: %w", set.DAG, err)
				}
			}
			return list, nil
		})
		if err != nil {
			return nil, err
		}
		marks = append(marks, more...)
	}
	return marks, nil
}

// presentVersions reads the schedules that are there, at least of the DAGs in sets.
func (s *Store) presentVersions(ctx context.Context, sets []ScheduleSet) (map[string][]version, error) {
	return read(ctx, s, "read schedules", func(ctx context.Context, q queryer) (map[string][]version, error) {
		present := make(map[string][]version, len(sets))
		if len(sets) >= bulk {
			all, err := collect(ctx, q, scanVersion, "select "+versionColumns+" from schedules where to_at = 0")
			for _, v := range all {
				present[v.dag] = append(present[v.dag], v)
			}
			return present, err
		}
		for _, set := range sets {
			list, err := collect(ctx, q, scanVersion, "select "+versionColumns+" from schedules where dag = $1 and to_at = 0", set.DAG)
			if err != nil {
				return nil, err
			}
			present[set.DAG] = list
		}
		return present, nil
	})
}

func unchanged(present []version, entries []Entry) bool {
	for _, v := range present {
		if !slices.Contains(entries, v.entry) {
			return false
		}
	}
	for _, e := range entries {
		if !slices.ContainsFunc(present, func(v version) bool { return v.entry == e }) {
			return false
		}
	}
	return true
}

// syncSet records what changed of one DAG and appends its marks to list.
func (t *tx) syncSet(ctx context.Context, set ScheduleSet, now time.Time, list []Mark) ([]Mark, error) {
	all, err := collect(ctx, t, scanVersion, "select "+versionColumns+" from schedules where dag = $1 order by id", set.DAG)
	if err != nil {
		return nil, err
	}
	for _, v := range all {
		if v.to.IsZero() && !slices.Contains(set.Entries, v.entry) {
			if _, err = t.exec(ctx, "update schedules set to_at = $2 where id = $1", v.id, nanos(now)); err != nil {
				return nil, err
			}
		}
	}
	for i, e := range set.Entries {
		if slices.Contains(set.Entries[:i], e) {
			continue
		}
		mark, err := t.syncEntry(ctx, set.DAG, latest(all, []Entry{e}), Mark{DAG: set.DAG, Entry: e, From: now, Mark: now})
		if err != nil {
			return nil, err
		}
		list = append(list, mark)
	}
	return list, nil
}

// syncEntry makes sure that an entry is there; fresh is its mark if it is new.
func (t *tx) syncEntry(ctx context.Context, dag string, known []version, fresh Mark) (Mark, error) {
	now := fresh.Mark
	switch {
	case len(known) == 1 && known[0].to.IsZero():
		return known[0].mark, nil
	case len(known) == 1 && now.Sub(known[0].to) < absence:
		mark := known[0].mark
		if now.After(known[0].to) {
			mark.AbsentFrom, mark.AbsentTo = known[0].to, now
		}
		_, err := t.exec(ctx, "update schedules set to_at = 0, absent_from = $2, absent_to = $3 where id = $1",
			known[0].id, nanos(mark.AbsentFrom), nanos(mark.AbsentTo))
		return mark, err
	default:
		_, err := t.exec(ctx, "insert into schedules (dag, kind, spec, zone, from_at, mark) values ($1, $2, $3, $4, $5, $5)",
			dag, fresh.Entry.Kind, fresh.Entry.Text, fresh.Entry.Zone, nanos(now))
		return fresh, err
	}
}

// GoneSchedules lists schedules that ended so long ago that they will not come back as
// the same, and of whose last time not every due time may have an outcome: the gap is
// the time from the mark until their end.
func (s *Store) GoneSchedules(ctx context.Context, now time.Time) ([]Mark, error) {
	return read(ctx, s, "read schedules that are gone", func(ctx context.Context, q queryer) ([]Mark, error) {
		list, err := collect(ctx, q, scanVersion, "select "+versionColumns+` from schedules old
			where to_at <> 0 and to_at <= $1 and mark < to_at and not exists (select 1 from schedules new
				where new.dag = old.dag and new.kind = old.kind and new.spec = old.spec and new.zone = old.zone and new.id > old.id)
			order by id`, nanos(now.Add(-absence)))
		marks := make([]Mark, len(list))
		for i, v := range list {
			marks[i] = v.mark
			marks[i].AbsentFrom, marks[i].AbsentTo = v.mark.Mark, v.to
		}
		return marks, err
	})
}

// ActiveSchedules names the DAGs that have schedules.
func (s *Store) ActiveSchedules(ctx context.Context) ([]string, error) {
	return read(ctx, s, "read scheduled DAGs", func(ctx context.Context, q queryer) ([]string, error) {
		return collect(ctx, q, word, "select distinct dag from schedules where to_at = 0 order by dag")
	})
}

// Marks reads how far the schedules that the DAGs have now are decided. Those of one
// DAG stand together.
func (s *Store) Marks(ctx context.Context, dags []string) ([]Mark, error) {
	return read(ctx, s, "read marks", func(ctx context.Context, q queryer) ([]Mark, error) {
		marks := make([]Mark, 0, len(dags))
		if len(dags) < bulk {
			for _, dag := range dags {
				list, err := collect(ctx, q, scanMark, "select "+versionColumns+" from schedules where dag = $1 and to_at = 0", dag)
				if err != nil {
					return nil, err
				}
				marks = append(marks, list...)
			}
			return marks, nil
		}
		wanted := make(map[string]bool, len(dags))
		for _, dag := range dags {
			wanted[dag] = true
		}
		all, err := collect(ctx, q, scanMark, "select "+versionColumns+" from schedules where to_at = 0 order by dag")
		return slices.DeleteFunc(all, func(m Mark) bool { return !wanted[m.DAG] }), err
	})
}

func scanMark(rows *sql.Rows) (Mark, error) {
	v, err := scanVersion(rows)
	return v.mark, err
}

// NewestMark is the latest mark of all schedules that are there; zero without any.
func (s *Store) NewestMark(ctx context.Context) (time.Time, error) {
	return read(ctx, s, "read the newest mark", func(ctx context.Context, q queryer) (time.Time, error) {
		mark, _, err := first(ctx, q, number, "select coalesce(max(mark), 0) from schedules where to_at = 0")
		return instant(mark), err
	})
}
