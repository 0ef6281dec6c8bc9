package runner

import (
	"context"
	"time"

	"dagu/modules/dag"
	"dagu/modules/runlog"
	"dagu/modules/store"
)

// Dry does what a run does before its first step: it orders the steps, binds the
// parameters and checks the preconditions of the run. No step and no handler is
// executed, and nothing is recorded or left behind. It returns the run as it
// would end if every step succeeded, with the steps in the order in which they
// would start and the handlers that would run. The end of ctx ends the checks.
// The error is one of the files that the checks need, or ErrDraining.
func (r *Runner) Dry(ctx context.Context, d *dag.DAG, n store.NewRun) (store.Run, []store.Step, error) {
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
	err = r.logs.Remove(runlog.Expired{ID: rec.ID, DAG: rec.DAG, LogDir: x.files.Dir(), WorkDir: x.files.WorkDir()})
	rec.Status, rec.Reason, rec.Error, rec.Finished = o.status, o.reason, x.secrets.Text(o.message(rec)), time.Now()
	return rec, x.rehearsed(o), err
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
func (x *run) rehearsed(o outcome) []store.Step {
	all := x.steps.all()
	if o.status != store.StatusSucceeded {
		return all
	}
	steps := make([]store.Step, 0, len(all))
	for _, i := range x.graph.Order {
		steps = append(steps, all[i])
	}
	for _, s := range [...]slot{slotInit, slotSuccess, slotExit} {
		if s.step(x.dag) != nil {
			steps = append(steps, all[x.handlerPos(s)])
		}
	}
	for i := range steps {
		steps[i].Status = store.StepSucceeded
	}
	return steps
}
