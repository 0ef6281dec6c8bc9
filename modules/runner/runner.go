package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"

	"dagu/modules/fault"
	"dagu/modules/runlog"
	"dagu/modules/runner/environ"
	"dagu/modules/runner/guard"
	"dagu/modules/runner/process"
	"dagu/modules/store"
)

// ErrDraining tells that a runner which stops, or has not been started, takes no runs.
var ErrDraining = errors.New("the runner takes no more runs")

// Runner executes runs. All methods may be called at once.
type Runner struct {
	options Options
	store   Store
	logs    *runlog.Log
	log     *zap.Logger

	processes *process.Supervisor
	guard     *guard.Guard
	host      environ.Env // what texts may name of our environment
	inherited environ.Env // what steps inherit of it
	bases     bases
	recent    recent

	mu     sync.Mutex
	open   bool // takes runs
	active map[string]*run
	busy   int           // runs that are active or on their way back to their queue
	idle   chan struct{} // closed when busy falls to 0; nil while it is
	quit   context.CancelFunc
	// quitting is closed when nothing is to be recorded any more.
	quitting <-chan struct{}
	loops    sync.WaitGroup
	// draining tells that Stop was called, and drained what ended since.
	draining bool
	drained  Drained
}

// New returns a Runner that takes no runs until Start. The error names the
// option that is wrong.
func New(options Options, st Store, logs *runlog.Log, log *zap.Logger) (*Runner, error) {
	options, err := options.withDefaults()
	if err != nil {
		return nil, err
	}
	ours := environ.Parse(options.Environ)
	return &Runner{
		options:   options,
		store:     st,
		logs:      logs,
		log:       log,
		processes: process.New(),
		guard:     guard.New(guard.Options{Timeout: options.FileTimeout}),
		host:      ours.Visible(),
		inherited: ours.Inherit(options.EnvPassthrough),
		active:    make(map[string]*run),
	}, nil
}

// Start prepares to fork and listens for stop requests. A second call, or one
// after Stop, does nothing.
func (r *Runner) Start(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.quit != nil {
		return nil
	}
	if err := os.MkdirAll(r.options.TempDir, 0o700); err != nil {
		return fmt.Errorf("create directory for temporary files: %w", err)
	}
	if err := r.processes.Start(); err != nil {
		return err
	}
	life, quit := context.WithCancel(context.WithoutCancel(ctx))
	r.quit, r.quitting, r.open = quit, life.Done(), true
	stops, unsubscribe := r.store.Subscribe(store.TopicStop)
	r.loops.Go(func() {
		defer unsubscribe()
		r.watchStops(life, stops)
	})
	return nil
}

// Execute takes over an admitted run and returns at once. It calls done exactly
// once, when the end of the run is recorded or the run is back in its queue.
func (r *Runner) Execute(rec store.Run, done func()) {
	x, life, err := r.enter(rec)
	switch {
	case errors.Is(err, ErrDraining):
		r.giveBack(rec, done)
		return
	case err != nil:
		r.log.Error("run is not executed", zap.String("run_id", rec.ID), zap.Error(err))
		done()
		return
	}
	go func() {
		defer done()
		_, _ = r.execute(life, x) // recorded and logged
	}()
}

// Run executes a run that this process started itself and returns how it ended.
// The end of ctx stops the run as a user would; handlers run even then. The
// error tells why the end could not be recorded, or is ErrDraining. Watch may be nil.
func (r *Runner) Run(ctx context.Context, rec store.Run, watch Observer) (store.Result, error) {
	x, life, err := r.enter(rec)
	if err != nil {
		return store.Result{}, err
	}
	x.watch, x.foreground = watch, true
	unwatch := context.AfterFunc(ctx, func() { x.stop(store.ReasonStopped) })
	defer unwatch()
	return r.execute(life, x)
}

// execute executes a run that was entered, and leaves it.
func (r *Runner) execute(life context.Context, x *run) (result store.Result, err error) {
	defer r.leave(x)
	result, err = x.execute(life)
	r.note(x.rec, result, err)
	return result, err
}

// Active is the number of runs that are executed now.
func (r *Runner) Active() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.active)
}

// enter registers a run. The context it returns ends when the run is killed.
func (r *Runner) enter(rec store.Run) (*run, context.Context, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	fault.At("runner.lock")
	if !r.open {
		return nil, nil, ErrDraining
	}
	if _, ok := r.active[rec.ID]; ok {
		return nil, nil, fmt.Errorf("run %s is executed already: %w", rec.ID, store.ErrExists)
	}
	x, life := newRun(r, rec)
	r.active[rec.ID] = x
	r.options.Metrics.entered(1)
	r.begin()
	return x, life, nil
}

func (r *Runner) leave(x *run) {
	x.kill(store.ReasonShutdown) // nothing is left that it could end; it frees the context
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.active, x.rec.ID)
	r.options.Metrics.entered(-1)
	r.end()
}

// begin and end count what Stop waits for. The caller holds mu.
func (r *Runner) begin() {
	if r.busy++; r.idle == nil {
		r.idle = make(chan struct{})
	}
}

func (r *Runner) end() {
	if r.busy--; r.busy == 0 {
		close(r.idle)
		r.idle = nil
	}
}

// giveBack returns a run that came too late to its queue.
func (r *Runner) giveBack(rec store.Run, done func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begin()
	go func() {
		defer done()
		ctx, cancel := context.WithTimeout(context.Background(), giveBackTimeout)
		defer cancel()
		if err := r.store.Unadmit(ctx, rec.Ref()); err != nil {
			r.log.Error("run could not be returned to its queue", zap.String("run_id", rec.ID), zap.Error(err))
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.end()
	}()
}

// giveBackTimeout bounds the return of a run to its queue.
const giveBackTimeout = 10 * time.Second
