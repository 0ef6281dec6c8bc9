package scheduler_test

import (
	"context"
	"errors"
	"flag"
	"maps"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/schedule"
	"dagu/modules/scheduler"
	"dagu/modules/store"
)

// TestMain has the model test make the same choices each time; other ones with
// -rapid.seed=n, more with -rapid.checks=n.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.seed": "1", "rapid.steps": "60", "rapid.checks": "25"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// errDown is what a store answers that is down.
var errDown = errors.New("the store is down")

// world is a scheduler in a bubble of fake time, on a store of its own, with a
// catalog and a wall clock that the test changes. Bubbles begin at midnight UTC.
type world struct {
	t     *testing.T
	dir   string
	store *flakyStore
	files *fakeCatalog
	logs  *observer.ObservedLogs
	log   *zap.Logger
	pulse *fakePulse
	died  chan error
	// metrics are of the scheduler that is started next; nil is none.
	metrics *scheduler.Metrics

	mu     sync.Mutex
	offset time.Duration

	scheduler *scheduler.Scheduler
}

// inWorld runs a test in a bubble with a store that is opened and closed inside.
func inWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.DebugLevel)
		w := &world{
			t: t, dir: dir, logs: logs, log: zap.New(core), pulse: &fakePulse{},
			files: &fakeCatalog{wake: make(chan struct{}, 1), entries: map[string]version{}},
			died:  make(chan error, 1),
		}
		st, err := store.New(store.Options{Dir: dir, Now: w.wall, AllowNetworkFS: true}, zap.NewNop())
		require.NoError(t, err)
		require.NoError(t, st.Start(t.Context()))
		w.store = &flakyStore{Store: st}
		t.Cleanup(func() { require.NoError(t, st.Stop(context.Background())) })
		require.NoError(t, st.PutTexts(t.Context(), []store.Text{{Hash: "text", DAG: "any"}}))
		test(w)
		w.stop()
	})
}

func (w *world) wall() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.offset)
}

// stepClock moves the wall clock alone.
func (w *world) stepClock(by time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.offset += by
}

func (w *world) start() {
	w.t.Helper()
	s, err := scheduler.New(scheduler.Options{
		Wall:             w.wall,
		MisfireThreshold: 5 * time.Minute,
		Metrics:          w.metrics,
		Died:             func(err error) { w.died <- err },
	}, scheduler.Deps{Catalog: w.files, Store: w.store, Leftovers: noLeftovers{}, Pulse: w.pulse, Log: w.log})
	require.NoError(w.t, err)
	require.NoError(w.t, s.Start(w.t.Context()))
	w.scheduler = s
	synctest.Wait()
}

func (w *world) stop() {
	w.t.Helper()
	if w.scheduler != nil {
		require.NoError(w.t, w.scheduler.Stop(context.Background()))
		w.scheduler = nil
	}
}

// pass lets fake time go by.
func (w *world) pass(d time.Duration) {
	time.Sleep(d) // synctest
	synctest.Wait()
}

// outcomes lists what is recorded of a DAG, oldest first, as "HH:MM fired" and the like.
func (w *world) outcomes(dag string) []string {
	w.t.Helper()
	rows, err := w.store.Occurrences(w.t.Context(), dag, time.Time{}, w.wall().Add(1000*time.Hour), 1000)
	require.NoError(w.t, err)
	list := make([]string, 0, len(rows))
	for _, o := range rows {
		text := o.Due.UTC().Format("15:04") + " " + string(o.Outcome)
		if o.Reason != "" {
			text += " " + string(o.Reason)
		}
		if o.Count > 1 {
			text += " x" + strconv.Itoa(o.Count) + " to " + o.Last.UTC().Format("15:04")
		}
		list = append(list, text)
	}
	return list
}

// finish ends every run that is open, as a runner would.
func (w *world) finish() {
	w.t.Helper()
	_, err := w.store.Own(w.t.Context(), store.RoleScheduler)
	require.NoError(w.t, err)
	_, _, err = w.store.SetLimits(w.t.Context(), store.Limits{Unlimited: true})
	require.NoError(w.t, err)
	runs, err := w.store.Admit(w.t.Context(), store.Admission{Free: 1000})
	require.NoError(w.t, err)
	for _, run := range runs {
		require.NoError(w.t, w.store.Finish(w.t.Context(), run.Ref(), store.Result{Status: store.StatusSucceeded}))
	}
}

// flakyStore is a real store that can be made to fail.
type flakyStore struct {
	*store.Store

	mu   sync.Mutex
	down bool
	// lost lets a decision be recorded and then answers with an error.
	lost bool
	// ahead leaves marks that lie ahead of the clock where they are.
	ahead bool
	// unsynced does not record schedules, though it decides.
	unsynced bool
	// synced names the DAGs whose schedules were to be recorded, in this order.
	synced []string
	// elsewhere are the DAGs of another scheduler.
	elsewhere []string
	// before is called before each decision with the number of due times; nil is not.
	before func(n int)
}

func (s *flakyStore) Elsewhere(context.Context, string) ([]string, error) { return s.elsewhere, nil }

func (s *flakyStore) refuseSync(refuse bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unsynced = refuse
}

func (s *flakyStore) keepAhead(keep bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = keep
}

func (s *flakyStore) Reopen(ctx context.Context, now time.Time) (int, error) {
	s.mu.Lock()
	keep := s.ahead
	s.mu.Unlock()
	if keep {
		return 0, nil
	}
	return s.Store.Reopen(ctx, now)
}

func (s *flakyStore) set(down, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down, s.lost = down, lost
}

func (s *flakyStore) state() (down, lost bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.down, s.lost
}

func (s *flakyStore) Decide(ctx context.Context, batch []store.Candidate, judge func(int, store.State) store.Verdict) ([]store.Decision, error) {
	if s.before != nil {
		s.before(len(batch))
	}
	down, lost := s.state()
	if down {
		return nil, errDown
	}
	decisions, err := s.Store.Decide(ctx, batch, judge)
	if lost {
		return nil, errDown
	}
	return decisions, err
}

func (s *flakyStore) SyncSchedules(ctx context.Context, sets []store.ScheduleSet, now time.Time) ([]store.Mark, error) {
	s.mu.Lock()
	refuse := s.down || s.unsynced
	for _, set := range sets {
		s.synced = append(s.synced, set.DAG)
	}
	s.mu.Unlock()
	if refuse {
		return nil, errDown
	}
	return s.Store.SyncSchedules(ctx, sets, now)
}

// fakeCatalog holds entries by name, each with the generation that changed it.
type fakeCatalog struct {
	wake chan struct{}

	mu         sync.Mutex
	generation uint64
	entries    map[string]version
	// hidden are versions that only a snapshot has.
	hidden map[string]catalog.Entry
}

type version struct {
	generation uint64
	entry      *catalog.Entry // nil once removed
}

func (c *fakeCatalog) put(name string, texts ...string) {
	c.hide(name)
	entry := entryOf(name, texts...)
	c.set(name, &entry)
}

// hide lets the loop miss a version; without texts it hides nothing any more.
func (c *fakeCatalog) hide(name string, texts ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.hidden == nil {
		c.hidden = make(map[string]catalog.Entry)
	}
	delete(c.hidden, name)
	c.generation++
	if len(texts) > 0 {
		c.hidden[name] = entryOf(name, texts...)
	}
}

func entryOf(name string, texts ...string) catalog.Entry {
	entry := catalog.Entry{Name: name, Hash: "text", Good: true, RetentionDays: 30}
	for _, text := range texts {
		spec, err := schedule.Restore(text, "UTC")
		if err != nil {
			panic(err)
		}
		entry.Schedules = append(entry.Schedules, dag.Schedule{Kind: dag.ScheduleStart, Text: text, Spec: spec})
	}
	return entry
}

func (c *fakeCatalog) remove(name string) { c.set(name, nil) }

func (c *fakeCatalog) set(name string, entry *catalog.Entry) {
	c.mu.Lock()
	c.generation++
	c.entries[name] = version{c.generation, entry}
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
	synctest.Wait()
}

func (c *fakeCatalog) Since(gen uint64) (changed []catalog.Entry, removed []string, next uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if gen == c.generation {
		return nil, nil, gen
	}
	for name, v := range c.entries {
		switch {
		case v.generation <= gen:
		case v.entry == nil:
			removed = append(removed, name)
		default:
			changed = append(changed, *v.entry)
		}
	}
	return changed, removed, c.generation
}

func (c *fakeCatalog) Snapshot() []catalog.Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := slices.Collect(maps.Values(c.hidden))
	for name, v := range c.entries {
		if _, hidden := c.hidden[name]; !hidden && v.entry != nil {
			list = append(list, *v.entry)
		}
	}
	return list
}

func (c *fakeCatalog) Subscribe() (<-chan struct{}, func()) { return c.wake, func() {} }

type noLeftovers struct{}

func (noLeftovers) EndLeftovers(context.Context, []store.Run) error { return nil }

// fakePulse counts and remembers, and panics when told to.
type fakePulse struct {
	mu    sync.Mutex
	beats int
	heard map[string]bool
	bomb  bool
	hold  <-chan struct{} // when not nil, a beat waits for its end
}

func (p *fakePulse) holdAt(hold <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hold = hold
}

func (p *fakePulse) Beat(doing string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.beats++
	if p.heard == nil {
		p.heard = make(map[string]bool)
	}
	p.heard[doing] = true
	if p.hold != nil {
		<-p.hold
	}
	if p.bomb {
		panic("wedged")
	}
}

func (p *fakePulse) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.beats
}

func (p *fakePulse) arm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bomb = true
}
