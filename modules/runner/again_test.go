package runner_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// retried is a DAG that fails, with its handlers.
func retried(r *rig, more ...string) string {
	return r.text(append(more, "retry_policy: {limit: 2, interval_sec: 10, backoff: 3, max_interval_sec: 25}",
		"handler_on: {success: {run: exit 1}, failure: {run: 'echo f'}, abort: {run: 'echo a'}, exit: {run: 'echo e'}}")...)
}

func TestFailureHandlerWaitsForTheLastAttempt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		retries int
		want    string
		failure store.StepStatus
	}{
		{0, "retry in 10s", store.StepNotStarted},
		{1, "retry in 25s", store.StepNotStarted}, // 30 without a cap
		{2, "finish", store.StepSucceeded},
	} {
		r := newRig(t)
		rec := r.record(retried(r, "steps: [{name: a, run: exit 7}]"))
		rec.Retries = tt.retries
		result := r.await(r.execute(rec))
		require.Equal(t, store.StatusFailed, result.Status)
		require.Contains(t, result.Error, "step a: exit status 7")
		require.Equal(t, []string{"begin", tt.want}, r.store.outline())
		require.Equal(t, tt.failure, r.store.step("onFailure").Status)
		require.Equal(t, store.StepSucceeded, r.store.step("onExit").Status, "after every attempt")
	}
}

func TestWhatIsRetried(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text  string
		again bool
	}{
		"timeout":         {"timeout_sec: 1\nsteps: [{name: a, run: sleep 60}]", true},
		"evaluation":      {"preconditions: [{eval: '$(exit 3)', expected: x}]\nsteps: [{name: a, run: 'true'}]", true},
		"continued":       {"steps: [{name: a, run: 'false', continue_on: failed}]", true},
		"failing handler": {"steps: [{name: a, run: 'true'}]", true},
		"not met":         {"preconditions: ['false']\nsteps: [{name: a, run: 'false'}]", false},
		"cycle":           {"steps: [{name: a, run: x, depends: b}, {name: b, run: x, depends: a}]", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.await(r.execute(r.record(retried(r, tt.text))))
			want := "finish"
			if tt.again {
				want = "retry in 10s"
			}
			require.Equal(t, []string{want}, last(r.store.history()))
		})
	}
}

// A user who stops a run wants no more of it.
func TestStoppedRunIsNotRetried(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rec := r.record(retried(r, "steps: [{name: a, run: exit 1}, {name: b, run: 'touch $DIR/ready; sleep 60'}]"))
	done := r.execute(rec)
	r.appears(r.path("ready"))
	require.Eventually(t, func() bool { return r.store.step("a").Status == store.StepFailed }, soon, time.Millisecond)
	r.store.requestStop(rec.ID)
	require.Equal(t, store.StatusFailed, r.await(done).Status)
	require.NotContains(t, r.store.history(), "retry in 10s")
	require.Equal(t, store.StepSucceeded, r.store.step("onFailure").Status)
}

// That holds for the handlers of an attempt that another one was to follow, and for
// Ctrl-C, too.
func TestStopBeforeTheNextAttempt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.interrupt(r.record(r.text("retry_policy: {limit: 2, interval_sec: 10}", "steps: [{name: a, run: exit 1}]",
		"handler_on: {exit: {run: 'touch $DIR/ready; sleep 60'}}")))
	require.Equal(t, []any{store.StatusAborted, store.ReasonStopped}, []any{result.Status, result.Reason})
	require.Equal(t, []string{"begin", "finish"}, r.store.outline())
}

// In the foreground a retry is left to a scheduler, and without one there is none.
func TestForegroundRunIsRetriedByAScheduler(t *testing.T) {
	t.Parallel()
	for _, alone := range []bool{true, false} {
		r := newRig(t)
		r.store.alone = alone
		_, err := r.runner.Run(t.Context(), r.record(retried(r, "steps: [{name: a, run: exit 1}]")), nil)
		require.NoError(t, err)
		want := map[bool]string{true: "finish", false: "retry in 10s"}[alone]
		require.Equal(t, []string{"begin", want}, r.store.outline())
	}
}

// What a drain cuts short leaves nothing running, before it may run again.
func TestDrainEndsWhatDetachedItself(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store.requeue = true
	rec := r.record(r.text("on_interrupt: retry", "steps:",
		"  - {name: a, run: 'setsid sh -c \"echo \\$\\$ > $DIR/pid; touch $DIR/ready; exec sleep 1000\" & sleep 1000'}"))
	rec.RetryInterrupted = true
	rec.ID = fmt.Sprint("interrupted-", os.Getpid()) // what is ended is found by it, also in other tests
	done := r.execute(rec)
	r.appears(r.path("ready"))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, r.runner.Stop(ctx))
	require.Equal(t, store.ReasonShutdown, r.await(done).Reason)
	require.False(t, alive(readPID(t, r.path("pid"))))
	require.Equal(t, []string{"begin", "interrupt"}, r.store.outline())
}

// Of a run whose steps came to all sorts of ends, some run again.
func TestOnlySomeStepsRunAgain(t *testing.T) {
	t.Parallel()
	text := []string{
		"retry_policy: {limit: 3}",
		"steps:",
		"  - {name: a, run: exit 1}",
		"  - {name: b, run: 'echo b', depends: a}",
		"  - {name: c, run: 'echo c', depends: b}",
		"  - {name: d, run: exit 1}",
		"  - {name: e, run: 'echo e', depends: [b, d]}",
		"handler_on: {failure: {run: 'echo f'}, abort: {run: 'echo a'}, success: {run: 'echo s'}}",
	}
	earlier := func(a, d store.StepStatus) []store.Step {
		return []store.Step{
			{Index: 0, Name: "a", Status: a, Error: "exit status 1"},
			{Index: 1, Name: "b", Status: store.StepAborted},
			{Index: 2, Name: "c", Status: store.StepAborted},
			{Index: 3, Name: "d", Status: d},
			{Index: 4, Name: "e", Status: store.StepAborted},
		}
	}
	for name, tt := range map[string]struct {
		a, d   store.StepStatus
		only   []string
		status store.Status
		want   map[string]store.StepStatus
	}{
		"one": {
			store.StepFailed, store.StepSucceeded,
			[]string{"b"},
			store.StatusFailed,
			map[string]store.StepStatus{"a": store.StepFailed, "b": store.StepSucceeded, "c": store.StepAborted, "d": store.StepSucceeded, "e": store.StepAborted},
		},
		"one, none failed": {
			store.StepSucceeded, store.StepSucceeded,
			[]string{"b"},
			store.StatusAborted,
			map[string]store.StepStatus{"a": store.StepSucceeded, "b": store.StepSucceeded, "c": store.StepAborted, "d": store.StepSucceeded, "e": store.StepAborted},
		},
		"all behind it": {
			store.StepSucceeded, store.StepSucceeded,
			[]string{"b", "c", "e"},
			store.StatusSucceeded,
			map[string]store.StepStatus{"a": store.StepSucceeded, "b": store.StepSucceeded, "c": store.StepSucceeded, "d": store.StepSucceeded, "e": store.StepSucceeded},
		},
		"all behind it, but one that waits for another failure": {
			store.StepSucceeded, store.StepFailed,
			[]string{"b", "c", "e"},
			store.StatusFailed,
			map[string]store.StepStatus{"a": store.StepSucceeded, "b": store.StepSucceeded, "c": store.StepSucceeded, "d": store.StepFailed, "e": store.StepAborted},
		},
		"one that succeeded": {
			store.StepSucceeded, store.StepSucceeded,
			[]string{"a"},
			store.StatusFailed,
			map[string]store.StepStatus{"a": store.StepFailed, "b": store.StepAborted, "c": store.StepAborted, "d": store.StepSucceeded, "e": store.StepAborted},
		},
		"never started": {
			store.StepSucceeded, store.StepNotStarted,
			[]string{"b", "c"},
			store.StatusAborted,
			map[string]store.StepStatus{"a": store.StepSucceeded, "b": store.StepSucceeded, "c": store.StepSucceeded, "d": store.StepNotStarted, "e": store.StepAborted},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.store.earlier = earlier(tt.a, tt.d)
			rec := r.record(r.text(text...))
			rec.Attempt, rec.Only = 2, tt.only
			result := r.await(r.execute(rec))
			require.Equal(t, tt.status, result.Status, result.Error)
			got := r.store.statuses()
			for step, status := range tt.want {
				require.Equal(t, status, got[step], step)
			}
			require.Equal(t, []string{"begin", "finish"}, r.store.outline(), "one step that a person asked for is not retried by itself")
			if tt.status == store.StatusAborted {
				require.Contains(t, result.Error, "was not to run again")
			}
		})
	}
}
