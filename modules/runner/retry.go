package runner

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"dagu/modules/dag"
	"dagu/modules/store"
)

// result is how one execution of a task ended.
type result struct {
	// err is nil when it succeeded.
	err error
	// code is meaningful when exited.
	exited bool
	code   int
	// partial tells that it succeeded in part.
	partial bool
	// aborted tells that a stop ended it; timedOut that the step's time was over.
	aborted, timedOut bool
	// tries counts the executions up to this one.
	tries int
	// captured tells that there is an output, which is what was captured of stdout or
	// the object that was made.
	captured bool
	output   string
	// emitted are the declared outputs, and published the others by key.
	emitted, published map[string]string
	// stdout is the path of the log file, in which this execution's part begins
	// at stdoutFrom; "" when nothing was started.
	stdout     string
	stdoutFrom int64
}

// describe tells the end for the run's own log.
func (r result) describe() string {
	switch {
	case r.err != nil:
		return ": " + strings.TrimSpace(firstLine(r.err.Error()))
	case r.exited:
		return fmt.Sprintf(": exit status %d", r.code)
	default:
		return ""
	}
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// policy is a retry policy with its texts resolved.
type policy struct {
	limit    int
	interval time.Duration
	dag.Retry
}

// policyOf resolves the policy of a task. Handlers have none.
func policyOf(t task) (policy, error) {
	if t.step.Retry == nil || t.handler {
		return policy{}, nil
	}
	limit, err := integer(t, "retry_policy.limit", t.step.Retry.Limit)
	if err != nil {
		return policy{}, err
	}
	seconds, err := integer(t, "retry_policy.interval_sec", t.step.Retry.Interval)
	if err != nil {
		return policy{}, err
	}
	return policy{limit: limit, interval: time.Duration(seconds) * time.Second, Retry: *t.step.Retry}, nil
}

func integer(t task, name, text string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(t.scope.values.Expand(text)))
	if err != nil || n < 0 || n > math.MaxInt32 {
		return 0, fmt.Errorf("%s: %q is not a whole number of 0 or more", name, t.scope.values.Expand(text))
	}
	return n, nil
}

// again tells whether an execution, counted from 1, is followed by another.
func (p policy) again(r result, try int) bool {
	if r.err == nil || r.aborted || r.timedOut || try > p.limit {
		return false
	}
	return len(p.ExitCodes) == 0 || r.exited && slices.Contains(p.ExitCodes, r.code)
}

// wait is the pause after an execution, counted from 1.
func (p policy) wait(try int) time.Duration {
	return dag.Pause(p.interval, p.Backoff, p.MaxInterval, try-1)
}

// insistOn executes a task until it succeeds, no try is left, or ctx ends. Earlier is
// how often it was executed before.
func (x *run) insistOn(ctx context.Context, t task, earlier int) result {
	p, err := policyOf(t)
	if err != nil {
		return result{err: err}
	}
	for try := 1; ; try++ {
		r := x.runTry(ctx, t, earlier+try)
		r.tries = earlier + try
		if !p.again(r, try) {
			return r
		}
		wait := p.wait(try)
		t.body.states.update(t.pos, func(s *store.Step) {
			s.Status, s.Exited, s.ExitCode, s.Error = store.StepRetrying, r.exited, r.code, r.err.Error()
		})
		x.journal.printf("step %s: try %d of %d failed%s; next in %s", t.title(), try, p.limit+1, r.describe(), wait)
		if !pause(ctx, wait) {
			r.aborted = true
			return r
		}
	}
}

// pause waits, and tells whether it did before the end of ctx.
func pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// runTry executes a task once.
func (x *run) runTry(ctx context.Context, t task, try int) result {
	e := newExecution(x, t)
	t.body.states.update(t.pos, func(s *store.Step) {
		s.Status, s.Tries, s.Stdout, s.Stderr = store.StepRunning, try, e.outLog, e.errLog
	})
	return e.do(ctx)
}
