package runner_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag"
	"dagu/modules/runner"
	"dagu/modules/store"
)

// lasting is a DAG whose step tells that it began, and how it was ended.
const lasting = `---
name: lasting
params: [{I: one}]
steps:
  - name: a
    run: |
      trap 'sleep 0.2; echo $I >> $DAGU_T/ended; exit 1' TERM
      touch $DAGU_T/began-$I
      while :; do sleep 0.02; done
handler_on: {abort: {run: 'echo handled >> $DAGU_T/handled'}}
`

// begin executes a run in the background.
func (r *callRig) begin(run store.Run) <-chan struct{} {
	done := make(chan struct{})
	r.runner.Execute(run, func() { close(done) })
	return done
}

func (r *callRig) wait(done <-chan struct{}) {
	r.t.Helper()
	select {
	case <-done:
	case <-time.After(soon):
		require.FailNow(r.t, "the run does not end")
	}
}

// The stop of a run stops those inside of it, two levels deep, and waits for them.
func TestStopOfACall(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	r.write("dags/main.yaml", "steps: [{name: call, action: dag.run, with: {dag: middle}}, {name: late, depends: call, run: 'touch $DAGU_T/late'}]",
		"---", "name: middle", "steps: [{name: call, action: dag.run, with: {dag: lasting}}]", lasting)
	run := r.start("dags/main.yaml")
	done := r.begin(run)
	r.await("began-one")
	_, err := r.store.RequestStop(t.Context(), "main", "")
	require.NoError(t, err)
	r.wait(done)

	middle := r.children(run.ID)[0]
	for _, rec := range []store.Run{r.get(run.ID), middle, r.children(middle.ID)[0]} {
		require.Equal(t, store.StatusAborted, rec.Status, rec.DAG)
		require.Equal(t, store.ReasonStopped, rec.Reason, rec.DAG)
	}
	require.Equal(t, "one\n", r.file("ended"))
	require.Equal(t, "handled\n", r.file("handled"))
	require.Equal(t, store.StepAborted, r.step(run.ID, "call").Status)
	require.Equal(t, store.StepAborted, r.step(run.ID, "late").Status)
}

// A run inside of another can be stopped by its id; the step that waits for it fails.
func TestStopInside(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	r.write("dags/main.yaml", "steps: [{name: call, action: dag.run, with: {dag: lasting}}]", lasting)
	run := r.start("dags/main.yaml")
	done := r.begin(run)
	r.await("began-one")
	child := r.children(run.ID)[0]
	_, err := r.store.RequestStop(t.Context(), "", child.ID)
	require.NoError(t, err)
	r.wait(done)
	require.Equal(t, store.StatusAborted, r.get(child.ID).Status)
	require.Equal(t, store.StatusFailed, r.get(run.ID).Status)
	require.Contains(t, r.step(run.ID, "call").Error, "of lasting was aborted: stopped")
}

// A stop starts no more items, and ends those that run.
func TestStopOfAFanOut(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	r.write("dags/main.yaml", "steps: [{name: call, action: dag.run, with: {dag: lasting, params: {I: '${ITEM}'}}, parallel: {items: a b c d, max_concurrent: 2}}]", lasting)
	run := r.start("dags/main.yaml")
	done := r.begin(run)
	r.await("began-a")
	r.await("began-b")
	_, err := r.store.RequestStop(t.Context(), "", run.ID)
	require.NoError(t, err)
	r.wait(done)
	require.Len(t, r.children(run.ID), 2)
	require.Equal(t, store.StatusAborted, r.get(run.ID).Status)
	f := r.fan(run.ID)
	require.Equal(t, []int{4, 0, 2}, []int{f.Summary.Total, f.Summary.Succeeded, f.Summary.Failed})
	require.Len(t, f.Results, 2)
}

// A shutdown lets the handlers of a run inside end, which succeeds then; the items after
// it are not started, and the step is not over.
func TestStopBetweenItems(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	r.write("dags/main.yaml", "steps: [{name: call, action: dag.run, with: {dag: calm}, parallel: {items: [a, b], max_concurrent: 1}}]",
		"---", "name: calm", "params: [x]", "steps: [{name: a, run: 'true'}]",
		"handler_on: {exit: {run: 'touch $DAGU_T/began; until [ -e $DAGU_T/go ]; do sleep 0.02; done'}}")
	run := r.start("dags/main.yaml")
	done := r.begin(run)
	r.await("began")
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- r.runner.Stop(ctx) }()
	require.Eventually(t, func() bool { return r.refuses() }, soon, time.Millisecond)
	r.write("go")
	r.wait(done)
	require.NoError(t, <-stopped)
	children := r.children(run.ID)
	require.Len(t, children, 1)
	require.Equal(t, store.StatusSucceeded, children[0].Status)
	require.Equal(t, store.StepAborted, r.step(run.ID, "call").Status)
	require.Contains(t, r.step(run.ID, "call").Error, "1 of 2 were not started")
	require.Equal(t, store.StatusAborted, r.get(run.ID).Status)
}

// When the time of the step is over, the run that it waits for is stopped and has ended.
func TestTimeoutOfACall(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("max_clean_up_time_sec: 0", "steps: [{name: call, timeout_sec: 1, action: dag.run, with: {dag: lasting}}]", lasting)
	require.Equal(t, store.StatusFailed, run.Status)
	step := r.step(run.ID, "call")
	require.Equal(t, store.StepFailed, step.Status)
	require.Equal(t, 124, step.ExitCode)
	require.Equal(t, "one\n", r.file("ended"))
	child := r.children(run.ID)[0]
	require.Equal(t, store.StatusAborted, child.Status)
	require.False(t, step.Finished.Before(child.Finished), "the step is not over before the run that it waits for")
}

func TestTimeoutOfACaller(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("timeout_sec: 1", "steps: [{name: call, action: dag.run, with: {dag: lasting}}]", lasting)
	require.Equal(t, store.StatusFailed, run.Status)
	require.Equal(t, store.ReasonTimeout, run.Reason)
	require.Equal(t, store.StepAborted, r.step(run.ID, "call").Status)
	require.Equal(t, "one\n", r.file("ended"))
	child := r.children(run.ID)[0]
	require.Equal(t, []string{"aborted", "stopped"}, []string{string(child.Status), string(child.Reason)})
}

// While the runner drains, a run that may still end starts what it needs for that.
func TestDrainLetsACallBegin(t *testing.T) {
	t.Parallel()
	r := newCallRig(t, func(o *runner.Options) { o.DrainTimeout = soon })
	r.write("dags/main.yaml", "steps:", "  - {name: a, run: 'touch $DAGU_T/began; until [ -e $DAGU_T/go ]; do sleep 0.02; done'}",
		"  - {name: call, depends: a, action: dag.run, with: {dag: inner}}",
		"---", "name: inner", "steps: [{name: a, run: 'touch $DAGU_T/inside; until [ -e $DAGU_T/end ]; do sleep 0.02; done'}]")
	run := r.start("dags/main.yaml")
	done := r.begin(run)
	r.await("began")
	stopped := make(chan error, 1)
	go func() { stopped <- r.runner.Stop(context.Background()) }()
	require.Eventually(t, func() bool { return r.refuses() }, soon, time.Millisecond)
	r.write("go")
	r.await("inside")
	require.Equal(t, 1, r.runner.Drained().Abandoned, "so far, the run inside counts with its parent")
	r.write("end")
	r.wait(done)
	require.NoError(t, <-stopped)
	require.Equal(t, store.StatusSucceeded, r.get(run.ID).Status)
	drained := r.runner.Drained()
	require.Len(t, drained.Finished, 1)
	require.Zero(t, drained.Abandoned)
}

// refuses tells whether the runner takes no more runs.
func (r *callRig) refuses() bool {
	_, _, err := r.runner.Dry(r.t.Context(), &dag.DAG{}, store.NewRun{ID: "dry", DAG: "dry"})
	return errors.Is(err, runner.ErrDraining)
}

// A shutdown that cuts a run short cuts those inside of it. The run is queued again
// where it says so, and those inside go with it.
func TestShutdownOfACall(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	r.write("dags/main.yaml", "on_interrupt: retry", "steps: [{name: call, action: dag.run, with: {dag: lasting}}]", "---", "on_interrupt: retry", lasting[4:])
	run := r.start("dags/main.yaml")
	done := r.begin(run)
	r.await("began-one")
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	require.NoError(t, r.runner.Stop(ctx))
	r.wait(done)
	require.Equal(t, store.StatusQueued, r.get(run.ID).Status)
	child := r.children(run.ID)[0]
	require.Equal(t, []string{"aborted", "shutdown"}, []string{string(child.Status), string(child.Reason)})
	require.Len(t, r.runner.Drained().Cut, 1)
}

// A kill ends everything at once, and what is known is recorded.
func TestKillOfACall(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	r.write("dags/main.yaml", "steps: [{name: call, action: dag.run, with: {dag: lasting}}]", lasting)
	run := r.start("dags/main.yaml")
	done := r.begin(run)
	r.await("began-one")
	_ = r.runner.Kill(t.Context()) // on a busy machine the end takes longer to be recorded than it waits
	r.wait(done)
	require.Empty(t, r.file("ended"), "nobody was asked")
	require.Equal(t, store.StatusAborted, r.get(run.ID).Status)
	require.Equal(t, store.StatusAborted, r.children(run.ID)[0].Status)
}

// Before a run that a shutdown cut short may run again, nothing is left of those inside
// of it either.
func TestShutdownEndsWhatDetachedItselfInside(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	r.write("dags/main.yaml", "on_interrupt: retry", "steps: [{name: call, action: dag.run, with: {dag: middle}}]",
		"---", "name: middle", "steps: [{name: call, action: dag.run, with: {dag: leaving}}]",
		"---", "name: leaving", "steps: [{name: a, run: 'setsid sh -c \"echo \\$\\$ > $DAGU_T/pid; touch $DAGU_T/ready; exec sleep 1000\" & sleep 1000'}]")
	run := r.start("dags/main.yaml")
	done := r.begin(run)
	r.await("ready")
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	require.NoError(t, r.runner.Stop(ctx))
	r.wait(done)
	require.False(t, alive(readPID(t, filepath.Join(r.dir, "pid"))))
	require.Equal(t, store.StatusQueued, r.get(run.ID).Status)
}
