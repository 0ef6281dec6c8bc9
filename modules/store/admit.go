package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/google/uuid"
)

// Admit moves queued runs to running, owned by this process, and returns them in
// the order in which they were chosen: by priority, due or queueing time,
// arrival. In one transaction it reads the limits and pauses in force and counts
// what runs in each queue over all processes, so no limit is passed whoever else
// admits. It is not repeatable by a key: after ErrUnknown, Owned tells what was admitted.
func (s *Store) Admit(ctx context.Context, a Admission) ([]Run, error) {
	return write(ctx, s, "admit runs", func(ctx context.Context, t *tx) ([]Run, error) {
		if t.owner == "" {
			return nil, errNoOwner
		}
		if a.Free <= 0 {
			return nil, nil
		}
		chosen, err := chooser{t, a, nanos(t.now)}.choose(ctx)
		if err != nil {
			return nil, err
		}
		admitted := make([]Run, 0, len(chosen))
		for _, seq := range chosen {
			r, found, err := first(ctx, t, scanRow, `update runs set status = 'running', reason = '', error = '', attempt = attempt + 1,
				attempt_id = $2, owner = $3, started = $4 where seq = $1 and status = 'queued' returning `+runColumns,
				seq, uuid.NewString(), t.owner, nanos(t.now))
			if err != nil {
				return nil, err
			}
			if !found {
				return nil, errors.New("a queued run is gone in the transaction that found it")
			}
			admitted = append(admitted, r.Run)
		}
		return admitted, nil
	})
}

// waiting is a queued run in its place.
type waiting struct {
	seq            int64
	queue          string
	priority, turn int64
}

func scanWaiting(rows *sql.Rows) (w waiting, err error) {
	err = rows.Scan(&w.seq, &w.queue, &w.priority, &w.turn)
	return w, err
}

// slots knows the room in each queue.
type slots struct {
	// free is how many runs the process can take, of whatever queues.
	free    int
	limits  Limits
	paused  map[string]bool
	running map[string]int
}

// room is how many more runs the queue may have running.
func (s *slots) room(queue string) int {
	limit, limited := s.limits.Of(queue)
	switch {
	case s.paused[queue]:
		return 0
	case !limited:
		return s.free
	default:
		return limit - s.running[queue]
	}
}

// Admissible tells which runs Admit would admit now, by numbers that stay theirs. It
// admits nothing, and what it reads may change meanwhile.
func (s *Store) Admissible(ctx context.Context, a Admission) ([]int64, error) {
	if a.Free <= 0 {
		return nil, nil
	}
	return read(ctx, s, "look for admissible runs", func(ctx context.Context, q queryer) ([]int64, error) {
		return chooser{q, a, nanos(s.options.Now())}.choose(ctx)
	})
}

// chooser finds the runs to admit at a time.
type chooser struct {
	queryer
	Admission
	now int64
}

// ready selects the queued runs whose time has come by $1. What the system has queued
// again waits while its DAG is suspended, and a restart for what it stops.
const ready = `status = 'queued' and not_before <= $1 and (not_before = 0
	or not exists (select 1 from suspensions where suspensions.dag = runs.dag and suspensions.to_at = 0))
	and (restart_wait is null or not exists (select 1 from runs as stopped where stopped.restarted_by = runs.id
		and (stopped.finished = 0 or stopped.finished + runs.restart_wait > $1)))`

// few is how many queues with waiting runs are too many to ask each of them at first.
const few = 16

// choose asks each queue for its front while few of them hold what waits. Otherwise it
// looks at the head of the order over all queues; only when that is crowded by full
// queues does it ask each one, however many. Either way the work does not grow with how
// many runs wait in a full queue.
func (c chooser) choose(ctx context.Context) ([]int64, error) {
	queues, err := collect(ctx, c, word, waitingQueues+" select name from queues where name is not null limit 0 + $1", few)
	if err != nil {
		return nil, err
	}
	serial, err := c.serial(ctx)
	if err != nil || len(queues)+len(serial) == 0 {
		return nil, err
	}
	slots, err := c.slots(ctx)
	if err != nil {
		return nil, err
	}
	if len(queues) < few {
		return c.chooseOf(ctx, slots, queues, serial)
	}
	look := 2*c.Free + 64
	head, err := collect(ctx, c, scanWaiting, `select seq, queue, priority, turn from runs where serial = 0 and `+ready+`
		order by priority desc, turn, seq limit 0 + $2`, c.now, look)
	if err != nil {
		return nil, err
	}
	taken := slots.take(append(head, serial...))
	if len(taken) == c.Free || len(head) < look {
		return taken, nil
	}
	return c.chooseByQueue(ctx, slots, serial)
}

// waitingQueues begins a statement with the names of the queues that hold waiting runs,
// and null. The recursion steps from queue to queue through the index, however long they are.
const waitingQueues = `with recursive queues (name) as (
		select min(queue) from runs where status = 'queued' and serial = 0
		union all
		select (select min(queue) from runs where status = 'queued' and serial = 0 and queue > queues.name) from queues where queues.name is not null
	)`

// chooseOf merges the fronts of the queues with the serial runs.
func (c chooser) chooseOf(ctx context.Context, slots *slots, queues []string, serial []waiting) ([]int64, error) {
	front := serial
	for _, queue := range queues {
		more, err := c.front(ctx, queue, min(slots.room(queue), c.Free))
		if err != nil {
			return nil, err
		}
		front = append(front, more...)
	}
	return slots.take(front), nil
}

// front reads the first n runs that are ready in a queue. SQLite prepares a statement
// anew for each value of a limit that is a parameter and nothing else.
func (c chooser) front(ctx context.Context, queue string, n int) ([]waiting, error) {
	if n <= 0 {
		return nil, nil
	}
	return collect(ctx, c, scanWaiting, `select seq, queue, priority, turn from runs where serial = 0 and `+ready+`
		and queue = $2 order by priority desc, turn, seq limit 0 + $3`, c.now, queue, n)
}

// serial finds the first of the serial runs of each DAG, of those DAGs that do not
// run. The recursion steps from DAG to DAG through the index, however many wait.
func (c chooser) serial(ctx context.Context) ([]waiting, error) {
	return collect(ctx, c, scanWaiting, `with recursive dags (name) as (
			select min(dag) from runs where status = 'queued' and serial = 1
			union all
			select (select min(dag) from runs where status = 'queued' and serial = 1 and dag > dags.name) from dags where dags.name is not null
		)
		select seq, queue, priority, turn from dags join runs on seq = (select seq from runs
			where serial = 1 and `+ready+` and dag = dags.name order by turn, seq limit 1)
		where dags.name is not null and not exists (select 1 from runs as other
			where other.parent = '' and other.dag = dags.name and other.status = 'running')`, c.now)
}

// take takes what there is room for, in the order of admission.
func (s *slots) take(list []waiting) []int64 {
	slices.SortFunc(list, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), cmp.Compare(a.turn, b.turn), cmp.Compare(a.seq, b.seq))
	})
	var taken []int64
	taking := make(map[string]int)
	for _, w := range list {
		if len(taken) < s.free && s.room(w.queue)-taking[w.queue] > 0 {
			taking[w.queue]++
			taken = append(taken, w.seq)
		}
	}
	return taken
}

func (c chooser) slots(ctx context.Context) (*slots, error) {
	s := &slots{free: c.Free, paused: make(map[string]bool), running: make(map[string]int)}
	var err error
	if s.limits, err = limits(ctx, c); err != nil {
		return nil, err
	}
	paused, err := collect(ctx, c, word, "select queue from queue_pauses")
	if err != nil {
		return nil, err
	}
	for _, queue := range paused {
		s.paused[queue] = true
	}
	if s.limits.Unlimited {
		return s, nil
	}
	type count struct {
		queue string
		n     int
	}
	counts, err := collect(ctx, c, func(rows *sql.Rows) (n count, err error) {
		err = rows.Scan(&n.queue, &n.n)
		return n, err
	}, "select queue, count(*) from runs where status = 'running' and unlimited = 0 group by queue")
	for _, n := range counts {
		s.running[n.queue] = n.n
	}
	return s, err
}

// chooseByQueue merges the fronts of the queues that have room with the serial runs.
func (c chooser) chooseByQueue(ctx context.Context, slots *slots, serial []waiting) ([]int64, error) {
	heads, err := collect(ctx, c, scanWaiting, waitingQueues+`
		select seq, queue, priority, turn from queues join runs on seq = (select seq from runs
			where serial = 0 and `+ready+` and queue = queues.name order by priority desc, turn, seq limit 1)
		where queues.name is not null`, c.now)
	if err != nil {
		return nil, err
	}
	front := serial
	for _, w := range heads {
		switch n := min(slots.room(w.queue), c.Free); {
		case n <= 0:
		case n == 1:
			front = append(front, w)
		default:
			more, err := c.front(ctx, w.queue, n)
			if err != nil {
				return nil, err
			}
			front = append(front, more...)
		}
	}
	return slots.take(front), nil
}

// Owned returns the running runs of this process, in the order of their arrival,
// without those inside of others.
func (s *Store) Owned(ctx context.Context) ([]Run, error) {
	owner := s.Instance()
	return read(ctx, s, "read own runs", func(ctx context.Context, q queryer) ([]Run, error) {
		rows, err := collect(ctx, q, scanRow, "select "+runColumns+" from runs where status = 'running' and owner = $1 and parent = '' order by seq", owner)
		return runs(rows), err
	})
}
