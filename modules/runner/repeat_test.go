package runner_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/runner"
	"dagu/modules/store"
)

// count is a command that counts its executions in a file of the working directory,
// and goes on with n set to their number.
const count = `echo >> n; n=$(wc -l < n | tr -d ' '); `

func TestRepeat(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		policy string
		run    string
		times  int
		says   string // the error of the step; "" succeeds
	}{
		"while the step succeeds":                {"repeat: true", count + "test $n -lt 3", 3, "exit status 1"},
		"limit counts all executions":            {"repeat: true, limit: 4", count, 4, ""},
		"limit of a parameter":                   {"repeat: true, limit: '${params.L}'", count, 2, ""},
		"limit that is no number":                {"repeat: true, limit: '${params.W}'", count, 0, `repeat_policy.limit: "many" is not a whole number`},
		"while a command check":                  {"condition: 'test $(wc -l < n) -lt 3'", count, 3, ""},
		"until a command check":                  {"repeat: until, condition: 'test $(wc -l < n) -ge 3'", count, 3, ""},
		"until a value":                          {"condition: $N, expected: '3'", count + "echo $n", 3, ""},
		"while a value":                          {"repeat: while, condition: $N, expected: 're:[12]'", count + "echo $n", 3, ""},
		"a failure ends a condition":             {"condition: 'true'", count + "test $n -lt 2", 2, "exit status 1"},
		"an expected failure does not":           {"condition: 'test $(wc -l < n) -lt 3', exit_code: [1]", count + "exit $((n < 3))", 3, ""},
		"while an exit code":                     {"exit_code: [7, 8]", count + "test $n -gt 2 || exit $((6 + n))", 3, ""},
		"while an exit code, another":            {"exit_code: 7", count + "exit $((6 + n))", 2, "exit status 8"},
		"until an exit code":                     {"repeat: until, exit_code: [0]", count + "test $n -gt 2", 3, ""},
		"until an exit code, limited":            {"repeat: until, exit_code: [0], limit: 2", count + "exit 5", 2, "exit status 5"},
		"no repeating":                           {"repeat: false, condition: 'true'", count, 1, ""},
		"a step that cannot be started, by code": {"repeat: until, exit_code: [0]", "${params.B}", 0, "line break"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			result := r.run(r.text(
				"params: [{name: L, default: '2'}, {name: W, default: many}, {name: B, default: \"a\\nb\"}]",
				"working_dir: $DIR",
				"steps:",
				"- {name: s, output: N, repeat_policy: {"+tt.policy+"}, run: \""+strings.ReplaceAll(tt.run, `"`, `\"`)+"\"}",
				"handler_on: {exit: {run: 'cat n 2>/dev/null | wc -l'}}",
			))
			require.Equal(t, strconv.Itoa(tt.times), strings.TrimSpace(r.stdout("onExit")), "executions")
			if tt.says == "" {
				require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
				require.Equal(t, tt.times, r.store.step("s").Tries)
				return
			}
			require.Equal(t, store.StatusFailed, result.Status)
			require.Contains(t, r.store.step("s").Error, tt.says)
		})
	}
}

// A condition sees no variable without a name when the step publishes an object.
func TestConditionOfAStepWithAnObject(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("steps:", "- {id: s, output: {o: x}, repeat_policy: {condition: \"grep -qz '^=' /proc/$$/environ && true\", limit: 2}}"))
	require.Equal(t, 1, r.store.step("s").Tries)
}

func TestRetriesComeBeforeRepeating(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.run(r.text(
		"working_dir: $DIR", "steps:",
		"- name: s",
		"  retry_policy: {limit: 1, interval_sec: 0}",
		"  repeat_policy: {repeat: true, limit: 3}",
		"  run: "+count+"test $((n % 2)) -eq 0",
	))
	require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
	require.Equal(t, 6, r.store.step("s").Tries, "three executions, and each is tried twice")
}

// A stop lets the present execution of a repeated step come to its end, and then the loop ends.
func TestStopOfARepeatedStep(t *testing.T) {
	t.Parallel()
	const wait = "touch begun; until test -e go; do sleep 0.01; done"
	for name, work := range map[string]string{
		"a process": `run: "echo >> n; trap 'touch signalled' TERM; ` + wait + `; touch whole"`,
		"a list":    "run: [" + wait + ", touch whole]",
		"a body":    "foreach: {items: [1], steps: [{name: a, run: touch begun}, {name: b, depends: a, action: wait.file, with: {path: go, poll_interval: 1ms}}, {name: c, depends: b, run: touch whole}]}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *runner.Options) { o.Resend = time.Millisecond })
			done := r.execute(r.record(r.text(
				"type: graph", "working_dir: $DIR", "max_clean_up_time_sec: 100", "steps:", "- name: s", "  repeat_policy: {repeat: true}", "  "+work,
			)))
			r.appears(r.path("begun"))
			asked := r.store.asked()
			r.store.requestStop("run-1")
			require.Eventually(t, func() bool { return r.store.asked() > asked }, soon, time.Millisecond)
			require.NoError(t, os.WriteFile(r.path("go"), nil, 0o600))
			require.Equal(t, store.StatusAborted, r.await(done).Status)
			require.Equal(t, store.StepAborted, r.store.step("s").Status)
			require.FileExists(t, r.path("whole"))
			require.NoFileExists(t, r.path("signalled"))
		})
	}
}

// It has max_clean_up_time_sec for that.
func TestARepeatedStepIsKilledAtLast(t *testing.T) {
	t.Parallel()
	for name, work := range map[string]string{
		"a process": `run: "trap '' TERM; touch begun; sleep 1000"`,
		"a body":    "foreach: {items: [1], steps: [{run: touch begun; sleep 1000}]}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			done := r.execute(r.record(r.text(
				"working_dir: $DIR", "max_clean_up_time_sec: 1", "steps:", "- name: s", "  repeat_policy: {repeat: true}", "  "+work,
			)))
			r.appears(r.path("begun"))
			r.store.requestStop("run-1")
			require.Equal(t, store.StatusAborted, r.await(done).Status)
			require.Equal(t, store.StepAborted, r.store.step("s").Status)
		})
	}
}

func TestStopOfAWaitForTheNextExecution(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	done := r.execute(r.record(r.text(
		"working_dir: $DIR", "steps:", "- {name: s, repeat_policy: {repeat: true, interval_sec: 3600}, run: touch begun}",
	)))
	r.appears(r.path("begun"))
	r.store.requestStop("run-1")
	require.Equal(t, store.StatusAborted, r.await(done).Status)
	require.Equal(t, store.StepAborted, r.store.step("s").Status)
	require.Contains(t, r.store.step("s").Error, "stopped before it was repeated again")
}

func TestSignalOnStop(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	done := r.execute(r.record(r.text(
		"working_dir: $DIR", "max_clean_up_time_sec: 100", "steps:",
		"- {name: s, signal_on_stop: INT, run: \"trap 'touch interrupted; exit 1' INT; touch begun; while :; do sleep 0.01; done\"}",
	)))
	r.appears(r.path("begun"))
	r.store.requestStop("run-1")
	require.Equal(t, store.StatusAborted, r.await(done).Status)
	require.FileExists(t, r.path("interrupted"))
}
