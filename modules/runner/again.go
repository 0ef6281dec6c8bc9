package runner

import (
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"dagu/modules/dag"
	"dagu/modules/runner/walk"
	"dagu/modules/store"
)

// isRetried tells whether a run that has come to o gets another attempt by its
// retry policy. One that a user stopped, or of which only some steps were to run, does
// not, and neither does one whose queue nobody would serve.
func (x *run) isRetried(o outcome) bool {
	switch {
	case o.status != store.StatusFailed, o.reason == store.ReasonInternalError, x.stopReason() == store.ReasonStopped:
		return false
	case x.graph == nil: // the text is not fit to run, and stays so
		return false
	case x.rec.Parent != "": // the step that waits for it has a retry policy of its own
		return false
	case x.dag.Retry == nil, x.rec.Retries >= x.dag.Retry.Limit, len(x.rec.Only) > 0:
		return false
	case !x.foreground:
		return true
	}
	alive, err := x.runner.store.SchedulerAlive(context.Background()) // the store has a deadline of its own
	if err != nil {
		x.warn("whether a scheduler would retry the run is not known: it is not retried", err)
	}
	return alive
}

// remainsTimeout bounds the search for what an attempt has left running. It is
// less than what a stop reserves to record the runs that it kills.
const remainsTimeout = 2 * time.Second

// endRemains ends what an attempt that was cut short has left running, also what
// detached itself, since the next one may begin as soon as the run is queued. When
// that fails the run is left open: it is queued by whoever ends the rest.
func (x *run) endRemains() error {
	ctx, cancel := context.WithTimeout(context.Background(), remainsTimeout)
	defer cancel()
	if err := x.runner.EndLeftovers(ctx, x.attempts()); err != nil {
		x.log.Error("processes of the run live on, so it stays open until a scheduler has ended them", zap.Error(err))
		return fmt.Errorf("end run %s: %w", x.rec.ID, err)
	}
	return nil
}

// tellNext tells what became of the run when its attempt was recorded.
func (x *run) tellNext(run store.Run) {
	switch {
	case run.Waiting():
		x.log.Info("run is queued again", zap.Time("not_before", run.NotBefore))
		x.journal.printf("run is queued again, not before %s", run.NotBefore.UTC().Format(time.RFC3339))
		return
	case run.Reason == store.ReasonPoison:
		x.log.Warn("run is not tried again", zap.String("reason", string(run.Reason)))
		x.journal.printf("run failed%s: %s", bracketed(string(run.Reason)), run.Error)
	}
	x.runner.options.Metrics.ended(x.rec.DAG, run.Status)
}

// runsAgain tells whether a step with this state in an earlier attempt runs in this one.
func (x *run) runsAgain(s *store.Step) bool {
	if len(x.rec.Only) > 0 {
		return slices.Contains(x.rec.Only, s.Name)
	}
	switch s.Status {
	case store.StepSucceeded, store.StepPartiallySucceeded, store.StepSkipped:
		return false
	default:
		return true
	}
}

// detached is the graph of an attempt: the step that it is about runs whatever became
// of those that it depends on.
func (x *run) detached() *dag.Graph {
	if len(x.rec.Only) == 0 {
		return x.graph
	}
	at := slices.IndexFunc(x.dag.Steps, func(s dag.Step) bool { return s.Name == x.rec.Only[0] })
	if at < 0 {
		return x.graph
	}
	return x.graph.Detach(at)
}

// carried lists the ends of the steps that do not run in this attempt.
func (x *run) carried(skippable func(step int) bool) []walk.End {
	var ends []walk.End
	for i, s := range x.steps.all()[:len(x.dag.Steps)] {
		end := walk.End{Step: i, Status: s.Status}
		switch s.Status {
		case store.StepSucceeded, store.StepPartiallySucceeded:
			end.Passed = true
		case store.StepSkipped:
			end.Passed = skippable(i)
		case store.StepFailed:
			end.Passed = s.Continued
		case store.StepNotStarted:
			if len(x.rec.Only) == 0 || slices.Contains(x.rec.Only, s.Name) {
				continue
			}
			end.Status = store.StepAborted
		default:
		}
		ends = append(ends, end)
	}
	return ends
}
