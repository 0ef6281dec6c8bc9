package runner_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// bomb is an observer that panics when a step comes to a state.
type bomb struct {
	step   string
	status store.StepStatus
}

func (b bomb) Begun([]store.Step) {}

func (b bomb) Changed(s store.Step) {
	if s.Name == b.step && s.Status == b.status {
		panic("boom")
	}
}

func TestPanicEndsItsRunAlone(t *testing.T) {
	t.Parallel()
	for name, b := range map[string]bomb{
		"in a step":      {"a", store.StepSucceeded},
		"in the run":     {"c", store.StepAborted},
		"in the handler": {"onExit", store.StepRunning},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			others := r.execute(r.record(r.text("steps: [{name: other, run: 'until [ -e $DIR/go ]; do sleep 0.01; done'}]")))
			text := r.text("steps:", "  - {name: a, run: 'until [ -s $DIR/pid ]; do sleep 0.01; done'}",
				"  - {name: b, run: exit 1, depends: a}", "  - {name: c, run: x, depends: b}",
				"  - {name: long, run: 'echo $$ > $DIR/pid; exec sleep 60', continue_on: failed}", "handler_on: {exit: {run: 'true'}}")
			if name == "in the handler" {
				text = r.text("steps: [{name: a, run: 'true'}]", "handler_on: {exit: {run: 'true'}}")
			}

			result, err := r.runner.Run(t.Context(), r.record(text), b)

			require.NoError(t, err)
			require.Equal(t, store.StatusFailed, result.Status)
			require.Equal(t, store.ReasonInternalError, result.Reason)
			require.Contains(t, result.Error, "internal error: boom")
			for _, s := range result.Steps {
				require.NotEqual(t, store.StepRunning, s.Status, s.Name)
			}
			if name != "in the handler" {
				require.False(t, alive(readPID(t, r.path("pid"))), "its processes are gone")
			}
			require.NoError(t, os.WriteFile(r.path("go"), nil, 0o600))
			<-others
			require.Equal(t, store.StepSucceeded, r.store.step("other").Status)
		})
	}
}

// tally is an observer that remembers.
type tally struct {
	mu     sync.Mutex
	begun  []string
	states []string
}

func (o *tally) Begun(steps []store.Step) {
	for _, s := range steps {
		o.begun = append(o.begun, s.Name)
	}
}

func (o *tally) Changed(s store.Step) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if state := s.Name + " " + string(s.Status); len(o.states) == 0 || o.states[len(o.states)-1] != state {
		o.states = append(o.states, state)
	}
}

func TestObserver(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	o := &tally{}
	_, err := r.runner.Run(t.Context(), r.record(r.text("type: chain", "steps:",
		"  - {name: a, run: '[ -e $DIR/x ] || { touch $DIR/x; exit 1; }', retry_policy: {limit: 1, interval_sec: 0}}",
		"  - {name: b, run: exit 1}", "  - {name: c, run: x}", "handler_on: {exit: {run: 'true'}}")), o)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "c", "onExit"}, o.begun)
	require.Equal(t, []string{
		"a running", "a retrying", "a running", "a succeeded", "b running", "b failed", "c aborted", "onExit running", "onExit succeeded",
	}, o.states)
}

func TestStoreThatFailsForAWhile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	flaky := func(n int) error {
		if n < 4 {
			return fmt.Errorf("try %d: %w", n, store.ErrUnknown)
		}
		return nil
	}
	r.store.onBegin, r.store.onFinish, r.store.onSave = flaky, flaky, flaky
	r.succeed("steps: [{name: a, run: 'sleep 1'}, {name: b, run: 'true', depends: a}, {name: c, run: 'true'}]")
	require.Equal(t, store.StepSucceeded, r.store.step("b").Status)
	require.Equal(t, store.StepSucceeded, r.store.step("c").Status, "a state that could not be saved is saved later")
	history := r.store.history()
	require.Equal(t, []string{"begin", "begin", "begin", "begin"}, history[:4])
	require.Equal(t, []string{"finish", "finish", "finish", "finish"}, history[len(history)-4:])
	require.Len(t, r.store.recorded(), 1)
}

// The end of a run is recorded also when the first try panics, with all that is known.
func TestPanicWhileTheEndIsRecorded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store.onFinish = func(n int) error {
		if n == 1 {
			panic("boom")
		}
		return nil
	}
	result, err := r.runner.Run(t.Context(), r.record("steps: [{name: a, run: 'true'}]"), nil)
	require.NoError(t, err)
	require.Equal(t, store.ReasonInternalError, result.Reason)
	require.Equal(t, store.StepSucceeded, r.store.step("a").Status)
	require.Len(t, r.store.recorded(), 1)

	r.store.onFinish = func(int) error { panic("boom") }
	_, err = r.runner.Run(t.Context(), r.record("steps: [{name: a, run: 'true'}]"), nil)
	require.ErrorContains(t, err, "internal error: boom", "it is told, and nothing else ends")
	require.Zero(t, r.runner.Active())
}

func TestPanicWhileAStepIsSaved(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store.onSave = func(int) error { panic("boom") }
	result, err := r.runner.Run(t.Context(), r.record(r.text("steps: [{name: a, run: exec sleep 60}]")), nil)
	require.NoError(t, err)
	require.Equal(t, store.ReasonInternalError, result.Reason)
	require.Equal(t, store.StepAborted, r.store.step("a").Status)
}

// A disk that is full holds a run up, and does not fail it.
func TestAFullDiskHoldsAStepUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	script := filepath.Join(r.temp, "run-1.2.script")
	require.NoError(t, os.Symlink("/dev/full", script))
	r.succeed("steps:\n  - name: a\n    run: |\n      echo $DAG_RUN_LOG_FILE\n      echo two\n")
	said := strings.Split(r.stdout("a"), "\n")
	require.Equal(t, "two", said[1])
	account, err := os.ReadFile(said[0])
	require.NoError(t, err)
	require.Contains(t, string(account), "write "+script+": no space left on device", "it was full")
}

func TestNothingIsForkedBeforeTheBeginIsRecorded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var forked atomic.Bool
	r.store.onBegin = func(n int) error {
		if _, err := os.Stat(r.path("mark")); err == nil {
			forked.Store(true)
		}
		if n < 3 {
			return store.ErrUnknown
		}
		return nil
	}
	r.succeed(r.text("params: [{name: p, eval: '$(touch $DIR/mark)'}]", "preconditions: ['touch $DIR/mark']",
		"steps: [{name: a, run: touch $DIR/mark}]"))
	require.False(t, forked.Load())
	require.FileExists(t, r.path("mark"))
}

func TestLostRunIsNotForked(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store.onBegin = func(int) error { return store.ErrLost }
	_, err := r.runner.Run(t.Context(), r.record(r.text("steps: [{name: a, run: touch $DIR/mark}]")), nil)
	require.ErrorIs(t, err, store.ErrLost)
	require.NoFileExists(t, r.path("mark"))
	require.Equal(t, []string{"begin"}, r.store.history(), "another process has it: nothing is recorded")
}

func TestRunThatIsLostMeanwhileIsKilled(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store.onSave = func(int) error {
		if _, err := os.Stat(r.path("ready")); err != nil {
			return store.ErrUnknown // it is saved again
		}
		return store.ErrLost
	}
	_, err := r.runner.Run(t.Context(), r.record(r.text("steps: [{name: a, run: "+stubborn+"}]", "handler_on: {exit: {run: touch $DIR/handled}}")), nil)
	require.ErrorIs(t, err, store.ErrLost)
	require.False(t, alive(readPID(t, r.path("pid"))))
	require.NoFileExists(t, r.path("handled"))
	require.NotContains(t, r.store.history(), "finish")
}

func TestLongRunIsSavedOnTheWay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	done := r.execute(r.record(r.text("steps: [{name: a, run: 'true'}, {name: b, run: 'until [ -e $DIR/go ]; do sleep 0.01; done', depends: a}]")))
	require.Eventually(t, func() bool {
		return r.store.step("a").Status == store.StepSucceeded && r.store.step("b").Status == store.StepRunning
	}, soon, time.Millisecond)
	require.NoError(t, os.WriteFile(r.path("go"), nil, 0o600))
	require.Equal(t, store.StatusSucceeded, r.await(done).Status)
	saves := slices.DeleteFunc(r.store.history(), func(call string) bool { return call != "save" })
	require.LessOrEqual(t, len(saves), 3)
}

// The kernel kills what takes too much memory, and says so to nobody but its own log.
func TestAKilledProcessSuggestsWhy(t *testing.T) {
	t.Parallel()
	for run, want := range map[string]string{
		"kill -KILL $$":                    "ended by signal: killed, not by dagu: the kernel does that when memory runs out",
		"sh -c 'kill -KILL $$' || exit $?": "exit status 137: a command in it was killed, as the kernel does when memory runs out",
		"kill -TERM $$":                    "ended by signal: terminated",
	} {
		t.Run(run, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.run(r.text("steps:", "  - name: a", "    run: "+strconv.Quote(run)))
			require.Equal(t, want, r.store.step("a").Error)
		})
	}
}

// The account tells the time that went by, also when the clock was stepped back meanwhile.
func TestTheClockIsSteppedBackDuringARun(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rec := r.record("steps: [{name: a, run: echo $DAG_RUN_LOG_FILE}]")
	rec.Started = rec.Started.Add(time.Hour).Round(0) // as it is read from the store then
	_, err := r.runner.Run(t.Context(), rec, nil)
	require.NoError(t, err)
	account, err := os.ReadFile(strings.TrimSpace(r.stdout("a")))
	require.NoError(t, err)
	require.Contains(t, string(account), "run ended: succeeded after ")
	require.NotContains(t, string(account), "after -")
}

func TestRunIsExecutedOnce(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rec := r.record(r.text("steps: [{name: a, run: 'touch $DIR/ready; until [ -e $DIR/go ]; do sleep 0.01; done'}]"))
	done := r.execute(rec)
	r.appears(r.path("ready"))
	_, err := r.runner.Run(t.Context(), rec, nil)
	require.True(t, errors.Is(err, store.ErrExists), err)
	require.Equal(t, 1, r.runner.Active())
	require.NoError(t, os.WriteFile(r.path("go"), nil, 0o600))
	require.Equal(t, store.StatusSucceeded, r.await(done).Status)
}

func TestNothingIsLeftOpen(t *testing.T) {
	r := newRig(t)
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		require.NoError(t, err)
		return len(entries)
	}
	text := r.text("preconditions: [{eval: '$(echo x)', expected: x}]", "steps:",
		"  - {name: a, run: 'echo x', output: X, stdout: $DIR/out, stderr: $DIR/err, preconditions: ['true']}",
		"  - {name: b, run: \"a\\nb\", with: {shell: none}}",
		"  - {name: c, run: 'echo x', stdout: $DIR/none/x, stderr: $DIR/err}",
		"  - {name: d, run: ['true', 'true'], working_dir: $DIR/out}")
	r.run(text)
	before := count()
	for range 20 {
		r.run(text)
	}
	require.LessOrEqual(t, count(), before)
}

func TestManySteps(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	text := "max_active_steps: 8\nsteps:\n"
	for i := range 300 {
		text += fmt.Sprintf("  - {name: s%d, run: ':', depends: [%s]}\n", i, map[bool]string{true: "", false: fmt.Sprintf("s%d", i/2)}[i == 0])
	}
	r.succeed(text)
	require.Len(t, r.store.statuses(), 300)
	for name, status := range r.store.statuses() {
		require.Equal(t, store.StepSucceeded, status, name)
	}
}
