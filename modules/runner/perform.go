package runner

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"dagu/modules/action"
	"dagu/modules/dag/value"
)

// resolveWork resolves what the step is for.
func (e *execution) resolveWork() error {
	step := e.task.step
	switch {
	case step.Action != nil:
		return e.resolveAction()
	case step.Run.Form != "":
		return e.resolveRun(step.Run)
	default:
		return nil
	}
}

// resolveAction resolves the fields of an action and checks what they have become.
func (e *execution) resolveAction() error {
	a := e.task.step.Action
	definition, ok := action.Lookup(a.Name)
	if !ok {
		return fmt.Errorf("action %q is unknown", a.Name)
	}
	if a.Name == action.DAGRun || a.Name == action.DAGEnqueue {
		return e.resolveCalls(definition)
	}
	values := e.scope.values
	if a.Name == action.Exec {
		values = e.scope.withHost(e.run.runner.host)
	}
	e.with = make(action.Values, len(a.With))
	for key, v := range a.With {
		switch field := definition.Field(key); {
		case field.Raw:
		case field.Blank:
			v = e.blanks(values).ExpandTree(v)
		case field.Reference:
			authored := v
			if v = values.ExpandTree(v); v == authored {
				return fmt.Errorf("action %s: with.%s: the reference %v has no value", a.Name, key, authored)
			}
		default:
			v = values.ExpandTree(v)
		}
		e.with[key] = v
	}
	if problems := definition.Problems(e.with, true); len(problems) > 0 {
		return fmt.Errorf("action %s: %w", a.Name, problems[0])
	}
	if a.Name == action.Exec {
		e.argvs = [][]string{append([]string{e.with.Text("command")}, e.with.Texts("args")...)}
	}
	return nil
}

// blanks returns values in which declared parameters that were not given are empty.
func (e *execution) blanks(values value.Scope) value.Scope {
	given := make(map[string]bool, len(values.Params.Named))
	for _, p := range values.Params.Named {
		given[p.Name] = true
	}
	missing := make(map[string]bool)
	for _, p := range e.run.dag.Params {
		missing[p.Name] = p.Name != "" && !given[p.Name]
	}
	properties, _ := e.run.dag.ParamSchema["properties"].(map[string]any)
	for name := range properties {
		missing[name] = !given[name]
	}
	values.Params.Named = slices.Clone(values.Params.Named)
	for name, is := range missing {
		if is {
			values.Params.Named = append(values.Params.Named, value.Pair{Name: name})
		}
	}
	env := values.Env
	values.Env = func(name string) (string, bool) {
		if env != nil {
			if text, ok := env(name); ok {
				return text, true
			}
		}
		return "", missing[name]
	}
	return values
}

// perform does what the step is for, now that its files are open.
func (e *execution) perform(ctx context.Context, programs []string, s *streams) result {
	if len(e.argvs) > 0 {
		return e.processes(ctx, programs, s)
	}
	if e.task.step.Foreach != nil {
		return e.whole(ctx, func(ctx context.Context) result { return e.foreach(ctx, s.out()) })
	}
	if a := e.task.step.Action; a != nil {
		if len(e.calls) > 0 {
			return e.whole(ctx, func(ctx context.Context) result { return e.call(ctx, s) })
		}
		if definition, ok := action.Lookup(a.Name); ok && definition.Run != nil {
			return e.within(ctx, func(ctx context.Context) result { return e.act(ctx, definition, s) })
		}
		return result{err: fmt.Errorf("action %s is not supported by this release", a.Name)}
	}
	return result{}
}

// act executes an action of the registry.
func (e *execution) act(ctx context.Context, definition *action.Definition, s *streams) result {
	var mu sync.Mutex
	var r result
	r.err = definition.Run(ctx, &action.Call{
		With: e.with, Dir: e.task.dir(), Env: e.scope.env, Stdout: s.out(), Stderr: s.err(),
		MaxOutput: e.run.maxOutput(), Mail: e.run.sendFrom(e.scope),
		Publish: func(values map[string]string) {
			mu.Lock()
			defer mu.Unlock()
			r.published = values
		},
	})
	mu.Lock()
	defer mu.Unlock()
	return r
}

// errTimeout is the cause of a context whose step has no time left.
var errTimeout = errors.New("the time of the step is over")

// whole does work in this process, within the time of the step: its context ends with a
// stop, and with the timeout. The work is waited for in any case.
func (e *execution) whole(ctx context.Context, work func(ctx context.Context) result) result {
	ctx, end := e.inTime(ctx)
	defer end()
	e.run.first.Do(func() { e.run.runner.options.Metrics.started(e.run.rec) })
	return e.cut(ctx, work(ctx))
}

// inTime returns a context that ends with the time of the step, and its end.
func (e *execution) inTime(ctx context.Context) (context.Context, func()) {
	if e.task.step.Timeout <= 0 {
		return ctx, func() {}
	}
	return context.WithDeadlineCause(ctx, e.began.Add(e.task.step.Timeout), errTimeout)
}

// within is whole for work that may not return: it is given up after the grace that
// processes have, and at once when the run is killed.
func (e *execution) within(ctx context.Context, work func(ctx context.Context) result) result {
	return e.whole(ctx, func(ctx context.Context) result { return e.patient(ctx, work) })
}

func (e *execution) patient(ctx context.Context, work func(ctx context.Context) result) result {
	done := make(chan result, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				e.run.log.Error("a panic ended an action", zap.String("panic", e.run.secrets.Text(fmt.Sprint(p))), zap.ByteString("stack", debug.Stack()))
				done <- result{err: fmt.Errorf("internal error: %v", p)}
			}
		}()
		done <- work(ctx)
	}()
	select {
	case r := <-done:
		return r
	case <-ctx.Done():
		return e.patience(done)
	}
}

// patience waits for work whose context has ended.
func (e *execution) patience(done <-chan result) result {
	timer := time.NewTimer(e.run.dag.MaxCleanUp)
	defer timer.Stop()
	select {
	case r := <-done:
		return r
	case <-timer.C:
	case <-e.run.killed:
	}
	return result{err: errors.New("it does not end, and is left alone")}
}

// cut tells of a result whether the end of the context has made it.
func (e *execution) cut(ctx context.Context, r result) result {
	switch {
	case r.err == nil || ctx.Err() == nil:
	case errors.Is(context.Cause(ctx), errTimeout):
		r.timedOut, r.exited, r.code = true, true, timeoutCode
		r.err = fmt.Errorf("timed out after %s: exit status %d", e.task.step.Timeout, timeoutCode)
	default:
		r.aborted = true
		r.err = fmt.Errorf("stopped: %w", r.err)
	}
	return r
}
