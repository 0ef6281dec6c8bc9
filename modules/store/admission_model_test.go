package store_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"dagu/modules/store"
)

// yard is a database from which two processes admit, which die and are followed by
// others, with the runs as they have to be.
type yard struct {
	*rapid.T
	dir       string
	clock     *clock
	processes [2]*store.Store
	runs      []*yardRun
	slots     map[string]int
	paused    map[string]bool
	suspended map[string]bool
}

// yardRun is a run of the model.
type yardRun struct {
	store.NewRun
	turn, notBefore time.Time
	status          store.Status
	serial, begun   bool
	unlimited       bool
	interrupted     bool
	stopping        bool
	retries         int
	attempt         int
	process         int
	ref             store.Ref
}

// TestAdmissionFollowsTheModelOverCrashes holds what two processes admit against a
// model, over priorities, limits, pauses, suspensions, retries that wait, by policy, by
// hand and after an interruption, stops, runs one after the other, and the death of
// their processes.
func TestAdmissionFollowsTheModelOverCrashes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		y := &yard{T: rt, dir: t.TempDir(), clock: newClock(), slots: map[string]int{}, paused: map[string]bool{}, suspended: map[string]bool{}}
		for i := range y.processes {
			y.open(i)
		}
		rt.Cleanup(func() {
			for _, s := range y.processes {
				require.NoError(rt, s.Stop(context.Background()))
			}
		})
		rt.Repeat(map[string]func(*rapid.T){
			"enqueue":   y.enqueue,
			"enqueue 2": y.enqueue,
			"serial":    y.enqueueSerial,
			"start":     y.start,
			"limit":     y.limit,
			"pause":     y.pause,
			"admit":     y.admit,
			"admit 2":   y.admit,
			"begin":     y.begin,
			"finish":    y.finish,
			"interrupt": y.interrupt,
			"retry":     y.retry,
			"by hand":   y.retryByHand,
			"stop":      y.stop,
			"suspend":   y.suspend,
			"unadmit":   y.unadmit,
			"die":       y.die,
			"pass": func(rt *rapid.T) {
				y.clock.Step(time.Duration(rapid.IntRange(1, 90).Draw(rt, "seconds")) * time.Second)
			},
			"": func(*rapid.T) { y.compare() },
		})
	})
}

// open starts a process.
func (y *yard) open(i int) {
	s, err := store.New(store.Options{Dir: y.dir, Now: y.clock.Now}, zap.NewNop())
	require.NoError(y, err)
	require.NoError(y, s.Start(context.Background()))
	_, err = s.Own(context.Background(), store.RoleScheduler)
	require.NoError(y, err)
	require.NoError(y, s.PutTexts(context.Background(), []store.Text{{Hash: textHash, DAG: "d", File: "/dags/d.yaml"}}))
	y.processes[i] = s
}

func (y *yard) which(rt *rapid.T) int { return rapid.IntRange(0, 1).Draw(rt, "process") }

// draw makes a new run.
func (y *yard) draw(rt *rapid.T) *yardRun {
	n := newRun(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(rt, "dag"), fmt.Sprint("r", len(y.runs)))
	n.Queue = rapid.SampledFrom([]string{"a", "b", "wide"}).Draw(rt, "queue")
	n.Priority = rapid.IntRange(0, 2).Draw(rt, "priority")
	n.RetryInterrupted = rapid.Bool().Draw(rt, "again")
	r := &yardRun{NewRun: n, turn: y.clock.Now(), status: store.StatusQueued}
	y.runs = append(y.runs, r)
	return r
}

func (y *yard) enqueue(rt *rapid.T) {
	r := y.draw(rt)
	if rapid.Bool().Draw(rt, "due") {
		r.Due = y.clock.Now().Add(-time.Duration(rapid.IntRange(0, 99).Draw(rt, "age")) * time.Second)
		r.turn = r.Due
	}
	_, err := y.processes[y.which(rt)].Enqueue(context.Background(), r.NewRun)
	require.NoError(rt, err)
}

// enqueueSerial has a due time fire that is caught up: its run waits for the others of its DAG.
func (y *yard) enqueueSerial(rt *rapid.T) {
	due := noon().Add(time.Duration(rapid.IntRange(0, 999).Draw(rt, "minute")) * time.Minute)
	if slices.ContainsFunc(y.runs, func(r *yardRun) bool { return r.serial && r.Due.Equal(due) }) {
		rt.Skip("it has fired")
	}
	r := y.draw(rt)
	r.Due, r.turn, r.serial = due, due, true
	run := r.NewRun
	_, err := y.processes[y.which(rt)].Decide(context.Background(), []store.Candidate{candidate(r.DAG, r.Due)}, func(int, store.State) store.Verdict {
		return store.Verdict{Outcome: store.OutcomeFired, Run: &run, Serial: true}
	})
	require.NoError(rt, err)
}

// start runs something at once, outside of limits.
func (y *yard) start(rt *rapid.T) {
	r, i := y.draw(rt), y.which(rt)
	run, err := y.processes[i].StartNow(context.Background(), r.NewRun)
	require.NoError(rt, err)
	r.status, r.unlimited, r.attempt, r.process, r.ref = store.StatusRunning, true, 1, i, run.Ref()
}

func (y *yard) limit(rt *rapid.T) {
	y.slots = map[string]int{"wide": rapid.IntRange(1, 4).Draw(rt, "wide"), "a": rapid.IntRange(1, 2).Draw(rt, "a")}
	_, _, err := y.processes[y.which(rt)].SetLimits(context.Background(), store.Limits{Slots: y.slots})
	require.NoError(rt, err)
}

func (y *yard) pause(rt *rapid.T) {
	queue := rapid.SampledFrom([]string{"a", "wide"}).Draw(rt, "queue")
	change := y.processes[y.which(rt)].PauseQueue
	if y.paused[queue] {
		change = y.processes[y.which(rt)].ResumeQueue
	}
	changed, err := change(context.Background(), queue)
	require.NoError(rt, err)
	require.True(rt, changed)
	y.paused[queue] = !y.paused[queue]
}

// choose is admission as it is described: the runs whose time has come, in their
// order, as long as the process and their queues have room.
func (y *yard) choose(free int) (chosen []*yardRun) {
	running, busy, serial := map[string]int{}, map[string]bool{}, map[string]*yardRun{}
	var waiting []*yardRun
	for _, r := range y.runs {
		switch {
		case r.status == store.StatusRunning:
			busy[r.DAG] = true
			if !r.unlimited {
				running[r.Queue]++
			}
		case r.status == store.StatusQueued && !r.notBefore.After(y.clock.Now()) && (r.notBefore.IsZero() || !y.suspended[r.DAG]):
			waiting = append(waiting, r)
			if first := serial[r.DAG]; r.serial && (first == nil || r.turn.Before(first.turn)) {
				serial[r.DAG] = r
			}
		}
	}
	slices.SortStableFunc(waiting, func(a, b *yardRun) int {
		return cmp.Or(cmp.Compare(b.Priority, a.Priority), a.turn.Compare(b.turn))
	})
	for _, r := range waiting {
		limit := max(y.slots[r.Queue], 1)
		if len(chosen) == free || y.paused[r.Queue] || running[r.Queue] >= limit || r.serial && (busy[r.DAG] || serial[r.DAG] != r) {
			continue
		}
		running[r.Queue]++
		chosen = append(chosen, r)
	}
	return chosen
}

func (y *yard) admit(rt *rapid.T) {
	i, free := y.which(rt), rapid.IntRange(1, 4).Draw(rt, "free")
	want := y.choose(free)
	runs, err := y.processes[i].Admit(context.Background(), store.Admission{Free: free})
	require.NoError(rt, err)
	var ids []string
	for _, r := range want {
		ids = append(ids, r.ID)
	}
	require.Equal(rt, ids, append([]string(nil), idsOf(runs)...))
	for n, r := range want {
		r.status, r.process, r.ref, r.begun = store.StatusRunning, i, runs[n].Ref(), false
		r.attempt++
		require.Equal(rt, r.attempt, runs[n].Attempt)
	}
}

// suspend suspends a DAG, or resumes it.
func (y *yard) suspend(rt *rapid.T) {
	name := rapid.SampledFrom([]string{"a", "b"}).Draw(rt, "dag")
	change := y.processes[y.which(rt)].Suspend
	if y.suspended[name] {
		change = y.processes[y.which(rt)].Resume
	}
	require.NoError(rt, change(context.Background(), name, y.clock.Now()))
	y.suspended[name] = !y.suspended[name]
}

// some is a run that is running and fits.
func (y *yard) some(rt *rapid.T, fits func(*yardRun) bool) *yardRun {
	return y.any(rt, func(r *yardRun) bool { return r.status == store.StatusRunning && fits(r) })
}

// any is a run that fits.
func (y *yard) any(rt *rapid.T, fits func(*yardRun) bool) *yardRun {
	var list []*yardRun
	for _, r := range y.runs {
		if fits(r) {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		rt.Skip("none")
	}
	return list[rapid.IntRange(0, len(list)-1).Draw(rt, "run")]
}

// anyOne fits all runs.
func anyOne(*yardRun) bool { return true }

func (y *yard) begin(rt *rapid.T) {
	r := y.some(rt, anyOne)
	require.NoError(rt, y.processes[r.process].Begin(context.Background(), r.ref, "/logs", "/work", nil))
	r.begun = true
}

func (y *yard) finish(rt *rapid.T) {
	r := y.some(rt, anyOne)
	require.NoError(rt, y.processes[r.process].Finish(context.Background(), r.ref, store.Result{Status: store.StatusSucceeded}))
	r.status = store.StatusSucceeded
}

// interrupt cuts a run short.
func (y *yard) interrupt(rt *rapid.T) {
	r := y.some(rt, anyOne)
	_, err := y.processes[r.process].Interrupt(context.Background(), r.ref, store.Result{Status: store.StatusAborted, Reason: store.ReasonShutdown})
	require.NoError(rt, err)
	r.cut(store.StatusAborted, y.clock.Now())
}

// cut is what becomes of a run that was interrupted: it is queued once more where it
// asked for that and nobody wants it stopped, and a second time is poison.
func (r *yardRun) cut(status store.Status, now time.Time) {
	switch {
	case !r.RetryInterrupted || r.stopping:
		r.status = status
	case r.interrupted:
		r.status = store.StatusFailed
	default:
		r.status, r.interrupted, r.unlimited, r.notBefore = store.StatusQueued, true, false, now
	}
}

// retry queues a failed run again, for later.
func (y *yard) retry(rt *rapid.T) {
	r := y.some(rt, anyOne)
	wait := time.Duration(rapid.IntRange(0, 60).Draw(rt, "wait")) * time.Second
	_, err := y.processes[r.process].RetryLater(context.Background(), r.ref, store.Result{Status: store.StatusFailed}, wait)
	require.NoError(rt, err)
	if r.stopping {
		r.status = store.StatusAborted
		return
	}
	r.status, r.unlimited, r.notBefore = store.StatusQueued, false, y.clock.Now().Add(wait)
	r.retries++
}

// retryByHand begins another attempt of a run that is over, or that waits for one.
func (y *yard) retryByHand(rt *rapid.T) {
	r, i := y.any(rt, func(r *yardRun) bool {
		return r.status.Final() || r.status == store.StatusQueued && !r.notBefore.IsZero()
	}), y.which(rt)
	run, err := y.processes[i].Retry(context.Background(), r.ID)
	require.NoError(rt, err)
	r.status, r.unlimited, r.begun, r.stopping, r.notBefore = store.StatusRunning, true, false, false, time.Time{}
	r.process, r.ref = i, run.Ref()
	r.attempt++
}

// stop asks for the end of a run, which is at once when nobody executes it.
func (y *yard) stop(rt *rapid.T) {
	r := y.any(rt, func(r *yardRun) bool { return !r.status.Final() })
	n, err := y.processes[y.which(rt)].RequestStop(context.Background(), "", r.ID)
	require.NoError(rt, err)
	require.Equal(rt, 1, n)
	r.stopping = true
	if r.status == store.StatusQueued {
		r.status = store.StatusAborted
	}
}

// unadmit gives a run back that did nothing.
func (y *yard) unadmit(rt *rapid.T) {
	r := y.some(rt, func(r *yardRun) bool { return !r.begun })
	require.NoError(rt, y.processes[r.process].Unadmit(context.Background(), r.ref))
	r.back()
}

func (r *yardRun) back() {
	if r.stopping {
		r.status = store.StatusAborted
		return
	}
	r.status, r.unlimited = store.StatusQueued, false
	r.attempt--
}

// die ends a process, another one closes its runs, and a new one takes its place.
func (y *yard) die(rt *rapid.T) {
	i := y.which(rt)
	dead := y.processes[i]
	require.NoError(rt, dead.Die())
	require.NoError(rt, dead.Stop(context.Background()))
	y.open(i)
	other := y.processes[1-i]
	owners, err := other.DeadOwners(context.Background())
	require.NoError(rt, err)
	require.Len(rt, owners, 1)
	_, _, err = owners[0].Close(context.Background())
	require.NoError(rt, err)
	require.NoError(rt, owners[0].Release())
	for _, r := range y.runs {
		switch {
		case r.status != store.StatusRunning || r.process != i:
		case r.begun:
			r.cut(store.StatusFailed, y.clock.Now())
		default:
			r.back()
		}
	}
}

// compare holds the state of each run against the model, and for how long nothing is
// to be admitted that waits for its time.
func (y *yard) compare() {
	rows, err := y.processes[0].Runs(context.Background(), store.Filter{Limit: 10_000})
	require.NoError(y, err)
	require.Len(y, rows, len(y.runs))
	got := map[string]store.Run{}
	for _, row := range rows {
		got[row.ID] = row
	}
	var next time.Duration
	for _, r := range y.runs {
		require.Equal(y, r.status, got[r.ID].Status, r.ID)
		require.Equal(y, r.attempt, got[r.ID].Attempt, r.ID)
		require.Equal(y, r.retries, got[r.ID].Retries, r.ID)
		if wait := r.notBefore.Sub(y.clock.Now()); r.status == store.StatusQueued && wait > 0 && (next == 0 || wait < next) {
			next = wait
		}
	}
	wait, err := y.processes[1].NextRetry(context.Background())
	require.NoError(y, err)
	require.Equal(y, next, wait)
}
