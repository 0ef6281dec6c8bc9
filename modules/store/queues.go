package store

import (
	"context"
	"database/sql"
	"time"
)

// PauseQueue keeps the queue from admitting runs, in all processes from their next
// admission on, until it is resumed. What runs goes on, and more can be queued.
// changed is false when it was paused already. Any name is accepted.
func (s *Store) PauseQueue(ctx context.Context, queue string) (changed bool, err error) {
	return s.setPause(ctx, "pause queue "+queue, func(ctx context.Context, t *tx) (int64, error) {
		return t.exec(ctx, "insert into queue_pauses (queue, since) values ($1, $2) on conflict (queue) do nothing", queue, nanos(t.now))
	})
}

// ResumeQueue lets a paused queue admit runs again. changed is false when it was
// not paused.
func (s *Store) ResumeQueue(ctx context.Context, queue string) (changed bool, err error) {
	return s.setPause(ctx, "resume queue "+queue, func(ctx context.Context, t *tx) (int64, error) {
		return t.exec(ctx, "delete from queue_pauses where queue = $1", queue)
	})
}

func (s *Store) setPause(ctx context.Context, what string, change func(context.Context, *tx) (int64, error)) (bool, error) {
	return write(ctx, s, what, func(ctx context.Context, t *tx) (bool, error) {
		n, err := change(ctx, t)
		if n > 0 {
			t.wake |= TopicQueue
		}
		return n > 0, err
	})
}

// Queue is what a queue holds now.
type Queue struct {
	Name string
	// Running counts its admitted runs, over all processes, and Queued those that wait.
	Running, Queued int
	// Oldest is since when the run waits that waits longest, see Run.Since; zero when none does.
	Oldest time.Time
	// Paused is since when it admits nothing; zero when it is not paused.
	Paused time.Time
}

// Serial runs stand in an index of their own, so what counts queued runs asks for both kinds.

// Queues returns the queues that hold runs or are paused, by name. It takes the
// longer the more runs wait.
func (s *Store) Queues(ctx context.Context) ([]Queue, error) {
	return read(ctx, s, "read queues", func(ctx context.Context, q queryer) ([]Queue, error) {
		return collect(ctx, q, scanQueue, `select queue, sum(running), sum(queued), coalesce(min(oldest), 0), max(paused) from (
				select queue, count(*) as running, 0 as queued, null as oldest, 0 as paused
					from runs where status = 'running' and unlimited = 0 group by queue
				union all
				select queue, 0, count(*), min(case when not_before > queued then not_before else queued end), 0
					from runs where status = 'queued' and serial = 0 group by queue
				union all
				select queue, 0, count(*), min(case when not_before > queued then not_before else queued end), 0
					from runs where status = 'queued' and serial = 1 group by queue
				union all
				select queue, 0, 0, null, since from queue_pauses
			) as held group by queue order by queue`)
	})
}

func scanQueue(rows *sql.Rows) (q Queue, err error) {
	var oldest, paused int64
	err = rows.Scan(&q.Name, &q.Running, &q.Queued, &oldest, &paused)
	q.Oldest, q.Paused = instant(oldest), instant(paused)
	return q, err
}

// QueueRuns returns the admitted runs of a queue in the order of their start, and
// behind them those that wait, at most limit, in the order of their admission; those
// whose time has not come are last.
func (s *Store) QueueRuns(ctx context.Context, queue string, limit int) ([]Run, error) {
	now := nanos(s.options.Now())
	return read(ctx, s, "read runs of queue "+queue, func(ctx context.Context, q queryer) ([]Run, error) {
		rows, err := collect(ctx, q, scanRow, "select "+runColumns+` from runs where seq in (
				select seq from runs where status = 'running' and unlimited = 0 and queue = $1
				union all
				select seq from (select seq from (
						select * from runs where status = 'queued' and serial = 0 and queue = $1
						union all
						select * from runs where status = 'queued' and serial = 1 and queue = $1
					) as queued order by case when not_before > $3 then 1 else 0 end, priority desc, turn, seq limit $2) as head
			) order by case when status <> 'queued' then 0 when not_before <= $3 then 1 else 2 end, started, priority desc, turn, seq`,
			queue, limit, now)
		return runs(rows), err
	})
}

// Backlog is what waits in all queues.
type Backlog struct {
	// Queued counts the runs that wait, and Held those of them whose queue is paused.
	Queued, Held int
	// Paused counts the paused queues.
	Paused int
}

// Backlog counts what waits, over all processes.
func (s *Store) Backlog(ctx context.Context) (Backlog, error) {
	return read(ctx, s, "count what waits", func(ctx context.Context, q queryer) (Backlog, error) {
		b, _, err := first(ctx, q, scanBacklog, `select sum(queued), sum(held), (select count(*) from queue_pauses) from (
				select count(*) as queued, 0 as held from runs where status = 'queued' and serial = 0
				union all
				select count(*), 0 from runs where status = 'queued' and serial = 1
				union all
				select 0, count(*) from runs where status = 'queued' and serial = 0 and queue in (select queue from queue_pauses)
				union all
				select 0, count(*) from runs where status = 'queued' and serial = 1 and queue in (select queue from queue_pauses)
			) as counts`)
		return b, err
	})
}

func scanBacklog(rows *sql.Rows) (b Backlog, err error) {
	err = rows.Scan(&b.Queued, &b.Held, &b.Paused)
	return b, err
}
