package runner

import (
	"context"
	"time"

	"dagu/modules/fault"
	"dagu/modules/runner/walk"
	"dagu/modules/store"
)

// walkSteps runs the steps, until all are over or ctx ends: then those that have
// not started are aborted, and the running ones, which end by ctx themselves,
// are waited for.
func (x *run) walkSteps(ctx context.Context, b *body) {
	w := walk.New(b.walked, b.limit, b.skippable)
	x.settle(b, w.Carry(b.carried))
	ends := make(chan taskEnd, len(b.steps))
	pace := pacer{delay: b.delay}
	defer pace.stop()
	stop := ctx.Done()
	for !w.Done() {
		if stop != nil && ctx.Err() != nil {
			stop = nil
			x.settle(b, w.Cancel())
		}
		if pace.ready() {
			next := w.Next(pace.most())
			for _, i := range next {
				x.startStep(ctx, b, i, ends)
			}
			pace.started(len(next))
		}
		if w.Done() {
			return
		}
		select {
		case end := <-ends:
			if end.cancel {
				b.cancel()
			}
			x.settle(b, w.Finish(end.pos, end.status, end.passed))
		case <-pace.over:
			pace.over = nil
		case <-stop:
		}
	}
}

// startStep runs a step in a goroutine, which sends its end.
func (x *run) startStep(ctx context.Context, b *body, i int, ends chan<- taskEnd) {
	x.tasks.Go(func() {
		end := taskEnd{pos: i, status: store.StepFailed, cancel: true}
		defer func() { ends <- end }()
		defer x.confine()
		fault.Of("runner.step", x.rec.DAG)
		end = x.runTask(ctx, x.stepTask(b, i))
	})
}

// settle records steps that were over without being started.
func (x *run) settle(b *body, list []walk.Settled) {
	for _, s := range list {
		if b.states.get(s.Step).Status != store.StepNotStarted {
			continue // carried from an earlier attempt
		}
		b.states.update(s.Step, func(step *store.Step) {
			step.Status, step.Finished = s.Status, time.Now()
		})
		x.journal.printf("step %s: %s, not started", b.logs+b.steps[s.Step].Name, s.Status)
	}
}

// unwalked records the steps of a run that was stopped before its first one.
func (x *run) unwalked(o outcome) outcome {
	if o.cut {
		b := x.main()
		w := walk.New(b.walked, 0, nil)
		w.Carry(x.carried(func(int) bool { return true }))
		x.settle(b, w.Cancel())
	}
	return o
}

// runTask runs a step or a handler: its preconditions, its executions, and what
// its end means for others.
func (x *run) runTask(ctx context.Context, t task) taskEnd {
	t.body.states.update(t.pos, func(s *store.Step) { s.Status, s.Started = store.StepRunning, time.Now() })
	x.journal.printf("step %s: started", t.title())
	if err := x.check(ctx, t, t.step.Preconditions); err != nil {
		return x.unmet(ctx, t, err)
	}
	end := x.conclude(t, x.repeat(ctx, t))
	if end.status == store.StepFailed && t.step.MailOnError {
		x.tasks.Go(func() {
			defer x.confine()
			x.mailFailure(ctx, t)
		})
	}
	return end
}

// unmet ends a task whose preconditions keep it from running.
func (x *run) unmet(ctx context.Context, t task, err error) taskEnd {
	end := taskEnd{pos: t.pos, status: store.StepFailed, cancel: !t.handler}
	switch {
	case ctx.Err() != nil:
		end.status, end.cancel = store.StepAborted, false
	case isNotMet(err):
		end.status, end.cancel, end.passed = store.StepSkipped, false, t.step.ContinueOn.Skipped
	}
	t.body.states.update(t.pos, func(s *store.Step) {
		s.Status, s.Finished, s.Error = end.status, time.Now(), "precondition: "+err.Error()
	})
	x.journal.printf("step %s: %s: precondition: %s", t.title(), end.status, err)
	return end
}

// conclude decides what the last execution of a task makes of it.
func (x *run) conclude(t task, r result) taskEnd {
	end := taskEnd{pos: t.pos, status: store.StepSucceeded, passed: true}
	switch {
	case r.aborted:
		end.status, end.passed = store.StepAborted, false
	case r.err != nil:
		end.status, end.passed = store.StepFailed, x.continues(t, r)
	case r.partial:
		end.status = store.StepPartiallySucceeded
	}
	continued := end.status == store.StepFailed && end.passed
	if continued && t.step.ContinueOn.MarkSuccess {
		end.status = store.StepSucceeded
	}
	t.body.states.update(t.pos, func(s *store.Step) {
		s.Status, s.Finished, s.Continued = end.status, time.Now(), continued
		s.Exited, s.ExitCode, s.Error = r.exited, r.code, ""
		if r.err != nil {
			s.Error = r.err.Error()
		}
		if end.passed {
			s.Output, s.HasOutput, s.OutputValue = t.step.Output, r.captured, r.output
			s.Emitted, s.Published = r.emitted, r.published
		}
	})
	x.journal.printf("step %s: %s%s", t.title(), end.status, r.describe())
	return end
}
