package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Run returns a run; ErrNotFound when there is none of this id.
func (s *Store) Run(ctx context.Context, id string) (Run, error) {
	return read(ctx, s, "read run", func(ctx context.Context, q queryer) (Run, error) {
		r, err := byID(ctx, q, id)
		return r.Run, err
	})
}

// Runs returns the runs that the filter selects, the one queued last first. Those
// inside of others are not among them, see Children.
func (s *Store) Runs(ctx context.Context, f Filter) ([]Run, error) {
	if f.Limit < 1 {
		return nil, errors.New("read runs: Filter.Limit is below 1")
	}
	text, args := f.statement()
	return read(ctx, s, "read runs", func(ctx context.Context, q queryer) (list []Run, err error) {
		rows, err := q.query(ctx, text, args...)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for len(list) < f.Limit && rows.Next() {
			r, err := scanRow(rows)
			if err != nil {
				return nil, err
			}
			if f.labelled(r.Labels) {
				list = append(list, r.Run)
			}
		}
		return list, rows.Err()
	})
}

// statement puts the filter into SQL; labels are left to labelled.
func (f Filter) statement() (text string, args []any) {
	where := []string{"parent = ''"}
	add := func(condition string, arg any) {
		args = append(args, arg)
		where = append(where, fmt.Sprintf(condition, len(args)))
	}
	if f.DAG != "" {
		add("dag = $%d", f.DAG)
	}
	if f.IDPart != "" {
		add(`id like $%d escape '\'`, "%"+escapeLike(f.IDPart)+"%")
	}
	if !f.From.IsZero() {
		add("queued >= $%d", nanos(f.From))
	}
	if !f.To.IsZero() {
		add("queued <= $%d", nanos(f.To))
	}
	if len(f.Statuses) > 0 {
		marks := make([]string, len(f.Statuses))
		for i, status := range f.Statuses {
			args = append(args, status)
			marks[i] = fmt.Sprintf("$%d", len(args))
		}
		where = append(where, "status in ("+strings.Join(marks, ", ")+")")
	}
	text = "select " + runColumns + " from runs where " + strings.Join(where, " and ") + " order by queued desc, seq desc"
	if len(f.Labels) == 0 {
		args = append(args, f.Limit)
		text += fmt.Sprintf(" limit $%d", len(args))
	}
	return text, args
}

func (f Filter) labelled(labels []string) bool {
	for _, label := range f.Labels {
		if !slices.Contains(labels, label) {
			return false
		}
	}
	return true
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s)
}

// LastRuns returns the run of each DAG that was queued last.
func (s *Store) LastRuns(ctx context.Context) (map[string]Run, error) {
	return read(ctx, s, "read last runs", func(ctx context.Context, q queryer) (map[string]Run, error) {
		rows, err := collect(ctx, q, scanRow, `with recursive dags (name) as (
				select min(dag) from runs where parent = ''
				union all
				select (select min(dag) from runs where parent = '' and dag > dags.name) from dags where dags.name is not null
			)
			select `+runColumns+` from dags join runs on seq = (select seq from runs where parent = '' and dag = dags.name
				order by queued desc, seq desc limit 1)
			where dags.name is not null`)
		last := make(map[string]Run, len(rows))
		for _, r := range rows {
			last[r.DAG] = r.Run
		}
		return last, err
	})
}

// Counts returns how many runs are running and queued, over all processes. Those
// inside of others are not counted.
func (s *Store) Counts(ctx context.Context) (running, queued int, err error) {
	list, err := read(ctx, s, "count runs", func(ctx context.Context, q queryer) ([]int64, error) {
		return collect(ctx, q, number, `select count(*) from runs where status = 'running' and parent = ''
			union all select sum(n) from (select count(*) as n from runs where status = 'queued' and serial = 0
				union all select count(*) from runs where status = 'queued' and serial = 1) as queued`)
	})
	if err != nil {
		return 0, 0, err
	}
	return int(list[0]), int(list[1]), nil
}
