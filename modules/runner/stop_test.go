package runner_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/runner"
	"dagu/modules/store"
)

// polite is a step that ends by itself some time after SIGTERM.
const polite = "'trap \"touch $DIR/asked; sleep 0.1; touch $DIR/cleaned; exit 0\" TERM; touch $DIR/ready; while :; do sleep 0.01; done'"

// stubborn is a step that only SIGKILL ends.
const stubborn = "'trap \"\" TERM; echo $$ > $DIR/pid; touch $DIR/ready; while :; do sleep 0.01; done'"

func TestStopReachesARun(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rec := r.record(r.text("steps:", "  - {name: a, run: "+polite+"}", "  - {name: b, run: 'echo b', depends: a}",
		"  - {name: c, run: exit 1, retry_policy: {limit: 5, interval_sec: 3600}}",
		"handler_on: {success: {run: exit 1}, failure: {run: exit 1}, abort: {run: 'echo $DAG_RUN_STATUS'}, exit: {run: 'echo e'}}"))
	done := r.execute(rec)
	r.appears(r.path("ready"))
	require.Eventually(t, func() bool { return r.store.step("c").Status == store.StepRetrying }, soon, time.Millisecond)

	r.store.requestStop(rec.ID)

	result := r.await(done)
	require.Equal(t, store.StatusAborted, result.Status)
	require.Equal(t, store.ReasonStopped, result.Reason)
	require.Empty(t, result.Error)
	require.FileExists(t, r.path("cleaned"), "a step is not over before its process")
	require.Equal(t, map[string]store.StepStatus{
		"a": store.StepAborted, "b": store.StepAborted, "c": store.StepAborted,
		"onSuccess": store.StepNotStarted, "onFailure": store.StepNotStarted,
		"onAbort": store.StepSucceeded, "onExit": store.StepSucceeded,
	}, r.store.statuses())
	require.Equal(t, "aborted\n", r.stdout("onAbort"))
	require.NotContains(t, r.store.history(), "interrupt")
}

func TestStopKillsAfterTheGrace(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *runner.Options) { o.Resend = 50 * time.Millisecond })
	rec := r.record(r.text("max_clean_up_time_sec: 1", "steps: [{name: a, run: "+stubborn+"}]"))
	done := r.execute(rec)
	r.appears(r.path("ready"))
	r.store.requestStop(rec.ID)
	require.Equal(t, store.StatusAborted, r.await(done).Status)
	require.False(t, alive(readPID(t, r.path("pid"))))
	require.Equal(t, 137, r.store.step("a").ExitCode)
}

func TestStopRequestedBeforeTheRunReachesUs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.Eventually(t, func() bool { return r.store.asked() == 1 }, soon, time.Millisecond)
	r.store.requestStop("run-1") // nobody knows it yet
	require.Eventually(t, func() bool { return r.store.asked() > 1 }, soon, time.Millisecond)
	rec := r.record("steps: [{name: a, run: 'sleep 60'}]")
	done := r.execute(rec)
	require.Equal(t, store.ReasonStopped, r.await(done).Reason)
}

func TestStopWhileAPreconditionIsChecked(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"root":    "preconditions: ['touch $DIR/ready; sleep 60']\nsteps: [{name: a, run: echo}]",
		"step":    "steps: [{name: a, run: echo, preconditions: ['touch $DIR/ready; sleep 60']}]",
		"param":   "params: [{name: p, eval: '$(touch $DIR/ready; sleep 60)'}]\nsteps: [{name: a, run: echo}]",
		"init":    "handler_on: {init: {run: 'touch $DIR/ready; sleep 60'}}\nsteps: [{name: a, run: echo}]",
		"handler": "handler_on: {success: {run: 'touch $DIR/ready; sleep 60'}, exit: {run: 'echo e'}}\nsteps: [{name: a, run: echo}]",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			done := r.execute(r.record(r.text(text)))
			r.appears(r.path("ready"))
			r.store.requestStop("run-1")
			result := r.await(done)
			require.Equal(t, store.StatusAborted, result.Status, result.Error)
			require.Equal(t, store.ReasonStopped, result.Reason)
			if name == "handler" {
				require.Equal(t, store.StepSucceeded, r.store.step("onExit").Status)
			} else {
				require.Equal(t, store.StepAborted, r.store.step("a").Status)
			}
		})
	}
}

// interrupt executes a run in the foreground, and stops it when the file "ready" is there.
func (r *rig) interrupt(rec store.Run) store.Result {
	r.t.Helper()
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	go func() {
		defer cancel()
		require.Eventually(r.t, func() bool { _, err := os.Stat(r.path("ready")); return err == nil }, soon, time.Millisecond)
	}()
	result, err := r.runner.Run(ctx, rec, nil)
	require.NoError(r.t, err)
	return result
}

func TestForegroundRunIsStoppedByItsContext(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.interrupt(r.record(r.text("steps: [{name: a, run: "+polite+"}]", "handler_on: {exit: {run: 'echo e'}}")))
	require.Equal(t, store.StatusAborted, result.Status)
	require.Equal(t, store.ReasonStopped, result.Reason)
	require.Equal(t, store.StepSucceeded, r.store.step("onExit").Status)
}

func TestDrainLetsRunsEnd(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *runner.Options) { o.DrainTimeout = time.Minute })
	done := r.execute(r.record(r.text("steps: [{name: a, run: 'touch $DIR/ready; sleep 0.2'}]")))
	r.appears(r.path("ready"))
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()

	require.NoError(t, r.runner.Stop(ctx))

	require.Equal(t, store.StatusSucceeded, r.await(done).Status)
	require.NotContains(t, r.store.history(), "interrupt")
}

func TestDrainStopsWhatIsLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	done := r.execute(r.record(r.text("steps: [{name: a, run: "+polite+"}, {name: b, run: 'echo b', depends: a}]",
		"handler_on: {abort: {run: 'echo b'}, exit: {run: 'echo e'}}")))
	r.appears(r.path("ready"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()

	require.NoError(t, r.runner.Stop(ctx))

	result := r.await(done)
	require.Equal(t, store.StatusAborted, result.Status)
	require.Equal(t, store.ReasonShutdown, result.Reason)
	require.Equal(t, []string{"interrupt"}, last(r.store.history()))
	require.FileExists(t, r.path("cleaned"))
	require.Equal(t, store.StepSucceeded, r.store.step("onAbort").Status)
	require.Equal(t, store.StepSucceeded, r.store.step("onExit").Status)
}

func last(list []string) []string { return list[len(list)-1:] }

func TestDrainKillsBeforeItsTimeIsOver(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	done := r.execute(r.record(r.text("max_clean_up_time_sec: 3600", "steps: [{name: a, run: "+stubborn+"}]",
		"handler_on: {abort: {run: 'echo b'}}")))
	r.appears(r.path("ready"))
	ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
	defer cancel()

	require.NoError(t, r.runner.Stop(ctx))

	require.Equal(t, store.ReasonShutdown, r.await(done).Reason)
	require.False(t, alive(readPID(t, r.path("pid"))))
	require.Equal(t, store.StepNotStarted, r.store.step("onAbort").Status, "after a kill nothing is started")
}

func TestDrainLeavesTimeToStop(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *runner.Options) { o.DrainTimeout = time.Hour })
	done := r.execute(r.record(r.text("steps: [{name: a, run: " + polite + "}]")))
	r.appears(r.path("ready"))
	ctx, cancel := context.WithTimeout(t.Context(), 5500*time.Millisecond)
	defer cancel()
	require.NoError(t, r.runner.Stop(ctx))
	require.Equal(t, store.ReasonShutdown, r.await(done).Reason)
	require.FileExists(t, r.path("cleaned"))
}

// Each further request of a user ends the handler that runs, whatever ended the steps.
func TestStopOfHandlers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text   string
		stops  []string // one before each request
		status store.Status
		reason store.Reason
		want   store.StepStatus // of the exit handler
	}{
		"after a timeout": {
			"timeout_sec: 1\nsteps: [{name: a, run: sleep 60}]\nhandler_on: {exit: {run: 'touch $DIR/ready; sleep 60'}}",
			[]string{"ready"},
			store.StatusFailed, store.ReasonTimeout, store.StepAborted,
		},
		"after a stop": {
			"steps: [{name: a, run: 'touch $DIR/ready; sleep 60'}]\nhandler_on: {abort: {run: 'touch $DIR/late; sleep 60'}, exit: {run: echo e}}",
			[]string{"ready", "late"},
			store.StatusAborted, store.ReasonStopped, store.StepSucceeded,
		},
		"again": {
			"steps: [{name: a, run: 'touch $DIR/ready; sleep 60'}]\nhandler_on: {abort: {run: 'touch $DIR/late; sleep 60'}, exit: {run: 'touch $DIR/last; sleep 60'}}",
			[]string{"ready", "late", "last"},
			store.StatusAborted, store.ReasonStopped, store.StepAborted,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			done := r.execute(r.record(r.text(tt.text)))
			for _, file := range tt.stops {
				r.appears(r.path(file))
				r.store.requestStop("run-1")
			}
			result := r.await(done)
			require.Equal(t, tt.status, result.Status, result.Error)
			require.Equal(t, tt.reason, result.Reason)
			require.Equal(t, tt.want, r.store.step("onExit").Status)
		})
	}
}

// A request counts once, however often it is read.
func TestStopIsFollowedOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	done := r.execute(r.record(r.text("steps: [{name: a, run: 'touch $DIR/ready; sleep 60'}]",
		"handler_on: {abort: {run: 'touch $DIR/late; until test -e $DIR/go; do sleep 0.01; done'}}")))
	r.appears(r.path("ready"))
	r.store.requestStop("run-1")
	r.appears(r.path("late"))
	r.store.requestStop("run-2") // is waited for, so requests are read again and again
	asked := r.store.asked()
	require.Eventually(t, func() bool { return r.store.asked() > asked+2 }, soon, time.Millisecond)
	require.NoError(t, os.WriteFile(r.path("go"), nil, 0o600))
	r.await(done)
	require.Equal(t, store.StepSucceeded, r.store.step("onAbort").Status)
}

// What had failed before a shutdown has failed, and is told and retried so, unless
// on_interrupt has it run again anyway.
func TestShutdownOfAFailedRun(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		retries, interrupted bool
		status               store.Status
		outline              string
		failure, abort       store.StepStatus
	}{
		"once":                 {false, false, store.StatusFailed, "interrupt", store.StepSucceeded, store.StepNotStarted},
		"with retries":         {true, false, store.StatusFailed, "retry in 10s", store.StepNotStarted, store.StepNotStarted},
		"with on_interrupt":    {false, true, store.StatusAborted, "interrupt", store.StepNotStarted, store.StepSucceeded},
		"with both of the two": {true, true, store.StatusAborted, "interrupt", store.StepNotStarted, store.StepSucceeded},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			text := "steps: [{name: a, run: exit 1}, {name: b, run: 'touch $DIR/ready; sleep 60'}]\nhandler_on: {failure: {run: echo f}, abort: {run: echo a}}"
			if tt.retries {
				text += "\nretry_policy: {limit: 1, interval_sec: 10}"
			}
			rec := r.record(r.text(text))
			rec.ID = strings.ReplaceAll(fmt.Sprint("failed-", name, os.Getpid()), " ", "-") // what is left of it is looked for, also in other tests
			rec.RetryInterrupted = tt.interrupted
			done := r.execute(rec)
			r.appears(r.path("ready"))
			require.Eventually(t, func() bool { return r.store.step("a").Status == store.StepFailed }, soon, time.Millisecond)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			require.NoError(t, r.runner.Stop(ctx))
			result := r.await(done)
			require.Equal(t, []any{tt.status, store.ReasonShutdown}, []any{result.Status, result.Reason})
			require.Contains(t, result.Error, "step a: exit status 1")
			require.Equal(t, []string{tt.outline}, last(r.store.outline()))
			require.Equal(t, tt.failure, r.store.step("onFailure").Status)
			require.Equal(t, tt.abort, r.store.step("onAbort").Status)
		})
	}
}

func TestShutdownLeavesHandlersTheirTime(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	done := r.execute(r.record(r.text("steps: [{name: a, run: 'true'}]", "handler_on: {exit: {run: 'touch $DIR/ready; sleep 0.3; echo e'}}")))
	r.appears(r.path("ready"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, r.runner.Stop(ctx))
	require.Equal(t, store.StatusSucceeded, r.await(done).Status)
}

func TestKilledHandlerIsAShutdown(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	done := r.execute(r.record(r.text("steps: [{name: a, run: 'true'}]",
		"handler_on: {success: {run: "+stubborn+"}, exit: {run: 'echo e'}}")))
	r.appears(r.path("ready"))
	r.kill()
	result := r.await(done)
	require.Equal(t, store.StatusAborted, result.Status)
	require.Equal(t, store.ReasonShutdown, result.Reason)
	require.Equal(t, store.StepNotStarted, r.store.step("onExit").Status)
}

func TestKilledHandlerChangesNoFailure(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	done := r.execute(r.record(r.text("steps: [{name: a, run: exit 1}]", "handler_on: {failure: {run: "+stubborn+"}}")))
	r.appears(r.path("ready"))
	r.kill()
	result := r.await(done)
	require.Equal(t, store.StatusFailed, result.Status)
	require.Empty(t, result.Reason)
	require.Equal(t, []string{"finish"}, last(r.store.history()), "it did not fail by the shutdown")
}

func TestKilledHandlerChangesNoStop(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	done := r.execute(r.record(r.text("steps: [{name: a, run: "+polite+"}]",
		"handler_on: {abort: {run: 'trap \"\" TERM; touch $DIR/handling; while :; do sleep 0.01; done'}}")))
	r.appears(r.path("ready"))
	r.store.requestStop("run-1")
	r.appears(r.path("handling"))
	r.kill()
	result := r.await(done)
	require.Equal(t, store.StatusAborted, result.Status)
	require.Equal(t, store.ReasonStopped, result.Reason)
	require.Equal(t, []string{"finish"}, last(r.store.history()))
}

func TestKill(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	done := r.execute(r.record(r.text("max_clean_up_time_sec: 3600", "steps: [{name: a, run: "+stubborn+"}]", "handler_on: {exit: {run: 'echo e'}}")))
	r.appears(r.path("ready"))

	r.kill()

	require.False(t, alive(readPID(t, r.path("pid"))))
	result := r.await(done)
	require.Equal(t, store.StatusAborted, result.Status)
	require.Equal(t, store.ReasonShutdown, result.Reason)
	require.Equal(t, store.StepNotStarted, r.store.step("onExit").Status)

	_, err := r.runner.Run(t.Context(), r.record("steps: [{name: a, run: x}]"), nil)
	require.ErrorIs(t, err, runner.ErrDraining)
}

func TestKillCutsAStopShort(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	done := r.execute(r.record(r.text("max_clean_up_time_sec: 3600", "steps: [{name: a, run: "+stubborn+"}]")))
	r.appears(r.path("ready"))
	r.store.requestStop("run-1")
	r.kill()
	require.Equal(t, store.StatusAborted, r.await(done).Status)
}

func TestRunThatComesTooLateGoesBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.NoError(t, r.runner.Stop(t.Context()))
	done := make(chan struct{})
	r.runner.Execute(r.record("steps: [{name: a, run: x}]"), func() { close(done) })
	<-done
	require.Equal(t, []string{"unadmit"}, r.store.history())
}

func TestRunThatHasNotBegunGoesBack(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	begins := make(chan struct{}, 100)
	r.store.onBegin = func(int) error {
		begins <- struct{}{}
		return store.ErrUnknown
	}
	done := r.execute(r.record("steps: [{name: a, run: x}]\nhandler_on: {exit: {run: x}}"))
	<-begins
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, r.runner.Stop(ctx))
	<-done
	require.Equal(t, []string{"unadmit"}, last(r.store.history()))
	require.Empty(t, r.store.recorded())
}

func TestStopBeforeTheBeginIsRecorded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store.onBegin = func(int) error { return errors.New("disk full") }
	done := r.execute(r.record("steps: [{name: a, run: x}]"))
	r.store.requestStop("run-1")
	require.Equal(t, store.ReasonStopped, r.await(done).Reason)
}

func TestRunnerThatIsNotStarted(t *testing.T) {
	t.Parallel()
	r, err := runner.New(runner.Options{TempDir: "/tmp"}, newFakeStore(), nil, nil)
	require.NoError(t, err)
	require.NoError(t, r.Stop(t.Context()))
	require.NoError(t, r.Start(t.Context()), "after Stop, Start does nothing")
	_, err = r.Run(t.Context(), store.Run{}, nil)
	require.ErrorIs(t, err, runner.ErrDraining)

	_, err = runner.New(runner.Options{TempDir: "relative"}, newFakeStore(), nil, nil)
	require.ErrorContains(t, err, "TempDir")
}

func TestEndLeftovers(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	daemon := func(id, attempt, file string) int {
		rec := r.record(r.text("steps: [{name: a, run: 'setsid sh -c \"echo \\$\\$ > $DIR/" + file + "; while :; do sleep 1; done\" & exit 0'}]"))
		rec.ID, rec.AttemptID = id, attempt // other tests run at the same time
		result, err := r.runner.Run(t.Context(), rec, nil)
		require.NoError(t, err)
		require.Equal(t, store.StatusSucceeded, result.Status)
		return readPID(t, r.path(file))
	}
	id := fmt.Sprintf("leftover-%d-1", os.Getpid()) // this test may run in another process, too
	ours, other, foreign := daemon(id, "a", "ours"), daemon(id+"0", "a", "other"), daemon(id, "b", "foreign")
	runs := func(id, attempt string) []store.Run {
		return []store.Run{{NewRun: store.NewRun{ID: id}, AttemptID: attempt}}
	}
	script := filepath.Join(r.temp, id+".7")
	require.NoError(t, os.WriteFile(script, nil, 0o600))

	require.NoError(t, r.runner.EndLeftovers(t.Context(), nil))
	require.True(t, alive(ours))
	require.NoError(t, r.runner.EndLeftovers(t.Context(), append(runs(id, "a"), runs("leftover", "a")...)))

	require.False(t, alive(ours))
	require.True(t, alive(other))
	require.True(t, alive(foreign), "a run of another data directory may have the same id")
	require.NoFileExists(t, script)
	require.NoError(t, r.runner.EndLeftovers(t.Context(), append(runs(id+"0", "a"), runs(id, "b")...)))
	require.False(t, alive(other))
	require.False(t, alive(foreign))
}
