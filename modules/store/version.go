package store

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"dagu/modules/schedule"
)

// version is a schedule of a DAG from the time it was first seen until it was gone.
type version struct {
	id    int64
	dag   string
	entry Entry
	from  time.Time
	to    time.Time // zero while it is there
	mark  Mark
}

const versionColumns = "id, dag, kind, spec, zone, from_at, to_at, absent_from, absent_to, mark"

func scanVersion(rows *sql.Rows) (version, error) {
	var v version
	var from, to, absentFrom, absentTo, mark int64
	err := rows.Scan(&v.id, &v.dag, &v.entry.Kind, &v.entry.Text, &v.entry.Zone, &from, &to, &absentFrom, &absentTo, &mark)
	v.from, v.to = instant(from), instant(to)
	v.mark = Mark{DAG: v.dag, Entry: v.entry, From: v.from, Mark: instant(mark), AbsentFrom: instant(absentFrom), AbsentTo: instant(absentTo)}
	return v, err
}

// versions reads all recorded versions of one kind, oldest first.
func versions(ctx context.Context, q queryer, dag string, kind Kind) ([]version, error) {
	return collect(ctx, q, scanVersion, "select "+versionColumns+" from schedules where dag = $1 and kind = $2 order by id", dag, kind)
}

// latest selects the newest version of each entry.
func latest(all []version, entries []Entry) []version {
	list := make([]version, 0, len(entries))
	for _, e := range entries {
		for _, v := range slices.Backward(all) {
			if v.entry == e {
				list = append(list, v)
				break
			}
		}
	}
	return list
}

// reach returns the earliest mark; zero without versions.
func reach(list []version) (mark time.Time) {
	for i, v := range list {
		if i == 0 || v.mark.Mark.Before(mark) {
			mark = v.mark.Mark
		}
	}
	return mark
}

// maxInstants bounds how many due times are looked at one by one.
const maxInstants = 2_000_000

// instants calls yield with each instant from from to to, both included, at
// which one of the versions is due, in order. It returns false, perhaps after
// some calls, when that cannot be told: a text is not understood any more, or
// there are too many.
func instants(list []version, from, to time.Time, yield func(at time.Time, due []version)) bool {
	specs := make([]*schedule.Schedule, len(list))
	next := make([]time.Time, len(list))
	for i, v := range list {
		spec, err := schedule.Restore(v.entry.Text, v.entry.Zone)
		if err != nil {
			return false
		}
		specs[i] = spec
		next[i] = specs[i].Next(from.Add(-time.Nanosecond))
	}
	for range maxInstants {
		at := time.Time{}
		for _, n := range next {
			if !n.IsZero() && (at.IsZero() || n.Before(at)) {
				at = n
			}
		}
		if at.IsZero() || at.After(to) {
			return true
		}
		var due []version
		for i := range list {
			if next[i].Equal(at) {
				due = append(due, list[i])
				next[i] = specs[i].Next(at)
			}
		}
		yield(at, due)
	}
	return false
}

// decided tells whether the instant, at which the version is due, has its outcome.
func (v version) decided(at time.Time) bool {
	return at.After(v.from) && !at.After(v.mark.Mark)
}
