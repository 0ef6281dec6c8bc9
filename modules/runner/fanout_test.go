package runner_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/runner"
	"dagu/modules/store"
)

// fan is the result of a fan-out of the step call.
type fan struct {
	Summary struct{ Total, Succeeded, Failed int }
	Results []struct {
		Name, DAGRunID, Params, Status string
		Outputs                        map[string]string
	}
	Outputs []map[string]string
}

func (r *callRig) fan(id string) (f fan) {
	r.t.Helper()
	require.NoError(r.t, json.Unmarshal([]byte(r.stdout(id, "call")), &f))
	return f
}

// said lists what the runs inside of a run have published as SAID, sorted.
func (f fan) said() []string {
	var said []string
	for _, outputs := range f.Outputs {
		said = append(said, outputs["SAID"])
	}
	slices.Sort(said)
	return said
}

const echo = `---
name: echo
params: [{A: none}, {B: none}]
steps: [{name: say, run: 'printf "%s/%s" "$A" "$B"', output: SAID}]
`

func TestParallel(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		with, parallel string
		said           []string
	}{
		"texts":            {"{dag: echo, params: {A: 'x ${ITEM}'}}", "[a, 'b c', 1, 1.50]", []string{"x 1.5/none", "x 1/none", "x a/none", "x b c/none"}},
		"target":           {"{dag: '${ITEM}', params: 'A=y'}", "[echo]", []string{"y/none"}},
		"maps":             {"{dag: echo, params: [{B: '$ITEM'}]}", "[{b: 1, a: 'x\"y'}]", []string{`none/{"a":"x\"y","b":1}`}},
		"payload of texts": {"{dag: echo}", "['A=1 B=\"2 3\"', 'B=4', '5 6']", []string{"1/2 3", "5/6", "none/4"}},
		"payload of maps":  {"{dag: echo}", "[{A: 1, B: true}, {B: x y}]", []string{"1/true", "none/x y"}},
		"references":       {"{dag: echo}", "['A=$V', {B: '${V}'}]", []string{"none/p", "p/none"}},
		"JSON":             {"{dag: echo}", "'[{\"A\": 1}, \"B=2\"]'", []string{"1/none", "none/2"}},
		"one object":       {"{dag: echo}", "'{\"A\": 1, \"B\": 2}'", []string{"1/2"}},
		"separated":        {"{dag: echo, params: {A: '${ITEM}'}}", "'x, y ,z'", []string{"x/none", "y/none", "z/none"}},
		"resolved text":    {"{dag: echo, params: {A: '${ITEM}'}}", "{items: '${LIST}', max_concurrent: 1}", []string{"l/none", "m/none"}},
		"same":             {"{dag: echo, params: {A: same}}", "[a, b, a]", []string{"same/none", "same/none"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newCallRig(t)
			run := r.run("env: [{V: p}, {LIST: '[\"l\",\"m\"]'}]", "steps:",
				"  - {name: call, action: dag.run, with: "+tt.with+", parallel: "+tt.parallel+"}", echo)
			require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
			f := r.fan(run.ID)
			require.Equal(t, tt.said, f.said())
			require.Equal(t, len(tt.said), f.Summary.Total, "children are counted, not items")
			require.Equal(t, len(tt.said), f.Summary.Succeeded)
			require.Len(t, f.Results, len(tt.said))
			require.Len(t, r.children(run.ID), len(tt.said))
		})
	}
}

func TestShapeOfAFanOut(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps: [{name: call, action: dag.run, with: {dag: echo, params: {A: '${ITEM}'}}, parallel: [a], output: OUT}]", echo)
	want := `{
  "summary": {
    "total": 1,
    "succeeded": 1,
    "failed": 0
  },
  "results": [
    {
      "name": "echo",
      "dagRunId": "` + r.children(run.ID)[0].ID + `",
      "params": "A=\"a\"",
      "outputs": {
        "SAID": "a/none"
      },
      "outputValues": {
        "said": "a/none"
      },
      "status": "succeeded"
    }
  ],
  "outputs": [
    {
      "SAID": "a/none"
    }
  ]
}
`
	require.Equal(t, want, r.stdout(run.ID, "call"))
	require.Equal(t, strings.TrimSpace(want), r.step(run.ID, "call").OutputValue)
}

func TestNumberOfItems(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	for items, says := range map[string]string{
		"[]": "parallel has no items", "'[]'": "parallel has no items", "' '": "parallel has no items",
		"'" + strings.Repeat("x,", 1001) + "'": "parallel has 1001 items, more than 1000",
	} {
		run := r.run("steps: [{name: call, action: dag.run, with: {dag: echo}, parallel: "+items+"}]", echo)
		require.Equal(t, store.StatusFailed, run.Status)
		require.Contains(t, run.Error, says)
		require.Empty(t, r.children(run.ID))
	}
}

// Items are expanded once the dependencies are done.
func TestItemsOfAnEarlierStep(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps:", "  - {name: list, run: 'echo a; echo b', output: LIST}",
		"  - {name: call, depends: list, action: dag.run, with: {dag: echo, params: {A: '${ITEM}'}}, parallel: $LIST}", echo)
	require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
	require.Equal(t, []string{"a/none", "b/none"}, r.fan(run.ID).said())
}

// No more run at once than max_concurrent says, and so many do.
func TestMaxConcurrent(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	// Two meet, or they would not end; a third one at the same time is found by all.
	const step = "'touch $DAGU_T/in-$ITEM; n=$(ls $DAGU_T | grep -c ^in-); [ $n -le 2 ] || exit 9;" +
		" until [ -e $DAGU_T/go ]; do [ $(ls $DAGU_T | grep -c ^in-) -lt 2 ] || touch $DAGU_T/go; sleep 0.01; done; rm $DAGU_T/in-$ITEM'"
	run := r.run("steps: [{name: call, action: dag.run, with: {dag: inner, params: {ITEM: '${ITEM}'}}, parallel: {items: a b c d e f, max_concurrent: 2}}]",
		"---", "name: inner", "params: [{ITEM: x}]", "steps: [{name: a, run: "+step+"}]")
	require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
	require.Len(t, r.children(run.ID), 6)
}

// One that fails stops no other; the step fails when all have ended.
func TestFanOutThatFails(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps: [{name: call, action: dag.run, with: {dag: inner, params: {I: '${ITEM}'}}, parallel: {items: [1, 2, 3, 4, 5, 6], max_concurrent: 1}}]",
		"---", "name: inner", "params: [{I: x}]", "steps: [{name: a, run: 'test $I = 2; exit $?', output: O}]")
	require.Equal(t, store.StatusFailed, run.Status)
	step := r.step(run.ID, "call")
	require.Contains(t, step.Error, "5 of 6 failed: run ")
	require.Contains(t, step.Error, "and 2 more")
	f := r.fan(run.ID)
	require.Equal(t, []int{6, 1, 5}, []int{f.Summary.Total, f.Summary.Succeeded, f.Summary.Failed})
	require.Len(t, f.Results, 6)
	require.Equal(t, []map[string]string{{"O": ""}}, f.Outputs)
}

func TestFanOutThatSucceedsInPart(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps: [{name: call, action: dag.run, with: {dag: inner, params: {I: '${ITEM}'}}, parallel: [0, 1]}]",
		"---", "name: inner", "params: [{I: x}]", "steps: [{name: a, run: 'exit $I', continue_on: failed}, {name: b, run: 'true', output: O}]")
	require.Equal(t, store.StepPartiallySucceeded, r.step(run.ID, "call").Status, run.Error)
	f := r.fan(run.ID)
	require.Equal(t, []int{2, 2, 0}, []int{f.Summary.Total, f.Summary.Succeeded, f.Summary.Failed})
	require.Len(t, f.Outputs, 2, "what succeeded in part has outputs too")
}

// A retry of the step runs the fan-out again: what failed goes on, what succeeded stands.
func TestRetryOfAFanOut(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps: [{name: call, action: dag.run, with: {dag: inner, params: {I: '${ITEM}'}}, parallel: {items: [a, b, c], max_concurrent: 1}, retry_policy: {limit: 1, interval_sec: 0}}]",
		"---", "name: inner", "params: [{I: x}]", "steps: [{name: a, run: 'echo $I >> $DAGU_T/done; [ $I != b ] || [ $(grep -c b $DAGU_T/done) = 2 ]', output: O}]")
	require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
	require.Equal(t, "a\nb\nc\nb\n", r.file("done"))
	children := r.children(run.ID)
	require.Len(t, children, 3)
	require.Equal(t, 2, children[1].Attempt)
	text := r.stdout(run.ID, "call")
	last := text[strings.LastIndex(text, "\n{")+1:]
	require.Contains(t, last, `"succeeded": 3`)
}

func TestEnqueue(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	r.write("dags/other.yaml", "queue: theirs", "labels: [x=y]", "steps: [{name: a, run: 'true'}]")
	run := r.run("steps:",
		"  - {name: call, action: dag.enqueue, with: {dag: other, params: {A: 1}}}",
		"  - {name: again, action: dag.enqueue, with: {dag: echo, queue: 'q-${ITEM}'}, parallel: [A=1, A=2, A=1], retry_policy: {limit: 1, interval_sec: 0}, stdout: \"$DAGU_T/dags\"}", echo)
	require.Equal(t, store.StatusFailed, run.Status, "a stream cannot be opened")
	queued, err := r.store.Runs(t.Context(), store.Filter{DAG: "other", Limit: 9})
	require.NoError(t, err)
	require.Len(t, queued, 1)
	require.Empty(t, queued[0].Parent, "nobody waits for it")
	require.Equal(t, store.TriggerSubDAG, queued[0].Trigger)
	require.Equal(t, []string{"main", run.ID}, []string{queued[0].RootDAG, queued[0].RootID})
	require.Equal(t, []string{"x=y"}, queued[0].Labels)
	require.Equal(t, `{
  "summary": {
    "total": 1,
    "queued": 1
  },
  "runs": [
    {
      "name": "other",
      "dagRunId": "`+queued[0].ID+`",
      "params": "A=\"1\"",
      "parallelItem": "",
      "queue": "theirs",
      "status": "queued",
      "alreadyExists": false
    }
  ]
}
`, r.stdout(run.ID, "call"))
}

// A retry finds the runs that it has queued, and ${ITEM} is no name in the queue's.
func TestEnqueueAgain(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps:",
		"  - {name: call, action: dag.enqueue, with: {dag: echo, queue: 'q${ITEM}'}, parallel: [A=1, A=2, A=1]}",
		"  - {name: b, depends: call, run: exit 1}", echo)
	queued, err := r.store.Runs(t.Context(), store.Filter{DAG: "echo", Limit: 9})
	require.NoError(t, err)
	require.Len(t, queued, 2)
	type view struct {
		Summary struct{ Total, Queued int }
		Runs    []struct {
			ParallelItem, Queue, Status string
			AlreadyExists               bool
		}
	}
	var v view
	require.NoError(t, json.Unmarshal([]byte(r.stdout(run.ID, "call")), &v))
	require.Equal(t, []int{2, 2}, []int{v.Summary.Total, v.Summary.Queued})
	require.Equal(t, "A=1", v.Runs[0].ParallelItem)
	require.Equal(t, "q${ITEM}", v.Runs[0].Queue)
	require.False(t, v.Runs[0].AlreadyExists)

	admitted, err := r.store.Admit(t.Context(), store.Admission{Free: 1})
	require.NoError(t, err)
	done := r.get(admitted[0].ID)
	finished := r.finish(done)
	require.Equal(t, store.StatusSucceeded, finished.Status, finished.Error)

	again, err := r.store.Retry(t.Context(), run.ID)
	require.NoError(t, err)
	again = r.finish(again)
	require.Equal(t, store.StatusFailed, again.Status)
	queued, err = r.store.Runs(t.Context(), store.Filter{DAG: "echo", Limit: 9})
	require.NoError(t, err)
	require.Len(t, queued, 2, "the step has succeeded, so nothing is queued again")
}

// A try of a step that has queued its run finds it, whatever has become of it since.
func TestEnqueueFindsTheRun(t *testing.T) {
	t.Parallel()
	r := newCallRig(t, func(o *runner.Options) { o.MaxOutput = 10 })
	run := r.run("steps: [{name: call, action: dag.enqueue, with: {dag: echo}, retry_policy: {limit: 1, interval_sec: 0}, output: O}]", echo)
	require.Equal(t, store.StatusFailed, run.Status, "the output is too large")
	require.Equal(t, 2, r.step(run.ID, "call").Tries)
	queued, err := r.store.Runs(t.Context(), store.Filter{DAG: "echo", Limit: 9})
	require.NoError(t, err)
	require.Len(t, queued, 1)
	text := r.stdout(run.ID, "call")
	require.Equal(t, 1, strings.Count(text, `"alreadyExists": false`))
	require.Equal(t, 1, strings.Count(text, `"alreadyExists": true`))
	require.Less(t, strings.Index(text, "false"), strings.Index(text, "true"))
}

// A queued run has no handlers of the base file either: a step has called its DAG.
func TestBaseOfAQueuedRun(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	r.write("base.yaml", "handler_on: {exit: {run: 'echo $DAG_NAME >> $DAGU_T/handled'}}")
	r.write("dags/other.yaml", "steps: [{name: a, run: 'echo ${context.run.root_name} ${context.run.root_id} ${context.trigger.type} > $DAGU_T/said'}]")
	run := r.run("steps: [{name: call, action: dag.enqueue, with: {dag: other}}]")
	admitted, err := r.store.Admit(t.Context(), store.Admission{Free: 1})
	require.NoError(t, err)
	done := r.finish(admitted[0])
	require.Equal(t, store.StatusSucceeded, done.Status, done.Error)
	require.Equal(t, "main\n", r.file("handled"))
	require.Equal(t, "main "+run.ID+" subdag\n", r.file("said"))
}

// A field of an item is named by a path into it.
func TestFieldsOfItems(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps: [{name: call, action: dag.run, with: {dag: '${ITEM.dag}', params: [{A: '${ITEM.path}'}, {B: '${ITEM.w}'}]},",
		"  parallel: [{dag: echo, path: a b.png, w: 320}, {dag: echo, path: c.png}]}]", echo)
	require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
	require.Equal(t, []string{"a b.png/320", "c.png/${ITEM.w}"}, r.fan(run.ID).said())
}

// Each execution that a repeat policy wants is a run of its own.
func TestRepeatOfACall(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps: [{name: call, action: dag.run, with: {dag: echo}, repeat_policy: {repeat: true, limit: 3, interval_sec: 0}}]", echo)
	require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
	require.Len(t, r.children(run.ID), 3)
}

// What a body calls for an item is another run than what it calls for the next.
func TestCallsOfABody(t *testing.T) {
	t.Parallel()
	r := newCallRig(t)
	run := r.run("steps: [{name: loop, foreach: {items: [x, y], steps: [{id: call, action: dag.run, with: {dag: echo}}]}}]", echo)
	require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
	children := r.children(run.ID)
	require.Len(t, children, 2)
	steps := []string{children[0].ParentStep, children[1].ParentStep}
	require.ElementsMatch(t, []string{"loop.0.call", "loop.1.call"}, steps)
}
