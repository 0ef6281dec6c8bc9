package health_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"dagu/modules/health"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if os.Getenv(exhausted) != "" {
		if err := serveExhausted(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// recorder is a hook that remembers.
type recorder struct {
	mu      sync.Mutex
	changes []health.Change
}

func (r *recorder) options(threshold time.Duration) health.Options {
	return health.Options{
		StallThreshold: threshold,
		Changed: func(c health.Change) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.changes = append(r.changes, c)
		},
	}
}

// told is what turned red, and what became well again.
func (r *recorder) told() (red, well []health.Change) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.changes {
		if c.Red {
			red = append(red, c)
		} else {
			well = append(well, c)
		}
	}
	return red, well
}

// schedulerLoop and queueLoop are described as the engine does.
func schedulerLoop() health.Loop {
	return health.Loop{Name: health.SchedulerLoop, Health: true, Live: true}
}

func queueLoop() health.Loop { return health.Loop{Name: health.QueueLoop, Live: true} }

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
	r.Pulse(schedulerLoop())
	require.Equal(t, health.Verdict{Status: health.StatusStarting}, r.Verdict(health.ProbeHealth))
	r.Advance(health.Running)
	require.Equal(t, health.Verdict{Status: health.StatusStarting}, r.Verdict(health.ProbeHealth), "nobody looks at the pulses yet")

	require.NoError(t, r.Start(t.Context()))
	require.NoError(t, r.Start(t.Context()))
	require.Equal(t, health.Verdict{Status: health.StatusHealthy, Healthy: true}, r.Verdict(health.ProbeHealth))
	r.Advance(health.Draining)
	require.Equal(t, health.Verdict{Status: health.StatusShuttingDown}, r.Verdict(health.ProbeHealth))
	require.NoError(t, r.Stop(t.Context()))
	require.NoError(t, r.Stop(t.Context()))
}

func TestStoppedRegistryIsNeverHealthy(t *testing.T) {
	t.Parallel()
	r := running(t, health.Options{})
	require.NoError(t, r.Stop(t.Context()))
	require.Equal(t, health.StatusShuttingDown, r.Verdict(health.ProbeHealth).Status)

	never := newRegistry(t, health.Options{})
	require.NoError(t, never.Stop(t.Context()))
	require.NoError(t, never.Start(t.Context()))
	require.Equal(t, health.StatusShuttingDown, never.Verdict(health.ProbeHealth).Status)
}

func TestSilentLoopIsUnhealthyUntilItBeats(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard recorder
		r := running(t, heard.options(30*time.Second))
		pulse := r.Pulse(schedulerLoop())
		for range 100 {
			pulse.Beat("idle")
			time.Sleep(time.Second) // synctest
			require.True(t, r.Verdict(health.ProbeHealth).Healthy)
		}
		pulse.Beat("taking nightly")
		time.Sleep(30*time.Second - time.Millisecond) // synctest
		synctest.Wait()
		require.True(t, r.Verdict(health.ProbeHealth).Healthy)
		time.Sleep(time.Second + time.Millisecond) // synctest
		synctest.Wait()
		require.Equal(t, health.StatusUnhealthy, r.Verdict(health.ProbeHealth).Status)
		time.Sleep(time.Hour) // synctest
		synctest.Wait()
		require.Equal(t, health.StatusUnhealthy, r.Verdict(health.ProbeHealth).Status)
		silent, back := heard.told()
		require.Equal(t, []health.Change{{Name: health.SchedulerLoop, Loop: true, Red: true, Doing: "taking nightly", For: 30 * time.Second}}, silent)
		require.Empty(t, back)

		pulse.Beat("idle")
		require.True(t, r.Verdict(health.ProbeHealth).Healthy, "a beat counts at once")
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
		r.Pulse(schedulerLoop())
		time.Sleep(9 * time.Second) // synctest
		require.True(t, r.Verdict(health.ProbeHealth).Healthy)
		time.Sleep(2 * time.Second) // synctest
		require.Equal(t, health.StatusUnhealthy, r.Verdict(health.ProbeHealth).Status)
	})
}

func TestSlowStartDoesNotTurnTheFirstAnswerRed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard recorder
		r := newRegistry(t, heard.options(10*time.Second))
		require.NoError(t, r.Start(t.Context()))
		pulse := r.Pulse(schedulerLoop())
		time.Sleep(time.Minute + time.Millisecond) // synctest
		require.Equal(t, health.StatusStarting, r.Verdict(health.ProbeHealth).Status)
		pulse.Beat("first turn")
		r.Advance(health.Running)
		require.True(t, r.Verdict(health.ProbeHealth).Healthy)
		time.Sleep(5 * time.Second) // synctest
		require.True(t, r.Verdict(health.ProbeHealth).Healthy)
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
		queue := r.Pulse(queueLoop())
		require.Same(t, queue, r.Pulse(queueLoop()))
		queue.Beat("admitting")
		time.Sleep(time.Minute) // synctest
		require.True(t, r.Verdict(health.ProbeHealth).Healthy)
		silent, _ := heard.told()
		require.Equal(t, []health.Change{{Name: health.QueueLoop, Loop: true, Red: true, Doing: "admitting", For: 10 * time.Second}}, silent)
	})
}

func TestLoopThatEndsInADrainIsNoNews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var heard recorder
		r := running(t, heard.options(10*time.Second))
		r.Pulse(schedulerLoop()).Beat("idle")
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
		r := newRegistry(t, health.Options{StallThreshold: 10 * time.Second, Changed: func(health.Change) { <-hang }})
		require.NoError(t, r.Start(t.Context()))
		r.Advance(health.Running)
		r.Pulse(queueLoop())
		time.Sleep(time.Minute) // synctest
		pulse := r.Pulse(schedulerLoop())
		require.True(t, r.Verdict(health.ProbeHealth).Healthy)
		time.Sleep(12 * time.Second) // synctest
		require.Equal(t, health.StatusUnhealthy, r.Verdict(health.ProbeHealth).Status)
		pulse.Beat("idle")
		require.True(t, r.Verdict(health.ProbeHealth).Healthy)

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
		r.Pulse(schedulerLoop()).Beat("idle")
		health.Evaluate(r)
		for range 9 {
			time.Sleep(time.Hour) // synctest
			health.Evaluate(r)
			require.True(t, r.Verdict(health.ProbeHealth).Healthy)
		}
		health.Evaluate(r)
		require.Equal(t, health.StatusUnhealthy, r.Verdict(health.ProbeHealth).Status)
	})
}

// The liveness of a loop is judged at twice the limit, and only where a restart mends it.
func TestEachProbeHasItsParts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := running(t, health.Options{StallThreshold: 10 * time.Second})
		scheduler, queue := r.Pulse(schedulerLoop()), r.Pulse(queueLoop())
		writer := r.Pulse(health.Loop{Name: health.StoreWriter})
		watch := r.Pulse(health.Loop{Name: health.CatalogWatch, Limit: 30 * time.Second})
		beat := []*health.Pulse{scheduler, queue, writer, watch}
		// red is which of the probes are red when only one pulse has been silent for that long.
		red := func(silent *health.Pulse, seconds int) string {
			t.Helper()
			for range seconds {
				for _, p := range beat {
					if p != silent {
						p.Beat("turn")
					}
				}
				time.Sleep(time.Second) // synctest
			}
			synctest.Wait()
			list := ""
			for _, p := range []health.Probe{health.ProbeHealth, health.ProbeLive, health.ProbeReady, health.ProbeStartup} {
				if !r.Verdict(p).Healthy {
					list += p.Path()
				}
			}
			silent.Beat("back")
			time.Sleep(time.Second) // synctest
			return list
		}
		require.Empty(t, red(scheduler, 9))
		require.Equal(t, "/health/readyz", red(scheduler, 12))
		require.Equal(t, "/health/livez/readyz", red(scheduler, 22))
		require.Equal(t, "/readyz", red(queue, 12))
		require.Equal(t, "/livez/readyz", red(queue, 22))
		require.Equal(t, "/readyz", red(writer, 100))
		require.Empty(t, red(watch, 25))
		require.Equal(t, "/readyz", red(watch, 32))
	})
}

func TestProbesOverALife(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, health.Options{})
	require.NoError(t, r.Start(t.Context()))
	answers := func() (list []health.Status) {
		for _, p := range []health.Probe{health.ProbeHealth, health.ProbeLive, health.ProbeReady, health.ProbeStartup} {
			list = append(list, r.Verdict(p).Status)
		}
		return list
	}
	const healthy, starting, down = health.StatusHealthy, health.StatusStarting, health.StatusShuttingDown
	require.Equal(t, []health.Status{starting, healthy, starting, starting}, answers())
	r.Advance(health.Running)
	require.Equal(t, []health.Status{healthy, healthy, healthy, healthy}, answers())
	r.Advance(health.Draining)
	require.Equal(t, []health.Status{down, healthy, down, healthy}, answers())
	require.NoError(t, r.Stop(t.Context()))

	never := newRegistry(t, health.Options{})
	never.Advance(health.Draining)
	require.Equal(t, down, never.Verdict(health.ProbeStartup).Status, "it never started")
}

func TestBeatsAndVerdictsAllocateNothing(t *testing.T) {
	r := running(t, health.Options{})
	pulse := r.Pulse(schedulerLoop())
	require.Zero(t, testing.AllocsPerRun(1000, func() { pulse.Beat("idle") }))
	require.Zero(t, testing.AllocsPerRun(1000, func() { runtime.KeepAlive(r.Verdict(health.ProbeHealth)) }))
	var none *health.Pulse
	none.Beat("idle")
	require.Empty(t, none.Doing())
	require.Equal(t, "idle", pulse.Doing())
}
