package runner

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"dagu/modules/action"
	"dagu/modules/dag"
	"dagu/modules/runlog"
	"dagu/modules/store"
)

// Planned is a step of a run that is only shown.
type Planned struct {
	store.Step
	// Wave counts from 1: steps of one wave wait for none of each other, and may run at
	// once. Handlers have 0.
	Wave int
	// After are the names of the steps that it waits for.
	After []string
	// Values are the texts of the step with their references resolved, as far as they
	// have a value before the first step.
	Values []Value
}

// Value is a text of a step, with the field that it stands in.
type Value struct {
	Field, Text string
}

// Dry does what a run does before its first step: it orders the steps, binds the
// parameters and checks the preconditions of the run. No step and no handler is
// executed, and nothing is recorded or left behind. It returns the run as it
// would end if every step succeeded, with the steps in the order in which they
// would start and the handlers that would run. The end of ctx ends the checks.
// The error is one of the files that the checks need, or ErrDraining.
func (r *Runner) Dry(ctx context.Context, d *dag.DAG, n store.NewRun) (store.Run, []Planned, error) {
	rec := store.Run{NewRun: n, Status: store.StatusRunning, Attempt: 1, Started: time.Now()}
	x, life, err := r.enter(rec)
	if err != nil {
		return rec, nil, err
	}
	defer r.leave(x)
	unwatch := context.AfterFunc(ctx, func() { x.stop(store.ReasonStopped) })
	defer unwatch()

	x.dag, x.steps = d, newRecorder(d)
	if x.files, err = r.logs.Open(runlog.Attempt{DAG: rec.DAG, RunID: rec.ID, Number: 1, Named: rec.Started}); err != nil {
		return rec, nil, err
	}
	o := x.rehearse(life)
	planned := x.rehearsed(o)
	err = r.logs.Remove(runlog.Expired{ID: rec.ID, DAG: rec.DAG, LogDir: x.files.Dir(), WorkDir: x.files.WorkDir()})
	rec.Status, rec.Reason, rec.Error, rec.Finished = o.status, o.reason, x.secrets.Text(o.message(rec)), time.Now()
	return rec, planned, err
}

// rehearse does everything of a run but its steps.
func (x *run) rehearse(life context.Context) outcome {
	ctx, end := x.enterSteps(life)
	defer end(nil)
	var err error
	if x.graph, err = x.dag.Graph(); err != nil {
		return rejected(err)
	}
	for _, pass := range [...]func(context.Context) (outcome, bool){x.resolve, x.passGate} {
		if o, ok := pass(ctx); !ok {
			return o
		}
	}
	return outcome{status: store.StatusSucceeded}
}

// rehearsed is what the steps would come to.
func (x *run) rehearsed(o outcome) []Planned {
	all := x.steps.all()
	if o.status != store.StatusSucceeded {
		planned := make([]Planned, len(all))
		for i := range all {
			planned[i].Step = all[i]
		}
		return planned
	}
	b := x.main()
	waves := x.graph.Waves()
	planned := make([]Planned, 0, len(all))
	add := func(t task, wave int) {
		p := Planned{Step: all[t.pos], Wave: wave, Values: x.values(t)}
		p.Status = store.StepSucceeded
		if wave > 0 {
			p.After = t.step.Depends
		}
		planned = append(planned, p)
	}
	for _, i := range x.graph.Order {
		add(x.stepTask(b, i), waves[i])
	}
	for _, s := range [...]slot{slotInit, slotSuccess, slotExit} {
		if s.step(x.dag) != nil {
			add(x.handlerTask(s, store.StatusSucceeded), 0)
		}
	}
	return planned
}

// values are the texts of a step as far as they are known. No secret is among them.
func (x *run) values(t task) []Value {
	var all []Value
	add := func(field, text string) {
		if text != "" {
			all = append(all, Value{field, x.secrets.Text(text)})
		}
	}
	step, values := t.step, t.scope.values
	add("run", values.Refs(step.Run.Text))
	for i, text := range step.Run.List {
		add(fmt.Sprintf("run[%d]", i), values.Refs(text))
	}
	switch {
	case step.Action != nil:
		add("action", step.Action.Name)
		x.addWith(add, step.Action, t)
	case step.Foreach != nil:
		add("foreach", cmp.Or(values.Expand(step.Foreach.Text), fmt.Sprintf("%d items", len(step.Foreach.Items))))
	}
	for _, v := range step.Env {
		add("env."+v.Name, t.scope.env[v.Name])
	}
	if step.WorkingDir != "" {
		add("working_dir", t.dir())
	}
	for _, c := range step.Preconditions {
		add("preconditions", c.Condition+c.Eval)
	}
	return all
}

// addWith adds the fields of an action, by name.
func (x *run) addWith(add func(field, text string), a *dag.Action, t task) {
	definition, _ := action.Lookup(a.Name)
	values := t.scope.values
	if a.Name == action.Exec {
		values = t.scope.withHost(x.runner.host)
	}
	for _, key := range slices.Sorted(maps.Keys(a.With)) {
		v := a.With[key]
		if definition == nil || !definition.Raw(key) {
			v = values.ExpandTree(v)
		}
		add("with."+key, dag.ItemText(v))
	}
}
