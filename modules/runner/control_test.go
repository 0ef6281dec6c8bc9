package runner_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestRetry(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("params: [{tries: 3}]", "steps:",
		"  - name: a",
		"    run: 'echo x >> $DIR/tries; [ $(wc -l < $DIR/tries) -ge 3 ]'",
		"    retry_policy: {limit: '${params.tries}', interval_sec: 0}"))
	step := r.store.step("a")
	require.Equal(t, 3, step.Tries)
	require.Equal(t, store.StepSucceeded, step.Status)
	require.Empty(t, step.Error)
}

func TestRetryEnds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		run, policy string
		tries, code int
	}{
		"limit":          {"exit 5", "{limit: 2, interval_sec: 0}", 3, 5},
		"none":           {"exit 5", "{limit: 0, interval_sec: 0}", 1, 5},
		"other code":     {"exit 5", "{limit: 2, interval_sec: 0, exit_code: [6, 7]}", 1, 5},
		"that code":      {"exit 5", "{limit: 2, interval_sec: 0, exit_code: [4, 5]}", 3, 5},
		"code by signal": {"kill -9 $$", "{limit: 1, interval_sec: 0, exit_code: [137]}", 2, 137},
		"not a number":   {"exit 5", "{limit: '${params.none}', interval_sec: 0}", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			result := r.run("steps: [{name: a, run: " + tt.run + ", retry_policy: " + tt.policy + "}]")
			require.Equal(t, store.StatusFailed, result.Status)
			require.Equal(t, tt.tries, r.store.step("a").Tries)
			require.Equal(t, tt.code, r.store.step("a").ExitCode)
		})
	}
}

func TestStepTimeout(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.run(r.text("steps:", "  - name: a",
		"    run: 'trap \"\" TERM; echo $$ > $DIR/pid; while :; do sleep 0.01; done'",
		"    timeout_sec: 1",
		"    retry_policy: {limit: 5, interval_sec: 0}"))
	require.Equal(t, store.StatusFailed, result.Status)
	step := r.store.step("a")
	require.Equal(t, store.StepFailed, step.Status)
	require.Equal(t, 124, step.ExitCode)
	require.Equal(t, 1, step.Tries, "a timeout is not retried")
	require.False(t, alive(readPID(t, r.path("pid"))))
}

func TestRunTimeout(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.run(r.text("timeout_sec: 1", "steps:",
		"  - {name: a, run: 'sleep 60'}", "  - {name: b, run: 'echo never', depends: a}",
		"handler_on:",
		"  failure: {run: 'echo $DAG_RUN_STATUS ${context.run.status}'}",
		"  exit: {run: 'echo exit'}"))
	require.Equal(t, store.StatusFailed, result.Status)
	require.Equal(t, store.ReasonTimeout, result.Reason)
	require.Contains(t, result.Error, "timed out after 1s")
	require.Equal(t, map[string]store.StepStatus{
		"a": store.StepAborted, "b": store.StepAborted, "onFailure": store.StepSucceeded, "onExit": store.StepSucceeded,
	}, r.store.statuses())
	require.Equal(t, "failed failed\n", r.stdout("onFailure"))
}

func TestContinueOn(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		run, on string
		want    store.StepStatus // of the step itself
		passes  bool
		status  store.Status
	}{
		"none":              {"exit 3", "{}", store.StepFailed, false, store.StatusFailed},
		"failed":            {"exit 3", "failed", store.StepFailed, true, store.StatusPartiallySucceeded},
		"failed: true":      {"exit 3", "{failed: true}", store.StepFailed, true, store.StatusPartiallySucceeded},
		"failure: true":     {"exit 3", "{failure: true}", store.StepFailed, true, store.StatusPartiallySucceeded},
		"skipped only":      {"exit 3", "{skipped: true}", store.StepFailed, false, store.StatusFailed},
		"exit code":         {"exit 3", "{exit_code: [2, 3]}", store.StepFailed, true, store.StatusPartiallySucceeded},
		"one exit code":     {"exit 3", "{exit_code: 3}", store.StepFailed, true, store.StatusPartiallySucceeded},
		"other exit code":   {"exit 3", "{exit_code: [4]}", store.StepFailed, false, store.StatusFailed},
		"output":            {"'echo some warning here; exit 3'", "{output: warning}", store.StepFailed, true, store.StatusPartiallySucceeded},
		"output pattern":    {"'echo; echo code 77; exit 3'", "{output: ['nothing', 're:^code [0-9]+$']}", store.StepFailed, true, store.StatusPartiallySucceeded},
		"other output":      {"'echo code x; exit 3'", "{output: 're:^code [0-9]+$'}", store.StepFailed, false, store.StatusFailed},
		"output to stderr":  {"'echo warning >&2; exit 3'", "{output: warning}", store.StepFailed, false, store.StatusFailed},
		"mark success":      {"exit 3", "{failed: true, mark_success: true}", store.StepSucceeded, true, store.StatusSucceeded},
		"mark alone":        {"exit 3", "{mark_success: true}", store.StepFailed, false, store.StatusFailed},
		"cannot be started": {"{{'", "{exit_code: [127]}", store.StepFailed, false, store.StatusFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(tt.run, "{{") {
				tt.run = "x, working_dir: /dev/null/x"
			}
			r := newRig(t)
			result := r.run("steps:\n  - {name: a, run: " + tt.run + ", continue_on: " + tt.on + "}\n  - {name: b, run: 'true', depends: a}")
			require.Equal(t, tt.status, result.Status, result.Error)
			require.Equal(t, tt.want, r.store.step("a").Status)
			require.Equal(t, tt.passes, r.store.step("a").Continued)
			require.Equal(t, tt.passes, r.store.step("b").Status == store.StepSucceeded)
			require.Equal(t, tt.status == store.StatusFailed, result.Error != "")
		})
	}
}

func TestContinueOnLooksAtTheLastTryOnly(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.run(r.text("steps:", "  - name: a",
		"    run: '[ -e $DIR/seen ] || echo warning; touch $DIR/seen; exit 1'",
		"    retry_policy: {limit: 1, interval_sec: 0}", "    continue_on: {output: warning}"))
	require.Equal(t, store.StatusFailed, result.Status)
	require.Equal(t, 2, r.store.step("a").Tries)
	require.False(t, r.store.step("a").Continued)
}

func TestSkippedSteps(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("steps:",
		"  - {name: a, run: 'echo a', preconditions: ['false'], retry_policy: {limit: 3, interval_sec: 0}}",
		"  - {name: b, run: 'echo b', depends: a}",
		"  - {name: c, run: 'echo c', preconditions: ['false'], continue_on: skipped}",
		"  - {name: d, run: 'echo d', depends: c}"))
	require.Equal(t, map[string]store.StepStatus{
		"a": store.StepSkipped, "b": store.StepSkipped, "c": store.StepSkipped, "d": store.StepSucceeded,
	}, r.store.statuses())
	require.Zero(t, r.store.step("a").Tries)
}

func TestPreconditions(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		condition string
		want      store.StepStatus
	}{
		"command met":              {"'test -d /'", store.StepSucceeded},
		"command not met":          {"'test -f /'", store.StepSkipped},
		"a failing part of it":     {"'false; true'", store.StepSucceeded},
		"command with names":       {"'[ $P = x ] && [ \"${params.P}\" = x ] && [ $HOME = $HOME ]'", store.StepSucceeded},
		"directory":                {"'[ $PWD = $DAG_RUN_WORK_DIR ]'", store.StepSucceeded},
		"negated command":          {"{condition: 'false', negate: true}", store.StepSucceeded},
		"value":                    {"{condition: '$P', expected: x}", store.StepSucceeded},
		"other value":              {"{condition: '$P', expected: y}", store.StepSkipped},
		"any line":                 {"{condition: \"a\\nb\", expected: b}", store.StepSucceeded},
		"nothing is executed":      {"{condition: '$(echo x)', expected: x}", store.StepSkipped},
		"pattern":                  {"{condition: '${P}yz', expected: 're:^x.z$'}", store.StepSucceeded},
		"negated value":            {"{condition: '$P', expected: x, negate: true}", store.StepSkipped},
		"eval":                     {"{eval: '`echo $P`-$(echo $HOST_ONLY)', expected: x-host}", store.StepSucceeded},
		"eval with another result": {"{eval: '$(echo y)', expected: x}", store.StepSkipped},
		"failing eval":             {"{eval: '$(exit 1)', expected: x}", store.StepFailed},
		"slow eval":                {"{eval: '$(sleep 60)', expected: x}", store.StepFailed},
		"failing eval, negated":    {"{eval: '$(exit 1)', expected: x, negate: true}", store.StepFailed},
		"all must be met":          {"'true'}, {condition: 'false'}, {condition: 'true'", store.StepSkipped},
		"an error after one unmet": {"'false'}, {eval: '$(exit 1)', expected: x", store.StepFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if strings.Contains(tt.condition, "},") {
				tt.condition = "{condition: " + tt.condition + "}"
			}
			result := r.run("params: [{P: x}]\nsteps: [{name: a, run: echo hi, preconditions: [" + tt.condition + "]}]")
			require.Equal(t, tt.want, r.store.step("a").Status, r.store.step("a").Error)
			require.Equal(t, tt.want == store.StepFailed, result.Status == store.StatusFailed, result.Error)
		})
	}
}

func TestEvaluationErrorCancelsTheRun(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.run(r.text("steps:",
		"  - {name: long, run: 'sleep 60'}",
		"  - {name: bad, run: 'echo x', preconditions: [{eval: '$(exit 1)', expected: x}], continue_on: failed}",
		"  - {name: next, run: 'echo x', depends: long}"))
	require.Equal(t, store.StatusFailed, result.Status)
	require.Equal(t, map[string]store.StepStatus{
		"long": store.StepAborted, "bad": store.StepFailed, "next": store.StepAborted,
	}, r.store.statuses())
}

func TestRootPreconditions(t *testing.T) {
	t.Parallel()
	rest := "steps: [{name: a, run: 'echo a'}]\n" +
		"handler_on: {init: {run: 'echo i'}, success: {run: 'echo s'}, failure: {run: 'echo f'}, abort: {run: 'echo b'}, exit: {run: 'echo e'}}"
	ran := func(r *rig) (names []string) {
		for _, name := range []string{"onInit", "a", "onSuccess", "onFailure", "onAbort", "onExit"} {
			if r.store.step(name).Status == store.StepSucceeded {
				names = append(names, name)
			}
		}
		return names
	}

	r := newRig(t)
	r.succeed("preconditions: ['true']\n" + rest)
	require.Equal(t, []string{"onInit", "a", "onSuccess", "onExit"}, ran(r))

	r = newRig(t)
	result := r.run("preconditions: ['false']\n" + rest)
	require.Equal(t, store.StatusAborted, result.Status)
	require.Equal(t, store.ReasonPrecondition, result.Reason)
	require.Empty(t, result.Error)
	require.Equal(t, []string{"onAbort", "onExit"}, ran(r))

	r = newRig(t)
	result = r.run("preconditions: [{eval: '$(exit 1)', expected: x}]\n" + rest)
	require.Equal(t, store.StatusFailed, result.Status)
	require.Contains(t, result.Error, "precondition")
	require.Equal(t, []string{"onFailure", "onExit"}, ran(r))
}

func TestHandlers(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		failing string
		order   string // what is run, in order
		status  store.Status
	}{
		"success":                 {"", "init steps success exit", store.StatusSucceeded},
		"failure":                 {"steps", "init steps failure exit", store.StatusFailed},
		"init fails":              {"init", "init abort exit", store.StatusAborted},
		"success handler fails":   {"success", "init steps success exit", store.StatusFailed},
		"exit handler fails":      {"exit", "init steps success exit", store.StatusFailed},
		"steps and failure fail":  {"steps failure", "init steps failure exit", store.StatusFailed},
		"init and abort both do":  {"init abort", "init abort exit", store.StatusFailed},
		"one of them fails twice": {"success exit", "init steps success exit", store.StatusFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			command := func(name string) string {
				return "run: 'echo " + name + " >> $DIR/order; case \" " + tt.failing + " \" in *\" " + name + " \"*) exit 1;; esac'"
			}
			lines := []string{"steps: [{name: steps, " + command("steps") + "}]", "handler_on:"}
			for _, event := range []string{"init", "success", "failure", "abort", "exit"} {
				lines = append(lines, "  "+event+": {"+command(event)+"}")
			}
			result := r.run(r.text(lines...))
			require.Equal(t, tt.status, result.Status, result.Error)
			require.Equal(t, tt.failing != "", result.Error != "")
			order, err := os.ReadFile(r.path("order"))
			require.NoError(t, err)
			require.Equal(t, tt.order, strings.Join(strings.Fields(string(order)), " "))
		})
	}
}

func TestHandlerSeesTheStatus(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.run(r.text("steps: [{name: a, run: exit 1}]", "handler_on:",
		"  init: {run: 'echo $DAG_RUN_STATUS'}",
		"  exit: {run: 'echo $DAG_RUN_STATUS ${context.run.status} $DAG_RUN_STEP_NAME'}"))
	require.Equal(t, "running\n", r.stdout("onInit"))
	require.Equal(t, "failed failed onExit\n", r.stdout("onExit"))
}

func TestHandlerWithPrecondition(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed("steps: [{name: a, run: 'true'}]\nhandler_on: {init: {run: exit 1, preconditions: ['false']}, exit: {run: exit 1, preconditions: ['false']}}")
	require.Equal(t, store.StepSkipped, r.store.step("onInit").Status)
	require.Equal(t, store.StepSkipped, r.store.step("onExit").Status)
}

func TestRetryOfARun(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	begun := time.Date(2031, 5, 1, 0, 0, 0, 0, time.UTC)
	r.store.earlier = []store.Step{
		{Index: 0, Name: "a", Status: store.StepSucceeded, Output: "A", HasOutput: true, OutputValue: "kept", Started: begun, Finished: begun, Tries: 1},
		{Index: 1, Name: "b", Status: store.StepSkipped},
		{Index: 2, Name: "c", Status: store.StepSkipped},
		{Index: 3, Name: "d", Status: store.StepFailed, Continued: true},
		{Index: 4, Name: "e", Status: store.StepAborted},
		{Index: 5, Name: "onInit", Status: store.StepSucceeded},
		{Index: 7, Name: "onFailure", Status: store.StepSucceeded},
		{Index: 9, Name: "onExit", Status: store.StepSucceeded},
	}
	rec := r.record(r.text("steps:",
		"  - {name: a, run: 'exit 1', output: A}",
		"  - {name: b, run: 'exit 1'}",
		"  - {name: c, run: 'exit 1', depends: b}",
		"  - {name: d, run: 'echo d', continue_on: failed}",
		"  - {name: e, run: 'echo e $A', depends: [a, d]}",
		"handler_on: {init: {run: 'echo $A'}, failure: {run: exit 1}, exit: {run: 'echo again $A'}}"))
	rec.Attempt, rec.AttemptID = 3, "attempt-3"

	result, err := r.runner.Run(t.Context(), rec, nil)

	require.NoError(t, err)
	require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
	require.Equal(t, r.store.earlier[0], r.store.step("a"), "what is carried over is recorded as it was")
	require.Equal(t, store.StepSkipped, r.store.step("b").Status)
	require.Equal(t, store.StepSkipped, r.store.step("c").Status)
	require.Equal(t, "d\n", r.stdout("d"))
	require.Equal(t, "e kept\n", r.stdout("e"))
	require.Equal(t, "kept\n", r.stdout("onInit"))
	require.Equal(t, "again kept\n", r.stdout("onExit"), "handlers run in every attempt")
	require.Equal(t, store.StepNotStarted, r.store.step("onFailure").Status)
}
