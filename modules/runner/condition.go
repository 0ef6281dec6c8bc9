package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"dagu/modules/dag"
	"dagu/modules/dag/value"
	"dagu/modules/runner/process"
)

// evalTimeout is how long a command in a dynamic text may take.
const evalTimeout = 2 * time.Second

// notMet is the error of a condition that was evaluated and is not met.
type notMet struct{ why string }

func (e *notMet) Error() string { return e.why }

func isNotMet(err error) bool {
	_, ok := errors.AsType[*notMet](err)
	return ok
}

// check evaluates all conditions, in order. The error is nil when all are met, a
// *notMet when one is not, and any other when one could not be evaluated.
func (x *run) check(ctx context.Context, t task, conditions []dag.Condition) error {
	var unmet, broken error
	for _, c := range conditions {
		met, err := x.evaluate(ctx, t, c)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		switch {
		case err != nil && broken == nil:
			broken = fmt.Errorf("evaluate condition: %w", err)
		case err == nil && met == c.Negate && unmet == nil:
			unmet = &notMet{why: describe(c)}
		}
	}
	if broken != nil {
		return broken
	}
	return unmet
}

func describe(c dag.Condition) string {
	text := c.Condition + c.Eval
	if c.Expected != nil {
		text += fmt.Sprintf(" (expected %q)", *c.Expected)
	}
	if c.Negate {
		return "condition is met and must not be: " + text
	}
	return "condition is not met: " + text
}

func (x *run) evaluate(ctx context.Context, t task, c dag.Condition) (bool, error) {
	switch {
	case c.Eval != "":
		text, err := t.scope.withHost(x.runner.host).Eval(c.Eval, x.evaluator(ctx, t))
		if err != nil {
			return false, err
		}
		return matches(c, text)
	case c.Expected != nil:
		return matches(c, t.scope.values.Expand(c.Condition))
	default:
		return x.succeeds(ctx, t, t.scope.values.RawNames(c.Condition)), nil
	}
}

func matches(c dag.Condition, text string) (bool, error) {
	if c.Expected == nil {
		return false, errors.New("eval needs expected")
	}
	return value.Match(*c.Expected, text)
}

// succeeds runs a command check. One that cannot be started is not met.
func (x *run) succeeds(ctx context.Context, t task, command string) bool {
	argv, err := t.shell.Check(command)
	if err != nil {
		x.journal.printf("condition cannot be checked: %s", err)
		return false
	}
	r := x.side(ctx, t, argv, nil, nil)
	if r.err != nil && !r.exited {
		x.journal.printf("condition cannot be checked: %s", r.err)
	}
	return r.err == nil
}

// evaluator returns what runs the commands of a dynamic text.
func (x *run) evaluator(ctx context.Context, t task) func(string) (string, error) {
	return func(command string) (string, error) {
		argv, err := t.shell.Check(command)
		if err != nil {
			return "", err
		}
		text, err := x.capture(ctx, t, argv)
		if err != nil {
			return "", fmt.Errorf("command %q: %w", command, err)
		}
		return strings.TrimSpace(text), nil
	}
}

// capture runs a command for its output, within the time that it may take.
func (x *run) capture(ctx context.Context, t task, argv []string) (string, error) {
	sink, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return "", err
	}
	limit := x.maxOutput()
	p, err := startPump(sink, nil, limit, nil)
	if err != nil {
		_ = sink.Close() // nothing was written
		return "", err
	}
	timeout, stop := after(evalTimeout)
	defer stop()
	r := x.side(ctx, t, argv, p.writer, timeout)
	switch {
	case !p.finish(evalTimeout, x.killed):
		return "", errors.New("its output does not end")
	case r.timedOut:
		return "", fmt.Errorf("timed out after %s", evalTimeout)
	case r.err != nil:
		return "", r.err
	case p.tooMuch:
		return "", fmt.Errorf("output exceeded maximum size limit of %d bytes", limit)
	}
	return string(p.kept), nil
}

// side runs a process beside the steps, in the directory and environment of a task.
func (x *run) side(ctx context.Context, t task, argv []string, stdout *os.File, timeout <-chan time.Time) result {
	l := launch{dirs: t.dirs, programs: argv[:1], path: pathOf(t.scope.env)}
	found, err := x.runner.prepare(ctx, l)
	if err != nil {
		return result{err: err}
	}
	spec := &process.Spec{
		Path: found.programs[0], Args: argv, Dir: t.dir(), Env: t.scope.env.List(x.marker()), Stdout: stdout,
	}
	return x.fitting(t, spec, func() result { return x.spawn(ctx, spec, x.ending(), timeout) })
}
