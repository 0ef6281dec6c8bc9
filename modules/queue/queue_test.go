package queue_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"dagu/modules/queue"
	"dagu/modules/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeStore admits in order of arrival, whatever the queue.
type fakeStore struct {
	wake chan struct{}

	mu       sync.Mutex
	queued   []store.Run
	running  map[string]store.Run
	fail     error // what Admit answers
	after    bool  // the failing Admit is recorded all the same
	asked    int
	returned []string
	hold     chan struct{} // Admit waits for it
	limits   store.Limits
	sets     int
	blind    error                         // what NextRetry answers
	backlog  func() (store.Backlog, error) // nil is empty
	retryAt  time.Time                     // when Admit takes what is queued; zero is at once
}

func newFakeStore(n int) *fakeStore {
	s := &fakeStore{wake: make(chan struct{}, 1), running: map[string]store.Run{}}
	s.enqueueSilently(n)
	return s
}

func (s *fakeStore) enqueue(n int) {
	s.enqueueSilently(n)
	s.wake <- struct{}{}
}

func (s *fakeStore) enqueueSilently(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		id := fmt.Sprintf("run-%d", len(s.queued)+len(s.running))
		s.queued = append(s.queued, store.Run{NewRun: store.NewRun{ID: id}})
	}
}

func (s *fakeStore) Admit(_ context.Context, a store.Admission) ([]store.Run, error) {
	s.mu.Lock()
	s.asked++
	hold := s.hold
	s.mu.Unlock()
	if hold != nil {
		<-hold
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil && !s.after {
		return nil, s.fail
	}
	n := min(a.Free, len(s.queued))
	if time.Until(s.retryAt) > 0 {
		n = 0
	}
	runs := s.queued[:n:n]
	s.queued = s.queued[n:]
	for _, r := range runs {
		s.running[r.ID] = r
	}
	return runs, s.fail
}

func (s *fakeStore) Owned(context.Context) ([]store.Run, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var runs []store.Run
	for _, r := range s.running {
		runs = append(runs, r)
	}
	return runs, nil
}

func (s *fakeStore) Unadmit(_ context.Context, ref store.Ref) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.returned = append(s.returned, ref.RunID)
	return nil
}

func (s *fakeStore) SetLimits(_ context.Context, l store.Limits) (before, now store.Limits, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return before, now, s.fail
	}
	before = s.limits
	s.sets++
	l.Generation = before.Generation + 1
	s.limits = l
	return before, l, nil
}

func (s *fakeStore) Limits(context.Context) (store.Limits, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limits, nil
}

func (s *fakeStore) Backlog(context.Context) (store.Backlog, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.backlog == nil {
		return store.Backlog{}, nil
	}
	return s.backlog()
}

func (s *fakeStore) NextRetry(context.Context) (time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.retryAt.IsZero() || s.blind != nil {
		return 0, s.blind
	}
	return max(time.Until(s.retryAt), 0), nil
}

func (s *fakeStore) Subscribe(store.Topic) (<-chan struct{}, func()) { return s.wake, func() {} }

func (s *fakeStore) set(change func(*fakeStore)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s)
}

// fakeExecutor holds runs until they are ended.
type fakeExecutor struct {
	mu   sync.Mutex
	done map[string]func()
}

func (e *fakeExecutor) Execute(run store.Run, done func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.done == nil {
		e.done = map[string]func(){}
	}
	e.done[run.ID] = done
}

func (e *fakeExecutor) ids() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	ids := make([]string, 0, len(e.done))
	for id := range e.done {
		ids = append(ids, id)
	}
	return ids
}

func (e *fakeExecutor) end(id string) {
	e.mu.Lock()
	done := e.done[id]
	delete(e.done, id)
	e.mu.Unlock()
	done()
}

type fakePulse struct {
	mu    sync.Mutex
	beats int
}

func (p *fakePulse) Beat(string) {
	p.mu.Lock()
	p.beats++
	p.mu.Unlock()
}

func (p *fakePulse) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.beats
}

func start(t *testing.T, s queue.Store, e queue.Executor, p queue.Pulse, log *zap.Logger) *queue.Queue {
	t.Helper()
	q, err := queue.New(queue.Options{MaxActive: 2}, s, e, p, log)
	require.NoError(t, err)
	require.NoError(t, q.Start(t.Context()))
	synctest.Wait()
	return q
}

func TestAFreedSlotIsFilledAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, e := newFakeStore(3), &fakeExecutor{}
		q := start(t, s, e, &fakePulse{}, zap.NewNop())
		require.ElementsMatch(t, []string{"run-0", "run-1"}, e.ids())
		require.Equal(t, 2, q.Active())

		began := time.Now()
		e.end("run-0")
		synctest.Wait()
		require.ElementsMatch(t, []string{"run-1", "run-2"}, e.ids())
		require.Zero(t, time.Since(began), "no time passed")
		require.NoError(t, q.Stop(t.Context()))
	})
}

// The store wakes the loop when the end of a run makes room in its queue; only of a
// full process does it not know.
func TestAnEndInAProcessWithRoomAsksForNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, e := newFakeStore(1), &fakeExecutor{}
		q := start(t, s, e, &fakePulse{}, zap.NewNop())
		asked := s.asked
		e.end("run-0")
		synctest.Wait()
		require.Equal(t, asked, s.asked)
		require.Zero(t, q.Active())
		require.NoError(t, q.Stop(t.Context()))
	})
}

func TestAnEnqueuedRunIsAdmittedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, e := newFakeStore(0), &fakeExecutor{}
		q := start(t, s, e, &fakePulse{}, zap.NewNop())
		began := time.Now()
		s.enqueue(1)
		synctest.Wait()
		require.Equal(t, []string{"run-0"}, e.ids())
		require.Zero(t, time.Since(began))
		require.NoError(t, q.Stop(t.Context()))
	})
}

func TestALostWakeUpCostsSeconds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, e, p := newFakeStore(0), &fakeExecutor{}, &fakePulse{}
		q := start(t, s, e, p, zap.NewNop())
		s.enqueueSilently(1)
		before := p.count()
		time.Sleep(6 * time.Second) // synctest
		synctest.Wait()
		require.Equal(t, []string{"run-0"}, e.ids())
		require.GreaterOrEqual(t, p.count()-before, 6, "the loop beats every second")
		require.NoError(t, q.Stop(t.Context()))
	})
}

func TestAnAdmissionWithoutAnswerIsReadBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		s, e := newFakeStore(2), &fakeExecutor{}
		s.hold = make(chan struct{}) // closed once the limits are set
		q := start(t, s, e, &fakePulse{}, zap.New(core))
		s.set(func(s *fakeStore) { s.fail, s.after = errors.New("no answer in time"), true })
		close(s.hold)
		synctest.Wait()
		require.Empty(t, e.ids())

		s.set(func(s *fakeStore) { s.fail = nil })
		time.Sleep(2 * time.Second) // synctest
		synctest.Wait()
		require.ElementsMatch(t, []string{"run-0", "run-1"}, e.ids(), "both were recorded as running")
		require.Equal(t, []string{"admission fails, trying again", "admission works again"}, messages(logs))
		require.NoError(t, q.Stop(t.Context()))
	})
}

func messages(logs *observer.ObservedLogs) []string {
	var list []string
	for _, entry := range logs.All() {
		list = append(list, entry.Message)
	}
	return list
}

func TestStopReturnsWhatItHasNotHandedOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, e := newFakeStore(1), &fakeExecutor{}
		s.hold = make(chan struct{})
		q := start(t, s, e, &fakePulse{}, zap.NewNop())

		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, q.Stop(short), context.DeadlineExceeded, "the loop is in the store")
		close(s.hold)
		require.NoError(t, q.Stop(t.Context()))
		require.Empty(t, e.ids())
		require.Equal(t, []string{"run-0"}, s.returned)
	})
}

func TestStartAndStopInAnyOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(1)
		q, err := queue.New(queue.Options{MaxActive: 1}, s, &fakeExecutor{}, &fakePulse{}, zap.NewNop())
		require.NoError(t, err)
		require.NoError(t, q.Stop(t.Context()))
		require.NoError(t, q.Stop(t.Context()))
		require.NoError(t, q.Start(t.Context()))
		synctest.Wait()
		require.Zero(t, s.asked, "a stopped queue does not start")
		require.Zero(t, s.sets)
	})
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]queue.Options{
		"MaxActive": {},
		"mail":      {MaxActive: 1, Limits: store.Limits{Slots: map[string]int{"mail": 0}}},
	} {
		_, err := queue.New(o, newFakeStore(0), &fakeExecutor{}, &fakePulse{}, zap.NewNop())
		require.ErrorContains(t, err, name)
	}
}
