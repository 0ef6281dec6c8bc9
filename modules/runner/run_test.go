package runner_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestOneStep(t *testing.T) {
	t.Parallel()
	r := newRig(t)

	result := r.run("steps: [{name: a, run: 'echo hello; echo trouble >&2'}]")

	require.Equal(t, store.StatusSucceeded, result.Status)
	require.Equal(t, []string{"begin", "finish"}, r.store.outline())
	step := r.store.step("a")
	require.Equal(t, store.StepSucceeded, step.Status)
	require.True(t, step.Exited)
	require.Zero(t, step.ExitCode)
	require.Equal(t, 1, step.Tries)
	require.False(t, step.Started.IsZero())
	require.False(t, step.Finished.Before(step.Started))
	require.Equal(t, "hello\n", r.stdout("a"))
	trouble, err := os.ReadFile(step.Stderr)
	require.NoError(t, err)
	require.Equal(t, "trouble\n", string(trouble))
}

func TestFailureIsTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)

	result := r.run(r.text(
		"steps:",
		"  - {name: a, run: 'echo ok'}",
		"  - {name: b, run: 'echo first >&2; echo last words >&2; exit 3', depends: a}",
		"  - {name: c, run: 'echo never', depends: b}",
	))

	require.Equal(t, store.StatusFailed, result.Status)
	require.Equal(t, "failed to execute the dag-run job (dag-run ID: run-1): step b: exit status 3\n  first\n  last words", result.Error)
	require.Equal(t, map[string]store.StepStatus{
		"a": store.StepSucceeded, "b": store.StepFailed, "c": store.StepAborted,
	}, r.store.statuses())
	require.Equal(t, 3, r.store.step("b").ExitCode)
	require.Equal(t, "exit status 3", r.store.step("b").Error)
	require.Zero(t, r.store.step("c").Tries)
}

func TestNameOfAScriptIsNotTold(t *testing.T) {
	t.Parallel()
	r := newRig(t)

	result := r.run(r.text("steps:", "  - name: a", "    run: |", "      true", "      no-such-command"))

	require.Contains(t, result.Error, "\n  script: ", "the shell says where it was")
	require.Contains(t, result.Error, "no-such-command")
	require.NotContains(t, result.Error, "run-1.")
}

func TestAccountOfTheRun(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.run("steps: [{name: a, run: 'echo $DAG_RUN_LOG_FILE'}, {name: b, run: exit 4}]")

	account, err := os.ReadFile(strings.TrimSpace(r.stdout("a")))
	require.NoError(t, err)
	for _, words := range []string{
		"run run-1 of job began: attempt 1, trigger manual", "step a: started", "step a: succeeded: exit status 0",
		"step b: failed: exit status 4", "run ended: failed after",
	} {
		require.Contains(t, string(account), words)
	}
}

func TestParallelStepsMeet(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	// Each step waits for the file of the other: one after the other they would never end.
	meet := func(mine, other string) string {
		return "'touch $DIR/" + mine + "; until [ -e $DIR/" + other + " ]; do sleep 0.01; done'"
	}
	r.succeed(r.text("steps:", "  - {name: a, run: "+meet("a", "b")+"}", "  - {name: b, run: "+meet("b", "a")+"}"))
}

func TestMaxActiveSteps(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	// A step fails when it finds the directory that another one holds.
	step := ", run: 'mkdir $DIR/lock && sleep 0.02 && rmdir $DIR/lock'}"
	r.succeed(r.text("max_active_steps: 1", "steps:", "  - {name: a"+step, "  - {name: b"+step, "  - {name: c"+step))
}

func TestChain(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("type: chain", "steps:",
		"  - {name: a, run: 'sleep 0.05; echo a >> $DIR/order'}",
		"  - {name: b, run: 'echo b >> $DIR/order'}",
		"  - {name: c, run: 'echo c >> $DIR/order'}"))
	order, err := os.ReadFile(r.path("order"))
	require.NoError(t, err)
	require.Equal(t, "a\nb\nc\n", string(order))
}

func TestRunThatCannotBegin(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		text   string
		params []string
		says   string
	}{
		"broken file":       {"steps: 5", nil, "failed to load DAG from"},
		"cycle":             {"steps: [{name: a, run: x, depends: b}, {name: b, run: x, depends: a}]", nil, "cyclic"},
		"missing parameter": {"params: [{name: p, type: integer, required: true}]\nsteps: [{name: a, run: x}]", nil, "parameter validation failed"},
		"unknown parameter": {"params: [{p: 1}]\nsteps: [{name: a, run: x}]", []string{"q=1"}, "unknown parameter"},
		"failing eval":      {"params: [{name: p, eval: '$(exit 3)'}]\nsteps: [{name: a, run: x}]", nil, "eval failed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			result := r.run(tt.text+"\nhandler_on: {exit: {run: 'touch $DIR/handled'}}", tt.params...)
			require.Equal(t, store.StatusFailed, result.Status)
			require.Contains(t, result.Error, "failed to execute the dag-run job (dag-run ID: run-1)")
			require.Contains(t, result.Error, tt.says)
			require.Zero(t, r.store.step("a").Tries)
			require.Len(t, r.store.recorded(), 1)
		})
	}
}

func TestUnknownTextFailsTheRun(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rec := r.record("steps: [{name: a, run: x}]")
	rec.TextHash = "gone"
	result, err := r.runner.Run(t.Context(), rec, nil)
	require.NoError(t, err)
	require.Equal(t, store.StatusFailed, result.Status)
	require.Contains(t, result.Error, "gone")
}

func TestWorkDirectory(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.NoError(t, os.Mkdir(r.path("sub"), 0o750))
	r.succeed(r.text("steps:",
		"  - {name: own, run: '[ \"$PWD\" = \"$DAG_RUN_WORK_DIR\" ] && pwd'}",
		"  - {name: relative, run: pwd, working_dir: made}",
		"  - {name: absolute, run: pwd, working_dir: $DIR/sub}",
		"  - {name: home, run: pwd, working_dir: '~/x'}",
		"  - {name: variable, run: 'pwd; echo $HERE', working_dir: '$DIR/${WHERE}', env: [WHERE: there, HERE: $PWD]}",
	))
	work := strings.TrimSpace(r.stdout("own"))
	require.Equal(t, "run-1", filepath.Base(work))
	require.Equal(t, filepath.Join(work, "made")+"\n", r.stdout("relative"))
	require.Equal(t, r.path("sub")+"\n", r.stdout("absolute"))
	require.Equal(t, filepath.Join(filepath.Dir(r.dags), "x")+"\n", r.stdout("home"))
	there := r.path("there")
	require.Equal(t, there+"\n"+there+"\n", r.stdout("variable"))
	info, err := os.Stat(there)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o750), info.Mode().Perm())
}

func TestRootWorkDirectoryStandsBesideTheFile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed("working_dir: data\nsteps: [{name: a, run: pwd}, {name: b, run: pwd, working_dir: c}]")
	require.Equal(t, r.path("data")+"\n", r.stdout("a"))
	require.Equal(t, r.path("data/c")+"\n", r.stdout("b"))
	info, err := os.Stat(r.path("data"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o755), info.Mode().Perm())
}

func TestDefaultWorkDirectory(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		given string
		lines []string
		base  string
		want  string // from the directory of the file
	}{
		"beside the file":      {"data", nil, "", "data"},
		"above it":             {"../data", nil, "", "../data"},
		"absolute":             {"$DIR/data", nil, "", "data"},
		"home":                 {"~/data", nil, "", "../data"},
		"variables":            {"$WHERE/${params.day}", []string{"params: [{day: Mon}]", "env: [WHERE: there]"}, "", "there/Mon"},
		"the file's wins":      {"data", []string{"working_dir: mine"}, "", "mine"},
		"the base's wins":      {"data", nil, "working_dir: base", "base"},
		"an empty one is none": {"data", []string{"working_dir: ''"}, "", "data"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			want := r.path(tt.want)
			rec := r.record(strings.Join(append(tt.lines,
				"preconditions: [{condition: '[ \"$PWD\" = "+want+" ]'}]",
				"steps: [{name: a, run: pwd}, {name: b, run: pwd, working_dir: c}]",
				"handler_on: {exit: {run: pwd}}"), "\n"))
			rec.DefaultWorkingDir = r.text(tt.given)
			text, err := r.store.Text(t.Context(), rec.TextHash)
			require.NoError(t, err)
			text.Base, text.BaseFile = []byte(tt.base), r.path("base.yaml")
			r.store.put(text)

			result, err := r.runner.Run(t.Context(), rec, nil)
			require.NoError(t, err)
			require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
			require.Equal(t, want+"\n", r.stdout("a"))
			require.Equal(t, want+"/c\n", r.stdout("b"))
			require.Equal(t, want+"\n", r.stdout("onExit"))
			info, err := os.Stat(want)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o755), info.Mode().Perm())
		})
	}
}

func TestDefaultWorkDirectoryOfDotenv(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.NoError(t, os.Mkdir(r.path("data"), 0o750))
	require.NoError(t, os.WriteFile(r.path("data/.env"), []byte("FROM=data\n"), 0o600))
	require.NoError(t, os.WriteFile(r.path(".env"), []byte("FROM=file\n"), 0o600))
	rec := r.record("steps: [{name: a, run: 'echo $FROM'}]")
	rec.DefaultWorkingDir = "data"
	_, err := r.runner.Run(t.Context(), rec, nil)
	require.NoError(t, err)
	require.Equal(t, "data\n", r.stdout("a"))
}

func TestDirectoryThatCannotBeMade(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.NoError(t, os.WriteFile(r.path("file"), nil, 0o600))
	result := r.run(r.text("steps: [{name: a, run: pwd, working_dir: $DIR/file/x}, {name: b, run: pwd, working_dir: $DIR/file}]"))
	require.Equal(t, store.StatusFailed, result.Status)
	require.Contains(t, r.store.step("a").Error, "working directory")
	require.Contains(t, r.store.step("b").Error, "is not a directory")
	require.False(t, r.store.step("a").Exited)
}

func TestBackgroundChildrenDoNotHoldAStep(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	begin := time.Now()
	r.succeed(r.text("steps:",
		"  - {name: plain, run: 'sleep 30 & echo $! > $DIR/plain'}",
		"  - {name: captured, run: 'echo value; sleep 30 & echo $! > $DIR/captured', output: OUT}",
		"  - {name: next, depends: captured, run: 'echo got $OUT'}"))
	require.Less(t, time.Since(begin), 25*time.Second)
	require.Equal(t, "got value\n", r.stdout("next"))
	for _, name := range []string{"plain", "captured"} {
		pid := readPID(t, r.path(name))
		require.True(t, alive(pid), "a background child is left alone")
		kill(t, pid)
	}
}
