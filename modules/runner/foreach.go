package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"

	"dagu/modules/dag"
	"dagu/modules/dag/value"
	"dagu/modules/runner/walk"
	"dagu/modules/store"
)

// item is one item of a foreach.
type item struct {
	index int
	key   string
	// refs are what the body may name of it.
	refs map[string]string
	// status, collected and err are set when the body is over, or was not begun.
	status    store.Status
	collected map[string]string
	err       error
}

// foreach runs the body for each item, and writes how they came out to the step's
// stdout. An item that fails does not stop others.
func (e *execution) foreach(ctx context.Context, out io.Writer) result {
	items, err := e.foreachItems()
	if err != nil {
		return result{err: err}
	}
	graph, err := dag.GraphOf(e.task.step.Foreach.Steps)
	if err != nil {
		return result{err: err}
	}
	e.runItems(ctx, items, graph)
	text, err := summary(items)
	if err == nil {
		_, err = io.WriteString(out, text)
	}
	return result{err: errors.Join(failures(items), err)}
}

// runItems runs the bodies, so many at once as the step allows. None begins after the end of ctx.
func (e *execution) runItems(ctx context.Context, items []item, graph *dag.Graph) {
	var bodies sync.WaitGroup
	defer bodies.Wait()
	slots := make(chan struct{}, e.task.step.Foreach.MaxConcurrent)
	for i := range items {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			items[i].status, items[i].err = store.StatusAborted, errors.New("not started")
			continue
		}
		bodies.Go(func() {
			defer func() { <-slots }()
			items[i].status, items[i].err = store.StatusFailed, errors.New("internal error")
			defer e.run.confine()
			e.runItem(ctx, &items[i], graph)
		})
	}
}

// runItem runs the body for one item.
func (e *execution) runItem(ctx context.Context, it *item, graph *dag.Graph) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	f := e.task.step.Foreach
	b := &body{
		steps: f.Steps, graph: graph, walked: graph, states: recorderOf(f.Steps), outer: e.task.scope.inner(), dirs: e.task.dirs,
		logs: fmt.Sprintf("%s.%d.", e.task.title(), it.index), cancel: func() { cancel(errCancelled) },
	}
	b.outer.values.Foreach = it.refs
	e.run.walkSteps(ctx, b)
	states := b.states.all()
	it.status, it.err = walk.Status(states, ctx.Err() != nil), nil
	switch it.status {
	case store.StatusSucceeded, store.StatusPartiallySucceeded:
		if it.collected, it.err = b.collect(f.Collect); it.err != nil {
			it.status = store.StatusFailed
		}
	default:
		it.err = e.blame(b, states)
	}
}

// blame tells of the first step that kept a body from its success.
func (e *execution) blame(b *body, states []store.Step) error {
	for i := range states {
		if s := &states[i]; s.Status == store.StepFailed && !s.Continued {
			return errors.New(e.run.failure(s))
		}
	}
	for i := range states {
		if s := &states[i]; s.Status == store.StepAborted {
			return fmt.Errorf("step %s%s was stopped", b.logs, s.Name)
		}
	}
	return errors.New("no step has succeeded")
}

// collect resolves what an item gives as its outputs, now that its body has succeeded.
func (b *body) collect(texts []dag.Var) (map[string]string, error) {
	collected := make(map[string]string, len(texts))
	if len(texts) == 0 {
		return collected, nil
	}
	s := b.outer.inner()
	b.publishedByAll(s.env)
	s.values.Step = b.knownAfter()
	for _, v := range texts {
		for _, ref := range value.References(v.Value) {
			left := ref.Namespace == value.NamespaceForeach || ref.Namespace == value.NamespaceSteps
			if left && s.values.Refs(ref.Text) == ref.Text {
				return nil, fmt.Errorf("foreach.collect.%s: %s has no value", v.Name, ref.Text)
			}
		}
		collected[v.Name] = s.values.Expand(v.Value)
	}
	return collected, nil
}

// failures is the error of a step some of whose items failed; nil when none has.
func failures(items []item) error {
	var first *item
	failed := 0
	for i := range items {
		if items[i].err != nil {
			if failed++; first == nil {
				first = &items[i]
			}
		}
	}
	if first == nil {
		return nil
	}
	return fmt.Errorf("%d of %d items failed, the first with the key %s: %w", failed, len(items), strconv.Quote(first.key), first.err)
}
