package runner

import (
	"context"
	"slices"
	"time"

	"dagu/modules/dag"
	"dagu/modules/store"
)

// repetition is a repeat policy with its texts resolved.
type repetition struct {
	dag.Repeat
	// limit counts all executions; 0 is none.
	limit                 int
	interval, maxInterval time.Duration
}

// repetitionOf resolves the repeat policy of a task. Handlers have none.
func repetitionOf(t task) (*repetition, error) {
	if t.step.Repeat == nil || t.handler {
		return nil, nil //nolint:nilnil // none is no error
	}
	p := &repetition{Repeat: *t.step.Repeat}
	var interval, most int
	for _, field := range []struct {
		to         *int
		name, text string
	}{{&p.limit, "limit", p.Limit}, {&interval, "interval_sec", p.Interval}, {&most, "max_interval_sec", p.MaxInterval}} {
		if field.text == "" {
			continue
		}
		var err error
		if *field.to, err = integer(t, "repeat_policy."+field.name, field.text); err != nil {
			return nil, err
		}
	}
	p.interval, p.maxInterval = time.Duration(interval)*time.Second, time.Duration(most)*time.Second
	return p, nil
}

// repeat executes a task, with its retries, as often as its repeat policy wants.
func (x *run) repeat(ctx context.Context, t task) result {
	p, err := repetitionOf(t)
	if err != nil {
		return result{err: err}
	}
	if p == nil {
		return x.insistOn(ctx, t, 0)
	}
	tries := 0
	for times := 1; ; times++ {
		t.round = times - 1
		r := x.insistOn(ctx, t, tries)
		tries = r.tries
		if r.aborted || r.timedOut || (p.limit > 0 && times >= p.limit) || !p.wants(r) {
			return r
		}
		if ctx.Err() == nil && !x.holds(ctx, t, p, r) {
			return r
		}
		wait := dag.Pause(p.interval, p.Backoff, p.maxInterval, times-1)
		t.body.states.update(t.pos, func(s *store.Step) { s.Status, s.Exited, s.ExitCode = store.StepRunning, r.exited, r.code })
		x.journal.printf("step %s: execution %d is over%s; the next one in %s", t.title(), times, r.describe(), wait)
		if !pause(ctx, wait) {
			r.aborted, r.err = true, errRepeatCut
			return r
		}
	}
}

// grace returns a context that ends max_clean_up_time_sec after ctx, and with ctx when
// the run is killed, and its end.
func (x *run) grace(ctx context.Context) (context.Context, func()) {
	longer, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	unwatch := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(x.dag.MaxCleanUp)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-x.killed:
		case <-longer.Done():
		}
		cancel(context.Cause(ctx))
	})
	return longer, func() {
		unwatch()
		cancel(nil)
	}
}

// wants tells whether an execution lets the policy go on, as far as its exit code
// says. A failing one ends the loop unless the policy has its code in view.
func (p *repetition) wants(r result) bool {
	listed := r.exited && slices.Contains(p.ExitCodes, r.code)
	switch {
	case p.Condition != "":
		return r.err == nil || listed
	case len(p.ExitCodes) > 0:
		return listed == (p.Mode == dag.RepeatWhile) && (r.exited || r.err == nil)
	default:
		return r.err == nil
	}
}

// holds tells whether the condition of the policy, if there is one, is for another
// execution. It can name what the execution has published.
func (x *run) holds(ctx context.Context, t task, p *repetition, r result) bool {
	if p.Condition == "" {
		return true
	}
	t.scope = t.scope.inner()
	if r.captured && t.step.Output != "" {
		t.scope.env[t.step.Output] = r.output
	}
	met, err := x.evaluate(ctx, t, dag.Condition{Condition: p.Condition, Expected: p.Expected})
	if err != nil {
		x.journal.printf("condition of repeat_policy cannot be evaluated: %s", err)
		return false
	}
	return met == (p.Mode == dag.RepeatWhile)
}
