package health_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"dagu/modules/health"

	"github.com/stretchr/testify/require"
)

// looks is a check whose next result a test sets.
type looks struct {
	err   atomic.Pointer[error]
	count atomic.Int32
	hang  chan struct{} // nil does not
}

func (l *looks) set(err error) { l.err.Store(&err) }

func (l *looks) run(context.Context) error {
	l.count.Add(1)
	if l.hang != nil {
		<-l.hang
	}
	if err := l.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (l *looks) check(name string) health.Check {
	return health.Check{Name: name, Period: 5 * time.Second, Deadline: 2 * time.Second, Run: l.run}
}

// watched runs checks, between two turns of the evaluator, in a registry that is
// running. It is for bubbles.
func watched(t *testing.T, options health.Options, checks ...health.Check) *health.Registry {
	t.Helper()
	r := newRegistry(t, options)
	require.NoError(t, r.Start(t.Context()))
	t.Cleanup(func() { _ = r.Stop(context.WithoutCancel(t.Context())) })
	time.Sleep(500 * time.Millisecond) // synctest
	require.NoError(t, r.Watch(t.Context(), checks))
	r.Advance(health.Running)
	return r
}

func ready(r *health.Registry) bool { return r.Verdict(health.ProbeReady).Healthy }

func TestCheckCountsForReadinessAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard recorder
		var disk, store looks
		r := watched(t, heard.options(30*time.Second), disk.check("disk"), store.check("store"))
		require.True(t, ready(r), "each has its first result")
		full := errors.New("full")
		disk.set(full)
		time.Sleep(6 * time.Second) // synctest
		require.False(t, ready(r))
		require.True(t, r.Verdict(health.ProbeHealth).Healthy)
		require.True(t, r.Verdict(health.ProbeLive).Healthy)
		require.Equal(t, []health.State{
			{Name: "disk", Red: true, Changed: 0, Age: time.Second},
			{Name: "store", Changed: 6 * time.Second, Age: time.Second},
		}, r.States(health.ProbeReady))
		require.Empty(t, r.States(health.ProbeHealth))
		disk.set(nil)
		time.Sleep(6 * time.Second) // synctest
		require.True(t, ready(r))
		red, well := heard.told()
		require.Equal(t, []health.Change{{Name: "disk", Red: true, Err: full}}, red)
		require.Equal(t, []health.Change{{Name: "disk"}}, well)
	})
}

// A check that hangs is red from its deadline on, is started once, and is well soon
// after it has answered.
func TestHangingCheckIsRedAndNotRunAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := looks{hang: make(chan struct{}, 1)}
		hang.hang <- struct{}{}
		r := watched(t, health.Options{}, hang.check("store"))
		require.True(t, ready(r))
		time.Sleep(7*time.Second + time.Millisecond) // synctest
		synctest.Wait()
		require.False(t, ready(r))
		time.Sleep(time.Hour) // synctest
		synctest.Wait()
		require.False(t, ready(r))
		require.EqualValues(t, 2, hang.count.Load())
		close(hang.hang)
		time.Sleep(6 * time.Second) // synctest
		synctest.Wait()
		require.True(t, ready(r))
		require.EqualValues(t, 3, hang.count.Load())
	})
}

func TestCheckWithoutAResultIsRed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := looks{hang: make(chan struct{})}
		r := newRegistry(t, health.Options{})
		require.NoError(t, r.Start(t.Context()))
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.NoError(t, r.Watch(ctx, []health.Check{hang.check("store")}))
		require.Equal(t, time.Second, time.Since(began), "the start is not held up for longer")
		r.Advance(health.Running)
		require.False(t, ready(r))
		began = time.Now()
		require.NoError(t, r.Stop(t.Context()))
		require.Zero(t, time.Since(began), "nor is the end")
		close(hang.hang)
	})
}

// The result of a check whose own loop does not get to run is red as well.
func TestOverdueResultIsRed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l looks
		r := newRegistry(t, health.Options{})
		r.Advance(health.Running)
		require.NoError(t, r.Watch(t.Context(), []health.Check{l.check("disk")}))
		r.StopChecks(t.Context())
		for range 9 {
			health.Evaluate(r)
			require.True(t, ready(r))
		}
		health.Evaluate(r)
		require.False(t, ready(r))
	})
}

func TestPanicInACheckIsAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard recorder
		r := watched(t, heard.options(0), health.Check{
			Name: "disk", Period: time.Second, Deadline: time.Second,
			Run: func(context.Context) error { panic("oh") },
		})
		require.False(t, ready(r))
		time.Sleep(3 * time.Second) // synctest
		red, _ := heard.told()
		require.Len(t, red, 1)
		require.ErrorContains(t, red[0].Err, "internal error: oh")
	})
}

func TestChecksThatCannotBeRun(t *testing.T) {
	t.Parallel()
	var l looks
	for text, list := range map[string][]health.Check{
		"the name is taken": {l.check("disk"), l.check("disk")},
		"has no name":       {l.check("")},
		"at least 1ms":      {{Name: "disk", Deadline: time.Second, Run: l.run}},
		"nothing to run":    {{Name: "disk", Period: time.Second, Deadline: time.Second}},
	} {
		r := newRegistry(t, health.Options{})
		require.ErrorContains(t, r.Watch(t.Context(), list), text)
	}
	r := newRegistry(t, health.Options{})
	r.Pulse(schedulerLoop())
	require.ErrorContains(t, r.Watch(t.Context(), []health.Check{l.check(health.SchedulerLoop)}), "the name is taken")
	r.StopChecks(t.Context())
	require.Zero(t, l.count.Load())
}

// What is registered late has no past: ages count from then on, and not from the start
// of the process.
func TestAgesCountFromRegistration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store looks
		never := looks{hang: make(chan struct{})}
		defer close(never.hang)
		r := running(t, health.Options{})
		time.Sleep(time.Minute + 500*time.Millisecond) // synctest
		limited, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		require.NoError(t, r.Watch(limited, []health.Check{never.check("never"), store.check("store")}))
		r.Pulse(schedulerLoop())
		require.Equal(t, []health.State{
			{Name: "never", Red: true, Age: time.Second},
			{Name: "scheduler-loop"},
			{Name: "store", Changed: time.Second, Age: time.Second},
		}, r.States(health.ProbeReady))
	})
}
