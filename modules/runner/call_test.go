package runner_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zaptest"

	"dagu/modules/catalog"
	"dagu/modules/runlog"
	"dagu/modules/runner"
	"dagu/modules/store"
)

// callRig runs DAGs that call others, over a real store.
type callRig struct {
	t      *testing.T
	dir    string
	store  *store.Store
	runner *runner.Runner
	runs   int
}

func newCallRig(t *testing.T, edits ...func(*runner.Options)) *callRig {
	t.Helper()
	dir := t.TempDir()
	r := &callRig{t: t, dir: dir}
	var err error
	r.store, err = store.New(store.Options{Dir: filepath.Join(dir, "data"), AllowNetworkFS: true}, zaptest.NewLogger(t))
	require.NoError(t, err)
	require.NoError(t, r.store.Start(t.Context()))
	_, err = r.store.Own(t.Context(), store.RoleScheduler)
	require.NoError(t, err)
	logs, err := runlog.New(runlog.Options{LogDir: filepath.Join(dir, "logs"), WorkDir: filepath.Join(dir, "work")})
	require.NoError(t, err)
	options := runner.Options{
		Environ: []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "DAGU_T=" + dir}, TempDir: filepath.Join(dir, "tmp"),
		DAGsDir: filepath.Join(dir, "dags"), BaseFile: filepath.Join(dir, "base.yaml"),
	}
	for _, edit := range edits {
		edit(&options)
	}
	r.runner, err = runner.New(options, r.store, logs, zaptest.NewLogger(t))
	require.NoError(t, err)
	require.NoError(t, r.runner.Start(t.Context()))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "dags"), 0o750))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		require.NoError(t, r.runner.Stop(ctx))
		require.NoError(t, r.store.Stop(ctx))
	})
	return r
}

// write writes files below the directory of the test; the lines after a name that ends
// in a colon are its content.
func (r *callRig) write(name string, lines ...string) {
	r.t.Helper()
	path := filepath.Join(r.dir, name)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(path), 0o750))
	require.NoError(r.t, os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600))
}

// start records a run of a file.
func (r *callRig) start(name string) store.Run {
	r.t.Helper()
	source, d, err := catalog.LoadFile(filepath.Join(r.dir, name), catalog.Bases{File: filepath.Join(r.dir, "base.yaml")}, catalog.LoadOptions{})
	require.NoError(r.t, err)
	require.NoError(r.t, r.store.PutTexts(r.t.Context(), []store.Text{{
		Hash: source.Hash(), DAG: d.Name, File: source.File, Body: source.Text, BaseFile: source.BaseFile, Base: source.Base,
	}}))
	r.runs++
	n := catalog.NewRun(d, fmt.Sprintf("run-%d", r.runs), store.TriggerManual)
	run, err := r.store.StartNow(r.t.Context(), n)
	require.NoError(r.t, err)
	return run
}

// finish executes a run to its end and returns it as it is recorded.
func (r *callRig) finish(run store.Run) store.Run {
	r.t.Helper()
	_, err := r.runner.Run(r.t.Context(), run, nil)
	require.NoError(r.t, err)
	return r.get(run.ID)
}

func (r *callRig) get(id string) store.Run {
	r.t.Helper()
	run, err := r.store.Run(r.t.Context(), id)
	require.NoError(r.t, err)
	return run
}

// run runs the file main.yaml of these lines.
func (r *callRig) run(lines ...string) store.Run {
	r.t.Helper()
	r.write("dags/main.yaml", lines...)
	return r.finish(r.start("dags/main.yaml"))
}

// retry makes another attempt of a run.
func (r *callRig) retry(id string, only ...string) store.Run {
	r.t.Helper()
	run, err := r.store.Retry(r.t.Context(), id, only...)
	require.NoError(r.t, err)
	return r.finish(run)
}

func (r *callRig) children(id string) []store.Run {
	r.t.Helper()
	runs, err := r.store.Children(r.t.Context(), id)
	require.NoError(r.t, err)
	return runs
}

func (r *callRig) step(id, name string) store.Step {
	r.t.Helper()
	steps, err := r.store.Steps(r.t.Context(), id, 0)
	require.NoError(r.t, err)
	at := slices.IndexFunc(steps, func(s store.Step) bool { return s.Name == name })
	require.GreaterOrEqual(r.t, at, 0, name)
	return steps[at]
}

// stdout is what a step of a run has written.
func (r *callRig) stdout(id, step string) string {
	r.t.Helper()
	text, err := os.ReadFile(r.step(id, step).Stdout)
	require.NoError(r.t, err)
	return string(text)
}

// file is what a file below the directory of the test holds; "" when there is none.
func (r *callRig) file(name string) string {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	if !os.IsNotExist(err) {
		require.NoError(r.t, err)
	}
	return string(text)
}

func (r *callRig) exists(name string) bool {
	_, err := os.Stat(filepath.Join(r.dir, name))
	return err == nil
}

// await waits for a file of the test.
func (r *callRig) await(name string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { return r.exists(name) }, soon, 5*time.Millisecond, name)
}

const local = `---
name: inner
params: [{A: one}, {B: two}]
steps:
  - {name: say, run: 'printf "%s-%s" "$A" "$B"', output: SAID_IT}
`

func TestCallOfALocalDAG(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps:", "  - {name: call, action: dag.run, with: {dag: inner, params: 'A=x'}, output: OUT}", local)
	require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
	child := r.children(run.ID)[0]
	require.Equal(t, "inner", child.DAG)
	require.Equal(t, store.StatusSucceeded, child.Status)
	require.Equal(t, store.TriggerSubDAG, child.Trigger)
	require.Equal(t, []string{"call", "main", run.ID}, []string{child.ParentStep, child.RootDAG, child.RootID})
	require.Equal(t, []string{"A=x"}, child.Params)
	want := `{
  "name": "inner",
  "dagRunId": "` + child.ID + `",
  "params": "A=x",
  "outputs": {
    "SAID_IT": "x-two"
  },
  "outputValues": {
    "saidIt": "x-two"
  },
  "status": "succeeded"
}
`
	require.Equal(t, want, r.stdout(run.ID, "call"))
	require.Equal(t, strings.TrimSpace(want), r.step(run.ID, "call").OutputValue)
	require.NotEqual(t, run.WorkDir, child.WorkDir)
	require.NotEqual(t, run.LogDir, child.LogDir)
}

// A target is a local DAG, else one beside the file, else one in the directory of DAGs.
func TestTargets(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	say := func(what string) string { return "steps: [{name: say, run: 'printf " + what + "', output: IS}]" }
	r.write("own/inner.yaml", say("hidden"))
	r.write("own/beside.yaml", say("beside"))
	r.write("own/deep/path.yml", say("path"))
	r.write("own/file.yaml", "name: named", say("named"))
	r.write("dags/beside.yaml", say("wrong"))
	r.write("dags/there.yaml", say("there"))
	r.write("dags/deep/other.yaml", say("other"))
	for target, want := range map[string]string{
		"inner": "local", "beside": "beside", "beside.yaml": "beside", "./beside.yaml": "beside", "deep/path": "path", "named": "named",
		"there": "there", "deep/other.yaml": "other", filepath.Join(r.dir, "dags/beside"): "wrong", "${NAME}": "there",
	} {
		r.write("own/main.yaml", "env: [{NAME: there}]", "steps: [{name: call, action: dag.run, with: {dag: '"+target+"'}}]",
			"---", "name: inner", say("local"))
		run := r.finish(r.start("own/main.yaml"))
		require.Equal(t, store.StatusSucceeded, run.Status, "%s: %s", target, run.Error)
		var view struct{ Outputs map[string]string }
		require.NoError(t, json.Unmarshal([]byte(r.stdout(run.ID, "call")), &view))
		require.Equal(t, want, view.Outputs["IS"], target)
	}
	for _, target := range []string{"none", "deep/none", "main2.yaml", "/none.yaml", "' '"} {
		run := r.run("steps: [{name: call, action: dag.run, with: {dag: " + target + "}}]")
		require.Equal(t, store.StatusFailed, run.Status)
		require.Equal(t, store.StepFailed, r.step(run.ID, "call").Status)
		require.Empty(t, r.children(run.ID))
		if target != "' '" {
			require.Contains(t, run.Error, target)
		}
	}
}

// A local DAG can call its like, and nothing else that is local.
func TestLocalDAGsCallEachOther(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps: [{name: call, action: dag.run, with: {dag: first}}]",
		"---", "name: first", "steps: [{name: call, action: dag.run, with: {dag: second}}]",
		"---", "name: second", "steps: [{name: say, run: 'echo ${context.run.root_name} ${context.run.root_id} ${context.trigger.type} ${context.run.id}'}]")
	require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
	first := r.children(run.ID)[0]
	second := r.children(first.ID)[0]
	require.Equal(t, "main "+run.ID+" subdag "+second.ID+"\n", r.stdout(second.ID, "say"))
	require.Equal(t, first.ID, second.Parent)
	require.Equal(t, run.ID, second.RootID)

	r.write("dags/caller.yaml", "steps: [{name: call, action: dag.run, with: {dag: first}}]")
	run = r.finish(r.start("dags/caller.yaml"))
	require.Equal(t, store.StatusFailed, run.Status, "a local DAG of another file is none")
}

func TestParamsOfACall(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ with, words, want string }{
		"none":               {"", "", "one two"},
		"text":               {`'A=1 B="2 3"'`, `A=1 B="2 3"`, "1 2 3"},
		"words":              {"'x y'", "x y", "x y"},
		"map":                {"{B: 2, A: 'a b'}", `A="a b" B="2"`, "a b 2"},
		"list":               {"[{B: true}, 'A=c d']", `B="true" A="c d"`, "c d true"},
		"references":         {"{A: '${params.P}', B: '${V}'}", `A="$HOME" B="x \"y\" ` + "`z`" + `"`, "$HOME x \"y\" `z`"},
		"literal in text":    {"'A=${params.P}'", "A=$HOME", "$HOME two"},
		"nothing is run":     {"{A: '$(echo 1)', B: '`echo 2`'}", "A=\"$(echo 1)\" B=\"`echo 2`\"", "$(echo 1) `echo 2`"},
		"JSON stands for it": {`'{"A": "j", "B": 7}'`, `{"A": "j", "B": 7}`, "j 7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newCallRig(t)
			with := "{dag: inner}"
			if tt.with != "" {
				with = "{dag: inner, params: " + tt.with + "}"
			}
			run := r.run("params: [{P: $HOME}]", "env: [{V: 'x \"y\" `z`'}]",
				"steps:", "  - {name: call, action: dag.run, with: "+with+"}",
				"---", "name: inner", "params: [{A: one}, {B: two}]",
				"steps: [{name: say, run: 'printf \"%s %s\" \"$A\" \"$B\"', output: SAID}]")
			require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
			var view struct {
				Params  string
				Outputs map[string]string
			}
			require.NoError(t, json.Unmarshal([]byte(r.stdout(run.ID, "call")), &view))
			require.Equal(t, tt.want, view.Outputs["SAID"])
			require.Equal(t, tt.words, view.Params)
		})
	}
}

func TestParamsThatACalleeDoesNotTake(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps: [{name: call, action: dag.run, with: {dag: inner, params: {C: 1}}}]", local)
	require.Equal(t, store.StatusFailed, run.Status)
	require.Contains(t, run.Error, `unknown parameter(s): "C"`)
	require.Equal(t, store.StatusFailed, r.children(run.ID)[0].Status)
	run = r.run("steps: [{name: call, action: dag.run, with: {dag: inner, params: {a-b: 1}}}]", local)
	require.Contains(t, run.Error, `params name "a-b"`)
	require.Empty(t, r.children(run.ID))
}

// A run inside of another has its own base file, without the handlers of that.
func TestBaseOfACallee(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	r.write("base.yaml", "env: [{FROM_BASE: base}]", "handler_on: {exit: {run: 'echo $DAG_NAME >> $DAGU_T/handled'}}")
	r.write("dags/beside.yaml", "env: [{OWN: $FROM_BASE}]", "handler_on: {success: {run: 'echo own >> $DAGU_T/handled'}}",
		"steps: [{name: say, run: 'echo $OWN $PARENT >> $DAGU_T/said'}]")
	run := r.run("env: [{PARENT: parent}]", "steps:",
		"  - {name: a, action: dag.run, with: {dag: beside}}", "  - {name: b, depends: a, action: dag.run, with: {dag: inner}}", local)
	require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
	require.Equal(t, "base\n", r.file("said"), "the environment of the caller is not its own")
	require.Equal(t, "own\nmain\n", r.file("handled"))
}

// The directory of a run inside of another is its own, and never that of its parent.
func TestDirectoryOfACallee(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("working_dir: "+r.dir, "steps:",
		"  - {name: a, action: dag.run, with: {dag: work}}", "  - {name: b, action: dag.run, with: {dag: dir}}",
		"---", "name: work", "steps: [{name: pwd, run: pwd}]",
		"---", "name: dir", "working_dir: sub", "steps: [{name: pwd, run: pwd}]")
	require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
	for _, child := range r.children(run.ID) {
		want := child.WorkDir
		if child.DAG == "dir" {
			want = filepath.Join(r.dir, "dags", "sub")
		}
		require.Equal(t, want+"\n", r.stdout(child.ID, "pwd"))
	}
}

// The step ends as the run that it waits for.
func TestEndsOfACallee(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		inner  string
		status store.StepStatus
		says   string
	}{
		"succeeded":     {"steps: [{name: a, run: 'true'}]", store.StepSucceeded, ""},
		"partially":     {"steps: [{name: a, run: 'false', continue_on: failed}, {name: b, run: 'true'}]", store.StepPartiallySucceeded, ""},
		"failed":        {"steps: [{name: a, run: 'echo why >&2; exit 3'}]", store.StepFailed, "of inner failed: step a: exit status 3\n  why"},
		"not met":       {"preconditions: ['false']\nsteps: [{name: a, run: 'true'}]", store.StepFailed, "of inner was aborted: precondition"},
		"cannot be run": {"steps: [{name: a, depends: a, run: 'true'}]", store.StepFailed, "cyclic"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newCallRig(t)
			run := r.run("steps: [{name: call, action: dag.run, with: {dag: inner}}]", "---", "name: inner", tt.inner)
			step := r.step(run.ID, "call")
			require.Equal(t, tt.status, step.Status)
			require.Contains(t, step.Error, tt.says)
			require.Contains(t, r.stdout(run.ID, "call"), `"status": "`+string(r.children(run.ID)[0].Status)+`"`)
		})
	}
}

// A retry of the step finds the same run, which goes on where it failed.
func TestRetryOfACall(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps: [{name: call, action: dag.run, with: {dag: inner}, retry_policy: {limit: 2, interval_sec: 0}}]",
		"---", "name: inner", "steps:",
		"  - {name: a, run: 'echo a >> $DAGU_T/done'}",
		"  - {name: b, depends: a, run: 'echo b >> $DAGU_T/done; test $(grep -c b $DAGU_T/done) -gt 1'}")
	require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
	require.Equal(t, "a\nb\nb\n", r.file("done"))
	child := r.children(run.ID)
	require.Len(t, child, 1)
	require.Equal(t, 2, child[0].Attempt)
	require.Equal(t, 2, r.step(run.ID, "call").Tries)
}

// Another attempt of the run finds the runs of the one before: one that succeeded
// stands, and is not executed again, unless the attempt is about the step.
func TestNewAttemptFindsTheRunsInside(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps:",
		"  - {name: call, action: dag.run, with: {dag: inner}, output: OUT, stdout: /none/there}",
		"---", "name: inner", "steps: [{name: a, run: 'echo a >> $DAGU_T/done', output: A}]")
	require.Equal(t, store.StatusFailed, run.Status, "its stdout cannot be opened")
	require.Empty(t, r.file("done"))

	run = r.run("steps:",
		"  - {name: call, action: dag.run, with: {dag: inner}, output: OUT}",
		"  - {name: more, depends: call, run: 'echo more >> $DAGU_T/done; exit 1'}",
		"---", "name: inner", "steps: [{name: a, run: 'echo a >> $DAGU_T/done; echo v', output: A}]")
	first := r.step(run.ID, "call").OutputValue
	run = r.retry(run.ID)
	require.Equal(t, "a\nmore\nmore\n", r.file("done"), "the step has succeeded and does not run again")

	run = r.retry(run.ID, "call")
	require.Equal(t, "a\nmore\nmore\na\n", r.file("done"), "the attempt is about the step, so it is done once more")
	require.Len(t, r.children(run.ID), 2)
	require.NotEqual(t, first, r.step(run.ID, "call").OutputValue)
}

// Handlers run in every attempt, and so does what they call.
func TestHandlersCall(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps: [{name: a, run: exit 1}]", "handler_on: {failure: {action: dag.run, with: {dag: inner, params: 'A=${context.run.status}'}}}", local)
	require.Equal(t, store.StatusFailed, run.Status)
	r.retry(run.ID)
	children := r.children(run.ID)
	require.Len(t, children, 2)
	for _, child := range children {
		require.Equal(t, store.StatusSucceeded, child.Status)
		require.Equal(t, []string{"A=failed"}, child.Params)
		require.Equal(t, "onFailure", child.ParentStep)
	}
}

func TestDAGThatCallsItself(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps: [{name: call, action: dag.run, with: {dag: main}}]")
	require.Equal(t, store.StatusFailed, run.Status)
	require.Contains(t, run.Error, "the DAG main is not called: 10 DAGs call each other already")
	depth := 0
	for id := run.ID; len(r.children(id)) > 0; depth++ {
		id = r.children(id)[0].ID
	}
	require.Equal(t, 10, depth)
}

// A retry policy of the DAG is for the run that a scheduler queues again, and not for
// one that a step waits for.
func TestRetryPolicyOfACallee(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps: [{name: call, action: dag.run, with: {dag: inner}}]",
		"---", "name: inner", "retry_policy: {limit: 3, interval_sec: 0}", "steps: [{name: a, run: exit 1}]")
	require.Equal(t, store.StatusFailed, run.Status)
	child := r.children(run.ID)[0]
	require.Equal(t, store.StatusFailed, child.Status)
	require.Equal(t, 1, child.Attempt)
}

// Another attempt of a run inside executes the text of the first one, as that of any run.
func TestTextOfANewAttemptInside(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	r.write("base.yaml", "handler_on: {exit: {run: 'echo $DAG_NAME >> $DAGU_T/handled'}}")
	r.write("dags/other.yaml", "steps: [{name: a, run: 'echo old >> $DAGU_T/done; exit 1'}]")
	run := r.run("steps: [{name: call, action: dag.run, with: {dag: other}}]")
	require.Equal(t, store.StatusFailed, run.Status)
	r.write("dags/other.yaml", "steps: [{name: a, run: 'echo new >> $DAGU_T/done'}]")
	require.Equal(t, store.StatusFailed, r.retry(run.ID).Status)
	require.Equal(t, "old\nold\n", r.file("done"))
	require.Equal(t, "main\nmain\n", r.file("handled"))
	require.Equal(t, store.StatusSucceeded, r.finish(r.start("dags/main.yaml")).Status, "another run has the text of now")
}
