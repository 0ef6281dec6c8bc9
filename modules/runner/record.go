package runner

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"dagu/modules/fault"
	"dagu/modules/store"
)

// record writes how the attempt ended. It does not give up before the runner does.
func (x *run) record(o outcome) (store.Result, error) {
	fault.Of("runner.record", x.rec.DAG)
	result := store.Result{Status: o.status, Reason: o.reason, Error: x.secrets.Text(o.message(x.rec)), Steps: x.steps.close()}
	if x.foreground && result.Reason == store.ReasonShutdown {
		result.Reason = store.ReasonStopped // its process was told to end, and it is all there is in it
	}
	if o.adopted {
		return result, x.recordAdopted(result)
	}
	x.tell(result)
	if x.isLost() {
		return result, fmt.Errorf("record run %s: %w", x.rec.ID, store.ErrLost)
	}
	ctx := context.Background() // the store has deadlines of its own
	shutdown := result.Reason == store.ReasonShutdown && o.cut && x.rec.Parent == ""
	if shutdown && o.unbegun {
		err := x.insist(ctx, "return of the run to its queue", func() error {
			return x.runner.store.Unadmit(ctx, x.rec.Ref())
		})
		if !errors.Is(err, store.ErrLost) { // otherwise it has begun after all
			return result, err
		}
	}
	if shutdown && x.rec.RetryInterrupted {
		if err := x.endRemains(); err != nil {
			return result, err
		}
	}
	run := store.Run{Status: result.Status}
	fault.At("runner.end")
	err := x.insist(ctx, "end of the run", func() (err error) {
		switch {
		case shutdown && !o.again:
			run, err = x.runner.store.Interrupt(ctx, x.rec.Ref(), result)
		case o.again:
			run, err = x.runner.store.RetryLater(ctx, x.rec.Ref(), result, x.dag.Retry.Wait(x.rec.Retries))
		default:
			err = x.runner.store.Finish(ctx, x.rec.Ref(), result)
		}
		return err
	})
	if err != nil {
		x.log.Error("the end of the run could not be recorded", zap.String("status", string(result.Status)), zap.Error(err))
		return result, fmt.Errorf("record run %s: %w", x.rec.ID, err)
	}
	fault.At("runner.ended")
	x.tellNext(run)
	return result, nil
}

// tell logs how the attempt ended.
func (x *run) tell(result store.Result) {
	took := time.Since(x.began)
	x.journal.printf(ending+"%s%s after %s", result.Status, bracketed(string(result.Reason)), took.Round(time.Millisecond))
	if result.Error != "" {
		x.journal.printf("%s", result.Error)
	}
	fields := []zap.Field{zap.String("status", string(result.Status)), zap.Duration("duration", took)}
	if result.Reason != "" {
		fields = append(fields, zap.String("reason", string(result.Reason)))
	}
	if result.Error != "" {
		fields = append(fields, zap.String("error", result.Error))
	}
	x.log.Info("run ended", fields...)
}

// warn tells of trouble that the run goes on in spite of.
func (x *run) warn(message string, err error) {
	err = x.masked(err)
	x.log.Warn(message, zap.Error(err))
	x.journal.printf("warning: %s: %s", message, err)
}

func bracketed(text string) string {
	if text == "" {
		return ""
	}
	return " (" + text + ")"
}
