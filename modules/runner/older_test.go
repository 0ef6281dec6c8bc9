package runner_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestOlderReferences(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.run(r.text("working_dir: $DIR", "steps:",
		`  - {id: build, name: first, run: 'echo "{\"tag\": {\"name\": \"v1\"}}"; echo trouble >&2', output: META}`,
		"  - {id: broken, run: 'echo oops; exit 3', continue_on: failed, output: BROKEN}",
		"  - {id: failed, run: 'exit 4', continue_on: {failed: true, mark_success: true}}",
		"  - {id: other, run: \"echo '${build.exit_code} ${META.tag}'\"}",
		"  - id: all",
		"    depends: [build, broken, failed]",
		"    env: [{TAG: '${META.tag.name}'}, {FIRST: '${build.output.tag.name:0:1}'}]",
		"    working_dir: ${META.tag.name}",
		"    stdout: ${build.output.tag.name}.out",
		"    run: |",
		"      cat '${build.stdout}' '${build.stderr}'",
		"      echo ${build.exit_code} ${broken.exitCode} ${failed.exit_code} '${build.output}' ${broken.output} $TAG $FIRST",
		"      basename $PWD",
		"  - {id: deep, depends: all, action: log.write, with: {message: '${build.output.tag.name} ${META.tag.name} ${all.exit_code} ${other.exit_code} ${first.exit_code}'}}",
		"handler_on: {exit: {run: \"echo '${other.exit_code} ${build.output.tag} ${onExit.exit_code} ${broken.output:1:2}'\"}}"))
	want := "{\"tag\": {\"name\": \"v1\"}}\ntrouble\n0 3 4 {\"tag\": {\"name\": \"v1\"}} oops v1 v\nv1\n"
	require.Equal(t, want, r.stdout("all"))
	require.Equal(t, "${build.exit_code} ${META.tag}\n", r.stdout("other"), "it depends on nobody")
	require.FileExists(t, r.path("v1/v1.out"))
	require.Equal(t, "v1 v1 0 ${other.exit_code} ${first.exit_code}\n", r.stdout("deep"), "a name is no id, and who is not waited for is not known")
	require.Equal(t, "0 {\"name\":\"v1\"} ${onExit.exit_code} op\n", r.stdout("onExit"))
}

func TestReferencesToWhatAnEarlierAttemptHasLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.store.earlier = []store.Step{
		{
			Index: 0, Name: "a", ID: "a", Status: store.StepSucceeded, Exited: true, ExitCode: 0, Stdout: "/l/a.out", Tries: 1,
			HasOutput: true, OutputValue: `{"k":1}`, Emitted: map[string]string{"rows": "3"}, Published: map[string]string{"n": "[5]"},
		},
		{Index: 1, Name: "b", ID: "b", Status: store.StepSkipped},
		{Index: 2, Name: "c", Status: store.StepFailed},
	}
	rec := r.record(r.text("steps:",
		"  - {id: a, run: 'exit 1'}",
		"  - {id: b, run: 'exit 1', continue_on: skipped}",
		"  - name: c",
		"    depends: [a, b]",
		"    preconditions: [{condition: '${steps.a.outputs.rows}', expected: '3'}]",
		"    run: echo '${steps.a.outputs.rows} ${a.outputs.rows} ${a.outputs.n[0]} ${a.output.k} ${a.stdout} ${a.exit_code} ${b.exit_code} ${steps.b.outputs.x}'",
		"handler_on: {exit: {run: \"echo '${steps.a.outputs.rows} ${a.outputs.rows} ${a.outputs}'\"}}"))
	rec.Attempt, rec.AttemptID = 2, "attempt-2"

	result, err := r.runner.Run(t.Context(), rec, nil)

	require.NoError(t, err)
	require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
	require.Equal(t, "3 3 5 1 /l/a.out 0 ${b.exit_code} ${steps.b.outputs.x}\n", r.stdout("c"))
	require.Equal(t, "${steps.a.outputs.rows} 3 {\"n\":[5],\"rows\":\"3\"}\n", r.stdout("onExit"))
}

func TestTheRootShellNamesNoStep(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.run(r.text("shell: 'sh ${a.stdout}'", "steps: [{id: a, run: 'true', with: {shell: sh}}, {name: b, depends: a, run: 'true'}]"))
	require.Equal(t, store.StepFailed, r.store.step("b").Status)
}

func TestPublishedVariablesWinOverOurs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("steps:",
		"  - {id: a, run: 'echo published', output: PWD}",
		"  - {id: b, run: 'echo published', output: DAG_RUN_STEP_NAME}",
		"  - {id: c, depends: [a, b], working_dir: sub, run: \"echo '${env.PWD} ${env.DAG_RUN_STEP_NAME}'\"}",
		"  - {id: d, depends: [a, b], env: [PWD: own], run: \"echo '${env.PWD} ${context.step.name}'\"}"))
	require.Equal(t, "published published\n", r.stdout("c"))
	require.Equal(t, "own d\n", r.stdout("d"))
}

// An action that starts no process has the exit code of a program that did the same.
func TestExitCodeOfAnAction(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text(
		"type: chain", "steps:",
		"- {id: good, action: noop}",
		"- {id: bad, action: file.read, with: {path: missing}, continue_on: {failed: true, mark_success: true}}",
		"- {id: skipped, action: noop, preconditions: ['false'], continue_on: skipped}",
		"- id: end", "  run: echo '${good.exit_code} ${bad.exitCode} ${skipped.exit_code}'",
	))
	require.Equal(t, "0 1 ${skipped.exit_code}\n", r.stdout("end"))
}
