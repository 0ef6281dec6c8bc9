package runner

import (
	"context"
	"fmt"
	"strings"

	"dagu/modules/runner/mask"
	"dagu/modules/store"
)

// inner is how a run inside of another ended, with its steps.
type inner struct {
	rec   store.Run
	steps []store.Step
}

// runInside runs a DAG for a call and waits for the end of that. The end of ctx stops
// it, the kill of x kills it. The error is that it could not be started, or recorded.
func (x *run) runInside(ctx context.Context, c call, of *callee) (inner, error) {
	if x.depth >= maxDepth {
		return inner{}, fmt.Errorf("the DAG %s is not called: %d DAGs call each other already, as many as may; does one call itself?", of.dag.Name, maxDepth)
	}
	n := of.run
	n.ID, n.Params = c.id, x.maskedAll(c.words)
	var rec store.Run
	err := x.insist(ctx, "start of a run inside of this one", func() (err error) {
		rec, err = x.runner.store.StartInside(ctx, x.rec.Ref(), n)
		return err
	})
	if err != nil {
		return inner{}, fmt.Errorf("start a run of %s: %w", of.dag.Name, err)
	}
	if rec.Status.Final() { // in an earlier try, or an earlier attempt of the run
		return x.recall(ctx, rec)
	}
	return x.executeInside(ctx, rec, c, of)
}

// recall reads what a run left that is over.
func (x *run) recall(ctx context.Context, rec store.Run) (inner, error) {
	in := inner{rec: rec}
	err := x.insist(ctx, "steps of a run inside of this one", func() (err error) {
		in.steps, err = x.runner.store.Steps(ctx, rec.ID, rec.Attempt)
		return err
	})
	if err != nil {
		return in, fmt.Errorf("read the steps of run %s: %w", rec.ID, err)
	}
	restore(mask.New(x.handed()), in.steps)
	return in, nil
}

// executeInside executes a run that was started inside of x. It always does, since the
// run is recorded as running: when x is being killed, it ends at once.
func (x *run) executeInside(ctx context.Context, rec store.Run, c call, of *callee) (inner, error) {
	child, life := newRun(x.runner, rec)
	child.depth, child.foreground = x.depth+1, x.foreground
	child.rec.Params = c.words
	child.hidden = x.handed()
	child.secrets = mask.New(child.hidden)
	if rec.TextHash == of.run.TextHash {
		child.dag = of.dag
	}
	if err := x.runner.enterInside(child); err != nil {
		return inner{rec: rec}, err
	}
	defer x.runner.leave(child)
	defer func() { x.add(child.attempts()) }()
	defer context.AfterFunc(ctx, func() { child.stop(x.reasonInside()) })()
	over := make(chan struct{})
	defer close(over)
	x.tasks.Go(func() {
		select {
		case <-x.killed:
			child.kill(x.stopReason())
		case <-over:
		}
	})
	result, err := child.execute(life)
	rec.Status, rec.Reason, rec.Error = result.Status, result.Reason, result.Error
	in := inner{rec: rec}
	if child.steps != nil {
		in.steps = child.steps.all()
	}
	return in, err
}

// attempts lists this attempt and those that were executed inside of it.
func (x *run) attempts() []store.Run {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]store.Run{x.rec}, x.inside...)
}

func (x *run) add(inside []store.Run) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.inside = append(x.inside, inside...)
}

// reasonInside is why runs inside of x are stopped when a step of it ends.
func (x *run) reasonInside() store.Reason {
	if x.stopReason() == store.ReasonShutdown {
		return store.ReasonShutdown
	}
	return store.ReasonStopped
}

// enterInside registers a run inside of an active one, which Stop waits for: it is
// entered also while no others are.
func (r *Runner) enterInside(x *run) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.active[x.rec.ID]; ok {
		return fmt.Errorf("run %s is executed already: %w", x.rec.ID, store.ErrExists)
	}
	r.active[x.rec.ID] = x
	r.options.Metrics.entered(1)
	r.begin()
	return nil
}

// passed tells whether the step of a run inside of another succeeded with it.
func (in inner) passed() bool {
	return in.rec.Status == store.StatusSucceeded || in.rec.Status == store.StatusPartiallySucceeded
}

// failure says how a run ended that did not succeed.
func (in inner) failure() error {
	why := strings.TrimPrefix(in.rec.Error, fmt.Sprintf("failed to execute the dag-run %s (dag-run ID: %s): ", in.rec.DAG, in.rec.ID))
	if why == "" {
		why = string(in.rec.Reason)
	}
	if why != "" {
		why = ": " + why
	}
	return fmt.Errorf("run %s of %s %s%s", in.rec.ID, in.rec.DAG, ended(in.rec.Status), why)
}

func ended(status store.Status) string {
	if status == store.StatusAborted {
		return "was aborted"
	}
	return string(status)
}
