package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"dagu/modules/action"
	"dagu/modules/store"
)

// call makes the calls of the step, and writes to its stdout what became of them.
func (e *execution) call(ctx context.Context, s *streams) result {
	found, err := e.callees(ctx)
	if err != nil {
		return result{err: err}
	}
	var r result
	var shown any
	switch p := e.task.step.Parallel; {
	case e.task.step.Action.Name == action.DAGEnqueue:
		shown, r = e.enqueueAll(ctx, found)
	case p == nil:
		shown, r = e.callOne(ctx, found)
	default:
		shown, r = e.callAll(ctx, found)
	}
	if shown == nil {
		return r
	}
	if err := writeIndented(s.out(), shown); err != nil && r.err == nil {
		r.err = fmt.Errorf("write the result of the step: %w", err)
	}
	return r
}

// writeIndented writes JSON for people and programs.
func writeIndented(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// callOne runs a DAG. What became of it is nil when it could not be started.
func (e *execution) callOne(ctx context.Context, found map[string]*callee) (any, result) {
	c := e.calls[0]
	in, err := e.run.runInside(ctx, c, found[c.target])
	if err != nil {
		return nil, result{err: err}
	}
	e.told(in)
	r := result{partial: in.rec.Status == store.StatusPartiallySucceeded}
	if !in.passed() {
		r.err = in.failure()
	}
	return viewInner(c, in), r
}

// callAll runs DAGs, several at once.
func (e *execution) callAll(ctx context.Context, found map[string]*callee) (any, result) {
	ends := make([]inner, len(e.calls))
	errs := make([]error, len(e.calls))
	e.each(ctx, func(i int) {
		c := e.calls[i]
		if ends[i], errs[i] = e.run.runInside(ctx, c, found[c.target]); errs[i] == nil {
			e.told(ends[i])
		}
	})
	view := fanView{Results: []innerView{}, Outputs: []map[string]string{}}
	view.Summary.Total = len(e.calls)
	var r result
	var failed []error
	for i, in := range ends {
		switch {
		case errs[i] != nil:
			failed = append(failed, errs[i])
			continue
		case in.rec.ID == "": // a stop kept it from being started
			continue
		case !in.passed():
			failed = append(failed, in.failure())
		default:
			view.Summary.Succeeded++
			view.Outputs = append(view.Outputs, outputsOf(in.steps))
			r.partial = r.partial || in.rec.Status == store.StatusPartiallySucceeded
		}
		view.Results = append(view.Results, viewInner(e.calls[i], in))
	}
	view.Summary.Failed = len(failed)
	r.err = e.summed("failed", failed)
	if r.err == nil && ctx.Err() != nil && view.Summary.Succeeded < len(e.calls) {
		r.err = fmt.Errorf("%d of %d were not started", len(e.calls)-view.Summary.Succeeded, len(e.calls))
	}
	return view, r
}

// mostFailures is how many failed calls a step tells of.
const mostFailures = 3

// summed joins the errors of calls; nil without any.
func (e *execution) summed(what string, failed []error) error {
	if len(failed) == 0 {
		return nil
	}
	told := failed[:min(len(failed), mostFailures)]
	err := fmt.Errorf("%d of %d %s: %w", len(failed), len(e.calls), what, errors.Join(told...))
	if more := len(failed) - len(told); more > 0 {
		err = fmt.Errorf("%w\nand %d more", err, more)
	}
	return err
}

// told writes the end of a run inside of this one into the account.
func (e *execution) told(in inner) {
	e.run.journal.printf("step %s: run %s of %s %s", e.task.title(), in.rec.ID, in.rec.DAG, ended(in.rec.Status))
}

// each works on the calls, so many at once as the step says, and returns when that has
// ended. After the end of ctx no further one is begun.
func (e *execution) each(ctx context.Context, work func(i int)) {
	limit := 1
	if p := e.task.step.Parallel; p != nil {
		limit = p.MaxConcurrent
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(limit, len(e.calls)) {
		workers.Go(func() {
			defer e.run.confine()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(e.calls) {
					return
				}
				work(i)
			}
		})
	}
	workers.Wait()
}

// enqueueAll queues runs of DAGs.
func (e *execution) enqueueAll(ctx context.Context, found map[string]*callee) (any, result) {
	runs := make([]*queuedView, len(e.calls))
	errs := make([]error, len(e.calls))
	e.each(ctx, func(i int) {
		c := e.calls[i]
		runs[i], errs[i] = e.run.enqueue(ctx, c, found[c.target].run)
	})
	view := queueView{Runs: []*queuedView{}}
	view.Summary.Total = len(e.calls)
	var failed []error
	for i, queued := range runs {
		if errs[i] != nil {
			failed = append(failed, errs[i])
		}
		if queued != nil {
			view.Summary.Queued++
			view.Runs = append(view.Runs, queued)
		}
	}
	r := result{err: e.summed("were not queued", failed)}
	if r.err == nil && view.Summary.Queued < len(e.calls) {
		r.err = fmt.Errorf("%d of %d were not queued", len(e.calls)-view.Summary.Queued, len(e.calls))
	}
	return view, r
}

// enqueue queues a run for a call, unless an earlier try has.
func (x *run) enqueue(ctx context.Context, c call, n store.NewRun) (*queuedView, error) {
	if !slices.Equal(x.maskedAll(c.words), c.words) {
		return nil, errors.New("a parameter holds a secret, and a queued run keeps its parameters in the history: give its DAG the secret instead")
	}
	n.ID, n.Params, n.ParentStep = c.id, c.words, ""
	if c.queue != "" {
		n.Queue = c.queue
	}
	var rec store.Run
	exists := true
	err := x.insist(ctx, "run to be queued", func() (err error) {
		rec, err = x.runner.store.Run(ctx, n.ID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		exists = false
		err = x.insist(ctx, "run to be queued", func() (err error) {
			rec, err = x.runner.store.Enqueue(ctx, n)
			return err
		})
	}
	if err != nil {
		return nil, fmt.Errorf("queue a run of %s: %w", n.DAG, err)
	}
	return &queuedView{
		Name: rec.DAG, DAGRunID: rec.ID, Params: c.params, ParallelItem: c.item, Queue: rec.Queue,
		Status: string(rec.Status), AlreadyExists: exists,
	}, nil
}
