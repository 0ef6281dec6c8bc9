package runner

import (
	"context"
	"fmt"
	"strings"

	"dagu/modules/dag"
	"dagu/modules/runlog"
	"dagu/modules/runner/guard"
	"dagu/modules/runner/walk"
	"dagu/modules/store"
)

// outcome is what became of a run so far.
type outcome struct {
	status store.Status
	reason store.Reason
	// errs are what the user is told about a failure.
	errs []string
	// cut tells that a stop kept something from its own end.
	cut bool
	// unbegun tells that nothing was started, so that the run may go back to its queue.
	unbegun bool
	// adopted tells that an earlier life executed the run.
	adopted bool
	// bare tells that there is nothing that a handler could work with.
	bare bool
	// again tells that another attempt follows, so that the run has not failed yet.
	again bool
}

// rejected is the outcome of a run that failed before its first step.
func rejected(err error) outcome {
	return outcome{status: store.StatusFailed, errs: []string{err.Error()}, bare: true}
}

// stopped is the outcome of a run that was stopped outside of its steps.
func (x *run) stopped() outcome {
	o := outcome{status: store.StatusAborted, cut: true}
	return x.blame(o)
}

// blame gives an outcome that a stop has cut its reason.
func (x *run) blame(o outcome) outcome {
	o.cut, o.reason = true, x.stopReason()
	switch o.reason {
	case store.ReasonTimeout:
		o.status = store.StatusFailed
		o.errs = append(o.errs, fmt.Sprintf("the run timed out after %s", x.dag.Timeout))
	case store.ReasonShutdown:
		if x.rec.RetryInterrupted { // what had failed is run again; otherwise it has failed
			o.status = store.StatusAborted
		}
	default:
	}
	return o
}

// judge returns how the steps came out.
func (x *run) judge(ctx context.Context) outcome {
	steps := x.steps.all()[:len(x.dag.Steps)]
	cut := ctx.Err() != nil
	o := outcome{status: walk.Status(steps, cut || len(x.rec.Only) > 0)}
	open := -1 // the last step that is not over
	for i := range steps {
		switch steps[i].Status {
		case store.StepFailed:
			if o.status == store.StatusFailed {
				o.errs = append(o.errs, x.failure(&steps[i]))
			}
		case store.StepSucceeded, store.StepPartiallySucceeded, store.StepSkipped:
		default:
			open = i
		}
	}
	switch {
	case cut && open >= 0 && x.stopReason() != "":
		o = x.blame(o)
	case !cut && o.status == store.StatusAborted:
		o.errs = append(o.errs, fmt.Sprintf("step %s is %s, and was not to run again", steps[open].Name, steps[open].Status))
	}
	return o
}

// handlers returns those that run after an outcome, in order.
func (o outcome) handlers() []slot {
	if o.bare {
		return nil
	}
	switch o.status {
	case store.StatusSucceeded, store.StatusPartiallySucceeded:
		return []slot{slotSuccess, slotExit}
	case store.StatusAborted:
		return []slot{slotAbort, slotExit}
	case store.StatusFailed:
		if o.again {
			return []slot{slotExit}
		}
	default:
	}
	return []slot{slotFailure, slotExit}
}

// afterHandler returns the outcome after a handler. A failing handler fails the run.
func (x *run) afterHandler(o outcome, end taskEnd) outcome {
	switch end.status {
	case store.StepFailed:
		o.status = store.StatusFailed
		o.errs = append(o.errs, x.failure(x.steps.get(end.pos)))
	case store.StepAborted:
		return o.interrupted(x.stopReason())
	default:
	}
	return o
}

// interrupted returns the outcome after a handler was kept from its own end. A
// run that had failed before stays as it is.
func (o outcome) interrupted(reason store.Reason) outcome {
	if o.status == store.StatusFailed || o.cut {
		return o
	}
	o.status, o.reason, o.cut = store.StatusAborted, reason, true
	return o
}

// mostErrs is how many failed steps a message tells of.
const mostErrs = 5

// message is what the user is told, "" when nothing failed.
func (o outcome) message(rec store.Run) string {
	if len(o.errs) == 0 {
		return ""
	}
	text := strings.Join(o.errs[:min(len(o.errs), mostErrs)], "\n")
	if more := len(o.errs) - mostErrs; more > 0 {
		text += fmt.Sprintf("\nand %d more", more)
	}
	return fmt.Sprintf("failed to execute the dag-run %s (dag-run ID: %s): %s", rec.DAG, rec.ID, text)
}

// The end of a failed step's stderr is part of the message: so many bytes at
// most, and so many lines.
const (
	tailBytes = 2 << 10
	tailLines = 10
)

// failure tells why a step failed, with the end of what it wrote to stderr.
func (x *run) failure(s *store.Step) string {
	text := fmt.Sprintf("step %s: %s", s.Name, s.Error)
	if s.Stderr == "" {
		return text
	}
	path := s.Stderr
	tail, err := guard.Do(context.Background(), x.runner.guard, func(touch *guard.Touch) ([]byte, error) {
		if err := touch.At("log file " + path); err != nil {
			return nil, err
		}
		return runlog.Tail(path, tailBytes)
	}, nil)
	if err != nil {
		return text // the step may not have come to open its log
	}
	said := x.temps.hideScripts(strings.ToValidUTF8(strings.TrimSpace(string(tail)), "?"))
	lines := strings.Split(said, "\n")
	for _, line := range lines[max(0, len(lines)-tailLines):] {
		if line != "" {
			text += "\n  " + line
		}
	}
	return text
}

// slot is a point of a run at which a handler may run.
type slot int

const (
	slotInit slot = iota
	slotSuccess
	slotFailure
	slotAbort
	slotExit
	slots
)

// step returns the handler of the slot; nil is none.
func (s slot) step(d *dag.DAG) *dag.Step {
	return [...]*dag.Step{d.Handlers.Init, d.Handlers.Success, d.Handlers.Failure, d.Handlers.Abort, d.Handlers.Exit}[s]
}
