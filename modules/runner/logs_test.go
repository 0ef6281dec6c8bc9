package runner_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestMergedLogs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("log_output: merged", "secrets: [{name: S, provider: env, key: HOST_ONLY}]", "steps:",
		"  - {name: a, run: 'echo 1; echo 2 >&2; echo 3'}",
		"  - {name: b, run: 'echo out; echo err >&2', log_output: separate}",
		"  - {name: dag-run, run: 'echo own', output: OWN}"))
	step := r.store.step("a")
	require.Equal(t, step.Stdout, step.Stderr)
	require.Equal(t, "a.log", filepath.Base(step.Stdout))
	text, err := os.ReadFile(step.Stdout)
	require.NoError(t, err)
	require.Len(t, text, len("1\n2\n3\n"), "the streams have pumps of their own, and no order")
	require.Equal(t, "out\n", r.stdout("b"))
	require.NotEqual(t, r.store.step("b").Stdout, r.store.step("b").Stderr)
	require.Equal(t, "own\n", r.stdout("dag-run"), "not in the account of the run")
}

func TestMergedLogsKeepTheOrder(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.run(r.text("steps:", "  - {name: a, run: 'echo 1; echo 2 >&2; echo 3; echo 4 >&2; exit 5', log_output: merged}"))
	require.Equal(t, store.StatusFailed, result.Status)
	require.Equal(t, "1\n2\n3\n4\n", r.stdout("a"))
	require.Contains(t, result.Error, "exit status 5\n  1\n  2\n  3\n  4")
}

func TestLogDirOfTheWorkflow(t *testing.T) {
	t.Parallel()
	for authored, want := range map[string]string{
		"logs/${consts.team}":             "logs/core",
		"$DIR/abs/${context.dag.name}":    "abs/job",
		"./${run.id}":                     "run-1",
		"~/logs":                          "../logs",
		"'${params.later}/${env.UNSEEN}'": "${params.later}/${env.UNSEEN}",
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.succeed(r.text("log_dir: "+authored, "consts: [{team: core}]", "env: {UNSEEN: x}", "steps: [{name: a, run: 'echo hi'}]"))
			root := filepath.Join(r.dags, want, "job")
			require.Equal(t, root, filepath.Dir(filepath.Dir(r.store.step("a").Stdout)))
			require.Equal(t, "hi\n", r.stdout("a"))
		})
	}
}

func TestLogDirThatCannotBeMade(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.run(r.text("log_dir: /dev/null/logs", "steps: [{name: a, run: 'echo hi'}]"))
	require.Equal(t, store.StatusFailed, result.Status)
	require.Contains(t, result.Error, "/dev/null/logs")
}

func TestMaxOutputSizeOfTheWorkflow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ step, says string }{
		"exactly":      {"output: X, run: printf 12345678", ""},
		"one more":     {"output: X, run: printf 123456789", "exceeded maximum size limit of 8 bytes"},
		"output file":  {"outputs: [{name: a}], run: 'echo a=45678 >> $DAGU_OUTPUT_FILE'", ""},
		"larger file":  {"outputs: [{name: a}], run: 'echo a=456789 >> $DAGU_OUTPUT_FILE'", "maximum size limit of 8 bytes"},
		"eval exactly": {"run: x, preconditions: [{eval: $(printf 12345678), expected: no}]", ""},
		"eval":         {"run: x, preconditions: [{eval: $(printf 123456789), expected: no}]", "maximum size limit of 8 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			result := r.run("max_output_size: 8\nsteps: [{id: a, " + tt.step + "}]")
			require.Equal(t, tt.says == "", result.Status == store.StatusSucceeded, result.Error)
			require.Contains(t, result.Error, tt.says)
		})
	}
}
