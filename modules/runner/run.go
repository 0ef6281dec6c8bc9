package runner

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"go.uber.org/zap"

	"dagu/modules/dag"
	"dagu/modules/fault"
	"dagu/modules/runlog"
	"dagu/modules/runner/mask"
	"dagu/modules/store"
)

// run is one attempt of a run.
type run struct {
	*control
	runner     *Runner
	rec        store.Run
	watch      Observer
	foreground bool
	depth      int // how many runs it is inside of
	log        *zap.Logger
	began      time.Time // with its monotonic reading, which the record's has lost

	// Set while the run is prepared, read-only then. A run inside of another may have
	// the first two from there.
	dag     *dag.DAG
	graph   *dag.Graph
	files   *runlog.Run
	steps   *recorder
	journal *journal
	root    scope
	// secrets masks what the run tells; nil where it has none.
	secrets *mask.Masker
	// hidden are those that it masks: its own, and those of the runs that it is inside of.
	hidden  []mask.Secret
	rootDir string
	// artifacts is the directory of the run's artifacts; "" where they are off.
	artifacts string

	temps temps
	tasks sync.WaitGroup // step goroutines
	first sync.Once      // process

	mu sync.Mutex
	// broken is what a panic said; lost tells that another process may have the run.
	broken string
	lost   bool
	// inside are the attempts of runs that were executed inside of this one, however deep.
	inside []store.Run
}

// newRun returns a run with the context that a kill ends.
func newRun(r *Runner, rec store.Run) (*run, context.Context) {
	life, finish := context.WithCancelCause(context.Background())
	return &run{
		control: &control{finish: finish, killed: life.Done()},
		runner:  r,
		rec:     rec,
		began:   time.Now(),
		log:     r.log.With(zap.String("dag", rec.DAG), zap.String("run_id", rec.ID), zap.Int("attempt", rec.Attempt)),
		temps:   temps{dir: r.options.TempDir, prefix: rec.ID + "."},
	}, life
}

// execute runs the attempt and records its end. Life ends when the run is killed.
func (x *run) execute(life context.Context) (store.Result, error) {
	o := x.attempt(life)
	x.temps.remove()
	defer x.journal.close()
	for range 2 {
		if ok, result, err := x.tryRecord(o); ok {
			if err == nil && !o.again {
				x.mailEnd(life, result)
			}
			return result, err
		}
		o = x.internalError()
	}
	return store.Result{}, fmt.Errorf("record run %s: %s", x.rec.ID, x.brokenBy())
}

// tryRecord records the end; false when it panicked.
func (x *run) tryRecord(o outcome) (ok bool, result store.Result, err error) {
	defer x.confine()
	result, err = x.record(o)
	return true, result, err
}

// attempt does everything but to record the end. A panic ends this run alone.
func (x *run) attempt(life context.Context) (o outcome) {
	defer func() {
		x.tasks.Wait()
		if x.brokenBy() != "" {
			o = x.internalError()
		}
	}()
	defer x.confine()
	o = x.walkMain(life)
	o.again = x.isRetried(o)
	failed := o.status == store.StatusFailed
	o = x.walkHandlers(life, o)
	switch {
	case !failed:
		o.again = x.isRetried(o)
	case o.again && x.stopReason() == store.ReasonStopped: // as when it had waited already
		o.again, o.status, o.reason = false, store.StatusAborted, store.ReasonStopped
	default: // the failure handler has run, or is to run after the last attempt
	}
	return o
}

// walkMain prepares the run and runs the gate, the init handler and the steps. A
// stop, or the timeout of the run, ends any of that.
func (x *run) walkMain(life context.Context) outcome {
	ctx, end := x.enterSteps(life)
	defer end(nil)
	if o, ok := x.prepare(ctx); !ok {
		return o
	}
	defer x.startTimeout()()
	fault.Of("runner.run", x.rec.DAG)
	for _, pass := range [...]func(context.Context) (outcome, bool){x.resolve, x.passGate, x.passInit} {
		if o, ok := pass(ctx); !ok {
			return x.unwalked(o)
		}
	}
	x.walkSteps(ctx, x.main())
	return x.judge(ctx)
}

// walkHandlers runs the handlers for what became of the steps.
func (x *run) walkHandlers(life context.Context, o outcome) outcome {
	for _, slot := range o.handlers() {
		if slot.step(x.dag) == nil {
			continue
		}
		if life.Err() != nil {
			return o.interrupted(x.stopReason())
		}
		x.journal.printf("run is %s so far", o.status)
		ctx, end := x.enterHandler(life)
		o = x.afterHandler(o, x.runHandler(ctx, slot, o.status))
		end(nil)
	}
	return o
}

// confine is deferred: a panic of ours ends this run, and nothing else.
func (x *run) confine() {
	p := recover()
	if p == nil {
		return
	}
	x.log.Error("a panic ended the run", zap.String("panic", x.secrets.Text(fmt.Sprint(p))), zap.ByteString("stack", debug.Stack()))
	x.mu.Lock()
	if x.broken == "" {
		x.broken = fmt.Sprintf("internal error: %v", p)
	}
	x.mu.Unlock()
	x.kill(store.ReasonInternalError)
}

// internalError is the outcome of a run that a panic has ended.
func (x *run) internalError() outcome {
	x.steps.abandon()
	return outcome{status: store.StatusFailed, reason: store.ReasonInternalError, errs: []string{x.brokenBy()}}
}

func (x *run) brokenBy() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.broken
}

// lose ends a run that is not ours any more.
func (x *run) lose() {
	x.mu.Lock()
	x.lost = true
	x.mu.Unlock()
	x.kill(store.ReasonWorkerLost)
}

func (x *run) isLost() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.lost
}
