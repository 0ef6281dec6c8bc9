package store_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestAdmitOrder(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	add := func(id, queue string, priority int, due time.Time) {
		n := newRun("d", id)
		n.Queue, n.Priority, n.Due = queue, priority, due
		_, err := s.Enqueue(t.Context(), n)
		require.NoError(t, err)
	}
	now := clock.Now()
	add("third", "a", 0, now.Add(-time.Minute))
	add("late", "b", 0, time.Time{})
	add("fourth", "c", 0, time.Time{})
	add("second", "e", 0, now.Add(-time.Hour))
	add("first", "f", 5, now.Add(time.Hour))
	add("low", "g", -1, now.Add(-2*time.Hour))
	add("behind first", "f", 1, now)
	require.Equal(t, []string{"first", "second", "third"}, idsOf(admit(t, s, store.Admission{Free: 3})))
	require.Empty(t, admit(t, s, store.Admission{}))
	require.Equal(t, []string{"late", "fourth", "low"}, idsOf(admit(t, s, store.Admission{Free: 9})), "arrival decides between equals")
	require.Empty(t, admit(t, s, store.Admission{Free: 9}))
	limit(t, s, map[string]int{"f": 2})
	require.Equal(t, []string{"behind first"}, idsOf(admit(t, s, store.Admission{Free: 9})))
	add("over", "f", 1, now)
	require.Empty(t, admit(t, s, store.Admission{Free: 9}))
	_, _, err := s.SetLimits(t.Context(), store.Limits{Unlimited: true})
	require.NoError(t, err)
	require.Equal(t, []string{"over"}, idsOf(admit(t, s, store.Admission{Free: 9})))
}

func TestFullQueueDelaysNoOther(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	var group sync.WaitGroup
	errs := make(chan error, 300)
	for i := range cap(errs) {
		group.Go(func() {
			n := newRun("hog", fmt.Sprintf("hog-%04d", i))
			n.Priority = 9
			_, err := s.Enqueue(context.Background(), n)
			errs <- err
		})
	}
	group.Wait()
	for range cap(errs) {
		require.NoError(t, <-errs)
	}
	enqueue(t, s, "small", 3)
	limit(t, s, map[string]int{"small": 2})
	runs := admit(t, s, store.Admission{Free: 10})
	require.Len(t, runs, 3)
	require.Equal(t, "hog", runs[0].DAG)
	require.Equal(t, []string{"small-0", "small-1"}, idsOf(runs[1:]))

	// A limit that was lowered below what runs admits nothing.
	limit(t, s, map[string]int{"small": 2, "hog": 6})
	require.Len(t, admit(t, s, store.Admission{Free: 5}), 5)
	limit(t, s, map[string]int{"small": 3, "hog": 3})
	require.Equal(t, []string{"small-2"}, idsOf(admit(t, s, store.Admission{Free: 10})))
}

// waiting is a queued run of the reference model.
type waiting struct {
	id, queue     string
	priority, seq int
	turn          time.Time
}

// model is admission as it is described, done the slow way.
type model struct {
	queued  []waiting
	running map[string][]string // queue -> ids
	limits  map[string]int
	paused  map[string]bool
}

// change makes another configuration, or pauses or resumes a queue, now and then.
func (m *model) change(t *testing.T, s *store.Store, random *rand.Rand) {
	t.Helper()
	switch random.IntN(4) {
	case 0:
		m.limits = map[string]int{"q0": 1 + random.IntN(5), "q3": 1 + random.IntN(30)}
		limit(t, s, m.limits)
	case 1:
		queue := fmt.Sprint("q", random.IntN(4))
		was := m.paused[queue]
		change := s.PauseQueue
		if was {
			change = s.ResumeQueue
		}
		changed, err := change(t.Context(), queue)
		require.NoError(t, err)
		require.True(t, changed)
		m.paused[queue] = !was
	}
}

func (m *model) limit(queue string) int {
	if m.paused[queue] {
		return 0
	}
	if n, ok := m.limits[queue]; ok {
		return n
	}
	return 1
}

func (m *model) admit(free int) (ids []string) {
	slices.SortFunc(m.queued, func(a, b waiting) int {
		return cmp.Or(cmp.Compare(b.priority, a.priority), a.turn.Compare(b.turn), cmp.Compare(a.seq, b.seq))
	})
	var rest []waiting
	for _, w := range m.queued {
		if len(ids) < free && len(m.running[w.queue]) < m.limit(w.queue) {
			ids = append(ids, w.id)
			m.running[w.queue] = append(m.running[w.queue], w.id)
		} else {
			rest = append(rest, w)
		}
	}
	m.queued = rest
	return ids
}

// Two processes admit from one database, in random queues, as the model does.
func TestAdmitModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 7))
			clock := newClock()
			dir := t.TempDir()
			stores := []*store.Store{openOwner(t, store.Options{Dir: dir, Now: clock.Now}), openOwner(t, store.Options{Dir: dir, Now: clock.Now})}
			m := &model{running: map[string][]string{}, limits: map[string]int{"q0": 3, "q1": 40}, paused: map[string]bool{}}
			limit(t, stores[0], m.limits)
			refs := map[string]store.Ref{}
			queues := 3 + random.IntN(40)
			for step := range 60 {
				clock.Step(time.Duration(random.IntN(3)) * time.Second)
				for i := range random.IntN(40) {
					n := newRun("d", fmt.Sprintf("r-%d-%d", step, i))
					n.Queue, n.Priority = fmt.Sprint("q", min(random.IntN(queues), random.IntN(queues))), random.IntN(3)
					turn := clock.Now()
					if random.IntN(2) == 0 {
						n.Due = clock.Now().Add(-time.Duration(random.IntN(10)) * time.Second)
						turn = n.Due
					}
					_, err := stores[random.IntN(2)].Enqueue(t.Context(), n)
					require.NoError(t, err)
					m.queued = append(m.queued, waiting{id: n.ID, queue: n.Queue, priority: n.Priority, seq: step*100 + i, turn: turn})
				}
				free := 1 + random.IntN(20)
				m.change(t, stores[random.IntN(2)], random)
				runs := admit(t, stores[random.IntN(2)], store.Admission{Free: free})
				require.Equal(t, m.admit(free), append([]string(nil), idsOf(runs)...), "step %d", step)
				for _, run := range runs {
					refs[run.ID] = run.Ref()
				}
				for queue, ids := range m.running {
					var rest []string
					for _, id := range ids {
						if random.IntN(3) > 0 {
							rest = append(rest, id)
							continue
						}
						require.NoError(t, stores[0].Finish(t.Context(), refs[id], store.Result{Status: store.StatusSucceeded}))
					}
					m.running[queue] = rest
				}
			}
		})
	}
}

// Limits hold at every instant although several processes admit at once, and
// each run is admitted by one of them.
func TestAdmitFromSeveralProcesses(t *testing.T) {
	t.Parallel()
	const processes, queues, size, slots = 3, 4, 120, 3
	dir := t.TempDir()
	stores := make([]*store.Store, processes)
	for i := range stores {
		stores[i] = openOwner(t, store.Options{Dir: dir, WriteTimeout: 30 * time.Second})
	}
	limits := map[string]int{}
	for i := range size {
		n := newRun("d", fmt.Sprint("r", i))
		n.Queue = fmt.Sprint("q", i%queues)
		limits[n.Queue] = slots
		_, err := stores[0].Enqueue(t.Context(), n)
		require.NoError(t, err)
	}
	limit(t, stores[0], limits)
	var (
		mu      sync.Mutex
		running = map[string]int{}
		seen    = map[string]int{}
		group   sync.WaitGroup
	)
	failed := make(chan error, processes)
	for _, s := range stores {
		group.Go(func() {
			for {
				runs, err := s.Admit(context.Background(), store.Admission{Free: 4})
				if err != nil {
					failed <- err
					return
				}
				mu.Lock()
				for _, run := range runs {
					seen[run.ID]++
					if running[run.Queue]++; running[run.Queue] > slots {
						failed <- fmt.Errorf("%d runs in %s", running[run.Queue], run.Queue)
					}
				}
				done := len(seen) == size
				mu.Unlock()
				for _, run := range runs {
					mu.Lock() // before the slot is free, so that the count never lags
					running[run.Queue]--
					mu.Unlock()
					if err := s.Finish(context.Background(), run.Ref(), store.Result{Status: store.StatusSucceeded}); err != nil {
						failed <- err
						return
					}
				}
				if done {
					return
				}
			}
		})
	}
	group.Wait()
	close(failed)
	for err := range failed {
		require.NoError(t, err)
	}
	require.Len(t, seen, size)
	for id, n := range seen {
		require.Equal(t, 1, n, id)
	}
}
