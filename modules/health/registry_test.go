package health_test

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dagu/modules/health"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a pair of silence hooks that remember.
type recorder struct {
	mu           sync.Mutex
	silent, back []health.Silence
}

func (r *recorder) options(threshold time.Duration) health.Options {
	return health.Options{
		StallThreshold: threshold,
		Silent: func(s health.Silence) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.silent = append(r.silent, s)
		},
		Back: func(s health.Silence) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.back = append(r.back, s)
		},
	}
}

func (r *recorder) told() (silent, back []health.Silence) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.silent, r.back
}

func newRegistry(t *testing.T, options health.Options) *health.Registry {
	t.Helper()
	r, err := health.NewRegistry(options)
	require.NoError(t, err)
	return r
}

// running returns a registry that has been started and is in phase Running.
func running(t *testing.T, options health.Options) *health.Registry {
	t.Helper()
	r := newRegistry(t, options)
	require.NoError(t, r.Start(t.Context()))
	t.Cleanup(func() { _ = r.Stop(context.WithoutCancel(t.Context())) })
	require.True(t, r.Advance(health.Running))
	return r
}

func TestPhaseMovesForwardOnly(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, health.Options{})
	require.Equal(t, health.Starting, r.Phase())
	require.False(t, r.Advance(health.Starting))
	require.True(t, r.Advance(health.Running))
	require.False(t, r.Advance(health.Running))
	require.True(t, r.Advance(health.Draining))
	require.False(t, r.Advance(health.Running))
	require.False(t, r.Advance(health.Draining))
	require.False(t, r.Advance(health.Draining+1))
	require.Equal(t, health.Draining, r.Phase())

	signalled := newRegistry(t, health.Options{})
	require.True(t, signalled.Advance(health.Draining), "a signal may come before the start has finished")
	require.False(t, signalled.Advance(health.Running))
	require.Equal(t, "draining", signalled.Phase().String())
}

func TestOneOfManyAdvances(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, health.Options{})
	var group sync.WaitGroup
	moved := make(chan bool, 64)
	for range cap(moved) {
		group.Go(func() { moved <- r.Advance(health.Draining) })
	}
	group.Wait()
	close(moved)
	count := 0
	for did := range moved {
		if did {
			count++
		}
	}
	require.Equal(t, 1, count)
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for _, threshold := range []time.Duration{-time.Second, time.Millisecond} {
		_, err := health.NewRegistry(health.Options{StallThreshold: threshold})
		require.ErrorContains(t, err, "stall threshold")
	}
}

func TestVerdictFollowsThePhase(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, health.Options{})
	r.Pulse(health.SchedulerLoop)
	require.Equal(t, health.Verdict{Status: health.StatusStarting}, r.Verdict())
	r.Advance(health.Running)
	require.Equal(t, health.Verdict{Status: health.StatusStarting}, r.Verdict(), "nobody looks at the pulses yet")

	require.NoError(t, r.Start(t.Context()))
	require.NoError(t, r.Start(t.Context()))
	require.Equal(t, health.Verdict{Status: health.StatusHealthy, Healthy: true}, r.Verdict())
	r.Advance(health.Draining)
	require.Equal(t, health.Verdict{Status: health.StatusShuttingDown}, r.Verdict())
	require.NoError(t, r.Stop(t.Context()))
	require.NoError(t, r.Stop(t.Context()))
}

func TestStoppedRegistryIsNeverHealthy(t *testing.T) {
	t.Parallel()
	r := running(t, health.Options{})
	require.NoError(t, r.Stop(t.Context()))
	require.Equal(t, health.StatusShuttingDown, r.Verdict().Status)

	never := newRegistry(t, health.Options{})
	require.NoError(t, never.Stop(t.Context()))
	require.NoError(t, never.Start(t.Context()))
	require.Equal(t, health.StatusShuttingDown, never.Verdict().Status)
}

func TestSilentLoopIsUnhealthyUntilItBeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard recorder
		r := running(t, heard.options(30*time.Second))
		pulse := r.Pulse(health.SchedulerLoop)
		for range 100 {
			pulse.Beat("idle")
			time.Sleep(time.Second) // synctest
			require.True(t, r.Verdict().Healthy)
		}
		pulse.Beat("taking nightly")
		time.Sleep(30*time.Second - time.Millisecond) // synctest
		synctest.Wait()
		require.True(t, r.Verdict().Healthy)
		time.Sleep(time.Second + time.Millisecond) // synctest
		synctest.Wait()
		require.Equal(t, health.StatusUnhealthy, r.Verdict().Status)
		time.Sleep(time.Hour) // synctest
		synctest.Wait()
		require.Equal(t, health.StatusUnhealthy, r.Verdict().Status)
		silent, back := heard.told()
		require.Equal(t, []health.Silence{{Pulse: health.SchedulerLoop, Doing: "taking nightly", For: 30 * time.Second}}, silent)
		require.Empty(t, back)

		pulse.Beat("idle")
		require.True(t, r.Verdict().Healthy, "a beat counts at once")
		time.Sleep(2 * time.Second) // synctest
		synctest.Wait()
		silent, back = heard.told()
		require.Len(t, silent, 1)
		require.Len(t, back, 1)
		require.Equal(t, "idle", back[0].Doing)
		require.InDelta(t, 3631, back[0].For.Seconds(), 1)
	})
}

func TestPulseThatNeverBeatsCountsFromItsRegistration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := running(t, health.Options{StallThreshold: 10 * time.Second})
		time.Sleep(time.Minute + time.Millisecond) // synctest
		r.Pulse(health.SchedulerLoop)
		time.Sleep(9 * time.Second) // synctest
		require.True(t, r.Verdict().Healthy)
		time.Sleep(2 * time.Second) // synctest
		require.Equal(t, health.StatusUnhealthy, r.Verdict().Status)
	})
}

func TestSlowStartDoesNotTurnTheFirstAnswerRed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard recorder
		r := newRegistry(t, heard.options(10*time.Second))
		require.NoError(t, r.Start(t.Context()))
		pulse := r.Pulse(health.SchedulerLoop)
		time.Sleep(time.Minute + time.Millisecond) // synctest
		require.Equal(t, health.StatusStarting, r.Verdict().Status)
		pulse.Beat("first turn")
		r.Advance(health.Running)
		require.True(t, r.Verdict().Healthy)
		time.Sleep(5 * time.Second) // synctest
		require.True(t, r.Verdict().Healthy)
		require.NoError(t, r.Stop(t.Context()))
		silent, back := heard.told()
		require.Empty(t, silent)
		require.Empty(t, back)
	})
}

func TestOnlyTheSchedulerLoopChangesTheVerdict(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard recorder
		r := running(t, heard.options(10*time.Second))
		queue := r.Pulse(health.QueueLoop)
		require.Same(t, queue, r.Pulse(health.QueueLoop))
		queue.Beat("admitting")
		time.Sleep(time.Minute) // synctest
		require.True(t, r.Verdict().Healthy)
		silent, _ := heard.told()
		require.Equal(t, []health.Silence{{Pulse: health.QueueLoop, Doing: "admitting", For: 10 * time.Second}}, silent)
	})
}

func TestLoopThatEndsInADrainIsNoNews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard recorder
		r := running(t, heard.options(10*time.Second))
		r.Pulse(health.SchedulerLoop).Beat("idle")
		r.Advance(health.Draining)
		time.Sleep(time.Hour) // synctest
		synctest.Wait()
		silent, _ := heard.told()
		require.Empty(t, silent)
	})
}

func TestHangingHookDelaysNoVerdict(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		r := newRegistry(t, health.Options{StallThreshold: 10 * time.Second, Silent: func(health.Silence) { <-hang }})
		require.NoError(t, r.Start(t.Context()))
		r.Advance(health.Running)
		r.Pulse(health.QueueLoop)
		time.Sleep(time.Minute) // synctest
		pulse := r.Pulse(health.SchedulerLoop)
		require.True(t, r.Verdict().Healthy)
		time.Sleep(12 * time.Second) // synctest
		require.Equal(t, health.StatusUnhealthy, r.Verdict().Status)
		pulse.Beat("idle")
		require.True(t, r.Verdict().Healthy)

		began := time.Now()
		require.ErrorContains(t, r.Stop(t.Context()), "hook")
		require.LessOrEqual(t, time.Since(began), time.Second, "Stop is bounded")
		close(hang)
		require.NoError(t, r.Stop(t.Context()))
	})
}

// A process that is stopped and continued, or whose evaluator does not get to
// run, has few turns of the evaluator in much time.
func TestTimeWithoutTicksSilencesNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRegistry(t, health.Options{StallThreshold: 10 * time.Second})
		r.Advance(health.Running)
		r.Pulse(health.SchedulerLoop).Beat("idle")
		health.Evaluate(r)
		for range 9 {
			time.Sleep(time.Hour) // synctest
			health.Evaluate(r)
			require.True(t, r.Verdict().Healthy)
		}
		health.Evaluate(r)
		require.Equal(t, health.StatusUnhealthy, r.Verdict().Status)
	})
}

func TestSilenceIsLoggedOnceWithStacks(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.DebugLevel)
	silent, back := health.LogSilence(zap.New(core))
	var group sync.WaitGroup
	hold := make(chan struct{})
	for range 1000 {
		group.Go(func() { <-hold })
	}
	silent(health.Silence{Pulse: "scheduler-loop", Doing: "taking nightly", For: 30 * time.Second})
	close(hold)
	group.Wait()
	back(health.Silence{Pulse: "scheduler-loop", Doing: "idle", For: 42 * time.Second})

	entries := logs.All()
	require.Len(t, entries, 2)
	require.Equal(t, zap.ErrorLevel, entries[0].Level)
	fields := entries[0].ContextMap()
	require.Equal(t, "scheduler-loop", fields["pulse"])
	require.Equal(t, "taking nightly", fields["doing"])
	require.Equal(t, 30*time.Second, fields["silent"])
	require.Contains(t, fields["stacks"], "TestSilenceIsLoggedOnceWithStacks")
	require.LessOrEqual(t, len(fields["stacks"].(string)), health.MaxStacks)
	require.Equal(t, zap.InfoLevel, entries[1].Level)
	require.Equal(t, 42*time.Second, entries[1].ContextMap()["silent"])
}

func TestBeatsAndVerdictsAllocateNothing(t *testing.T) {
	r := running(t, health.Options{})
	pulse := r.Pulse(health.SchedulerLoop)
	require.Zero(t, testing.AllocsPerRun(1000, func() { pulse.Beat("idle") }))
	require.Zero(t, testing.AllocsPerRun(1000, func() { runtime.KeepAlive(r.Verdict()) }))
	var none *health.Pulse
	none.Beat("idle")
	require.Empty(t, none.Doing())
	require.Equal(t, "idle", pulse.Doing())
}
