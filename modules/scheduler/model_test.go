package scheduler_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/scheduler"
	"dagu/modules/store"
)

// trial is a random life of a data directory: two schedulers at most work on it,
// which live and die, while files change and the clock goes as it likes. After each
// thing that happens the store says the same as the model.
type trial struct {
	*rapid.T
	store *store.Store
	model *model
	files *fakeCatalog
	slots [2]*subject

	mu   sync.Mutex // guards what follows
	wall time.Time
}

// subject is a scheduler of a trial, with what the model knows of it.
type subject struct {
	turns   *scheduler.Clockwork
	flaky   *flakyStore
	planner *planner
}

// beginning is when a trial begins.
func beginning() time.Time { return time.Date(2031, 5, 1, 0, 0, 30, 0, time.UTC) }

// names are the DAGs of a trial.
func names() []string { return []string{"a", "b"} }

// TestPlanningAndDecidingFollowTheModel holds the planner, its policies and the store's
// decisions against a model that does everything the slow way, one instant after the
// other.
func TestPlanningAndDecidingFollowTheModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		r := &trial{T: rt, wall: beginning()}
		r.open(t)
		r.Repeat(map[string]func(*rapid.T){
			"turn":    r.turn,
			"tick":    r.tick,
			"tick 2":  r.tick,
			"tick 3":  r.tick,
			"tick 4":  r.tick,
			"pass":    r.pass,
			"step":    r.step,
			"die":     r.die,
			"edit":    r.edit,
			"remove":  r.remove,
			"suspend": r.suspend,
			"enqueue": r.enqueue,
			"admit":   r.admit,
			"finish":  r.finish,
			"retry":   r.retry,
			"":        func(*rapid.T) { r.compare() },
		})
	})
}

// open begins with an empty directory and one file.
func (r *trial) open(t *testing.T) {
	t.Helper()
	st, err := store.New(store.Options{Dir: t.TempDir(), Now: r.now, AllowNetworkFS: true}, zap.NewNop())
	require.NoError(r, err)
	require.NoError(r, st.Start(t.Context()))
	r.Cleanup(func() { require.NoError(r, st.Stop(context.Background())) })
	require.NoError(r, st.PutTexts(t.Context(), []store.Text{{Hash: "text", DAG: "any"}}))
	_, err = st.Own(t.Context(), store.RoleScheduler)
	require.NoError(r, err)
	r.store, r.model = st, newModel()
	r.files = &fakeCatalog{wake: make(chan struct{}, 1), entries: map[string]version{}}
	r.edit(r.T)
}

func (r *trial) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.wall
}

func (r *trial) move(by time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wall = r.wall.Add(by)
}

// some is a subject of the trial, which is started when it is not there.
func (r *trial) some(rt *rapid.T) *subject {
	i := rapid.IntRange(0, len(r.slots)-1).Draw(rt, "scheduler")
	if r.slots[i] == nil {
		flaky := &flakyStore{Store: r.store}
		turns, err := scheduler.NewClockwork(scheduler.Options{Wall: r.now, MisfireThreshold: threshold}, scheduler.Deps{
			Catalog: r.files, Store: flaky, Leftovers: noLeftovers{}, Pulse: &fakePulse{}, Log: zap.NewNop(),
		})
		require.NoError(rt, err)
		r.slots[i] = &subject{turns: turns, flaky: flaky, planner: r.model.newPlanner()}
	}
	return r.slots[i]
}

// turn lets a scheduler make a turn, in which the store may be down, or lose its answer.
func (r *trial) turn(rt *rapid.T) {
	s := r.some(rt)
	trouble := rapid.SampledFrom([]string{"", "", "", "", "", "", "down", "lost"}).Draw(rt, "trouble")
	r.turnOf(s, trouble)
}

func (r *trial) turnOf(s *subject, trouble string) {
	s.flaky.set(trouble == "down", trouble == "lost")
	s.turns.Turn()
	s.planner.turn(r.now(), trouble)
}

// tick lets some time go by, and a scheduler take a turn, which is what happens most.
func (r *trial) tick(rt *rapid.T) {
	r.elapse(time.Duration(rapid.SampledFrom([]int{20, 60, 180}).Draw(rt, "seconds")) * time.Second)
	r.turn(rt)
}

// pass lets time go by in which nobody does anything. A trial is shorter than the 24
// hours after which a schedule that went is another one.
func (r *trial) pass(rt *rapid.T) {
	if r.now().Sub(beginning()) > 18*time.Hour {
		rt.Skip("it has lasted long enough")
	}
	r.elapse(time.Duration(rapid.SampledFrom([]int{1, 300, 1800, 7200}).Draw(rt, "seconds")) * time.Second)
}

// elapse lets time go by, for all that live alike.
func (r *trial) elapse(d time.Duration) {
	r.move(d)
	for _, s := range r.slots {
		if s != nil {
			s.turns.Pass(d)
		}
	}
}

// step steps the wall clock; forward not so far that a scheduler would not believe it.
// Those that turn then see it; one that does not may never know.
func (r *trial) step(rt *rapid.T) {
	d := time.Duration(rapid.IntRange(-90, 55).Draw(rt, "minutes")) * time.Minute
	for _, s := range r.slots {
		if s != nil && s.planner.stepped+d > time.Hour {
			rt.Skip("too far to be believed at once")
		}
	}
	r.move(d)
	for _, s := range r.slots {
		if s != nil {
			s.planner.stepped += d
			if rapid.Bool().Draw(rt, "turns") {
				r.turnOf(s, "")
			}
		}
	}
}

// die ends a scheduler; what it had in hand is lost.
func (r *trial) die(rt *rapid.T) {
	r.slots[rapid.IntRange(0, len(r.slots)-1).Draw(rt, "scheduler")] = nil
}

// edit writes a file anew.
func (r *trial) edit(rt *rapid.T) {
	name := rapid.SampledFrom(names()).Draw(rt, "dag")
	e := entryOf(name)
	for range rapid.IntRange(1, 3).Draw(rt, "schedules") {
		kind := rapid.SampledFrom([]dag.ScheduleKind{dag.ScheduleStart, dag.ScheduleStart, dag.ScheduleStart, dag.ScheduleStop, dag.ScheduleRestart}).Draw(rt, "kind")
		text := rapid.SampledFrom(specs()).Draw(rt, "schedule")
		if !slices.ContainsFunc(e.Schedules, func(s dag.Schedule) bool { return s.Kind == kind && s.Text == text.text }) {
			one := entryOf(name, text.text).Schedules[0]
			one.Kind = kind
			e.Schedules = append(e.Schedules, one)
		}
	}
	if rapid.IntRange(0, 2).Draw(rt, "at") == 0 { // one instant, which may be over
		at := r.now().Truncate(time.Minute).Add(time.Duration(rapid.IntRange(-5, 90).Draw(rt, "instant")) * time.Minute)
		e.Schedules = append(e.Schedules, entryOf(name, at.Format(time.RFC3339)).Schedules...)
	}
	e.Overlap = rapid.SampledFrom([]dag.Overlap{"", dag.OverlapSkip, dag.OverlapAll, dag.OverlapLatest}).Draw(rt, "overlap")
	e.CatchupWindow = rapid.SampledFrom([]time.Duration{0, 0, 3 * time.Minute, time.Hour}).Draw(rt, "window")
	e.SkipIfSuccessful = rapid.IntRange(0, 3).Draw(rt, "skip") == 0
	r.put(name, &e)
}

func (r *trial) remove(rt *rapid.T) { r.put(rapid.SampledFrom(names()).Draw(rt, "dag"), nil) }

func (r *trial) put(name string, e *catalog.Entry) {
	r.files.mu.Lock()
	defer r.files.mu.Unlock()
	if _, known := r.files.entries[name]; e == nil && !known {
		return
	}
	r.files.generation++
	r.files.entries[name] = version{r.files.generation, e}
	r.model.files[name] = file{r.files.generation, e}
	r.model.generation = r.files.generation
}

func (r *trial) suspend(rt *rapid.T) {
	name := rapid.SampledFrom(names()).Draw(rt, "dag")
	if rapid.IntRange(0, 3).Draw(rt, "on") == 0 {
		require.NoError(rt, r.store.Suspend(context.Background(), name, r.now()))
		r.model.suspend(name, r.now())
	} else {
		require.NoError(rt, r.store.Resume(context.Background(), name, r.now()))
		r.model.resume(name, r.now())
	}
}

// enqueue queues a run by hand.
func (r *trial) enqueue(rt *rapid.T) {
	name := rapid.SampledFrom(names()).Draw(rt, "dag")
	id := fmt.Sprint("hand-", len(r.model.runs))
	_, err := r.store.Enqueue(context.Background(), store.NewRun{ID: id, DAG: name, TextHash: "text", Trigger: store.TriggerManual, Queue: id})
	require.NoError(rt, err)
	r.model.add(&modelRun{id: id, dag: name})
}

// admit moves runs from their queue to running; which is another test's matter, but
// that a restart does not run before what it stops is over.
func (r *trial) admit(rt *rapid.T) {
	runs, err := r.store.Admit(context.Background(), store.Admission{Free: rapid.IntRange(1, 3).Draw(rt, "free")})
	require.NoError(rt, err)
	for _, run := range runs {
		m := r.model.runs[run.ID]
		require.Equal(rt, store.StatusQueued, m.status, run.ID)
		for _, stopped := range m.after {
			require.True(rt, stopped.status.Final(), "run %s of a restart has been admitted, and %s is %s", run.ID, stopped.id, stopped.status)
		}
		m.status, m.started, m.ref = store.StatusRunning, r.now(), run.Ref()
		if m.first.IsZero() || m.started.Before(m.first) { // clocks go back
			m.first = m.started
		}
	}
}

// running is the first run that is running; nil is none.
func (r *trial) running() *modelRun {
	for _, id := range r.model.order {
		if m := r.model.runs[id]; m.status == store.StatusRunning {
			return m
		}
	}
	return nil
}

// finish ends a run that is running.
func (r *trial) finish(rt *rapid.T) {
	if m := r.running(); m != nil {
		require.NoError(rt, r.store.Finish(context.Background(), m.ref, store.Result{Status: store.StatusSucceeded}))
		m.status, m.finished = store.StatusSucceeded, r.now()
	}
}

// retry ends an attempt, after which the run waits for another one.
func (r *trial) retry(rt *rapid.T) {
	if m := r.running(); m != nil {
		wait := time.Duration(rapid.IntRange(0, 600).Draw(rt, "wait")) * time.Second
		_, err := r.store.RetryLater(context.Background(), m.ref, store.Result{Status: store.StatusFailed}, wait)
		require.NoError(rt, err)
		m.status = store.StatusQueued
		if m.stopping {
			m.status = store.StatusAborted
		}
	}
}

// compare holds what the store says against the model.
func (r *trial) compare() {
	ctx := context.Background()
	for _, name := range names() {
		rows, err := r.store.Occurrences(ctx, name, time.Time{}, time.Time{}, 100_000)
		require.NoError(r, err)
		r.compareOutcomes(name, rows)
	}
	rows, err := r.store.Runs(ctx, store.Filter{Limit: 100_000})
	require.NoError(r, err)
	require.Len(r, rows, len(r.model.runs))
	for _, got := range rows {
		want := r.model.runs[got.ID]
		require.NotNil(r, want, got.ID)
		require.Equal(r, want.status, got.Status, "run %s of %s, due at %s", got.ID, got.DAG, got.Due)
		require.True(r, want.due.Equal(got.Due))
		require.Equal(r, want.stopping, !got.StopRequested.IsZero(), "stop of run %s of %s, due at %s", got.ID, got.DAG, got.Due)
	}
}

// compareOutcomes holds rows of outcomes against the instants of the model: each row
// stands for the next ones, as many as it says, and none is left.
func (r *trial) compareOutcomes(name string, rows []store.Occurrence) {
	for _, kind := range kinds() {
		outcomes := r.model.outcomes[line{name, kind}]
		left := slices.SortedFunc(maps.Keys(outcomes), time.Time.Compare)
		for _, row := range rows {
			if row.Kind != kind {
				continue
			}
			what := fmt.Sprintf("%s %s: %s %s from %s to %s", name, kind, row.Outcome, row.Reason, row.Due, row.Last)
			require.GreaterOrEqual(r, len(left), row.Count, what)
			require.True(r, left[0].Equal(row.Due) && left[row.Count-1].Equal(row.Last), "%s: %d from %s on", what, row.Count, left[0])
			for _, at := range left[:row.Count] {
				require.Equal(r, outcomes[at], outcome{row.Outcome, row.Reason}, "%s: %s", what, at)
			}
			left = left[row.Count:]
		}
		require.Empty(r, left, "%s %s", name, kind)
	}
}
