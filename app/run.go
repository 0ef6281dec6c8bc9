package app

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"go.uber.org/dig"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/config"
	"dagu/modules/health"
	"dagu/modules/logging"
	"dagu/modules/runner"
)

const (
	// killTimeout bounds what a second signal still waits for.
	killTimeout = 2 * time.Second
	// farewell bounds the last log lines, on every way out.
	farewell = 100 * time.Millisecond

	// ExitInterrupted is the exit code of a process that a signal broke off.
	ExitInterrupted = 130
)

// process is the life of a process that serves. fx's own Run is no help here: it
// hears signals only after the start, only the first, and skips every stop hook
// once its context is done.
type process struct {
	config   config.Config
	app      *fx.App
	registry *health.Registry
	runner   *runner.Runner
	logger   *logging.Logger
	log      *zap.Logger
	signals  <-chan os.Signal
}

// Serve runs a graph until a signal or a failure ends it, and returns the exit
// code: 0 after a stop, 1 after a failed start or a death from within, 130 when a
// second signal broke the stop off. It returns within stop_timeout of the first
// signal whatever a hook does. The error is the root cause of a failed start.
func Serve(c *config.Loaded, graph Graph) (int, error) {
	signals, release := catch()
	defer release()
	makeRoomForForks()

	self, err := runner.NewSelf()
	if err != nil {
		return 1, err
	}
	p := &process{config: c.Config, signals: signals}
	var engine struct {
		fx.In
		Runner *runner.Runner `optional:"true"`
	}
	p.app = fx.New(graph(c), fx.Supply(&self), fx.WithLogger(logging.FxLogger), fx.Populate(&p.registry, &p.logger, &p.log, &engine))
	if err := p.app.Err(); err != nil {
		return 1, rootCause(err)
	}
	p.runner = engine.Runner
	defer p.farewell()
	return p.live()
}

// forkers is how many forks may be under way while everything else goes on.
const forkers = 2

// makeRoomForForks lets more goroutines run at once than there are cores, unless the
// environment says how many. A fork keeps its place among those that run until the
// child has reached its program, although it sleeps most of that time: without
// further places a process that starts many steps answers no probe meanwhile.
func makeRoomForForks() {
	if os.Getenv("GOMAXPROCS") == "" {
		runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + forkers)
	}
}

// live starts, waits for the end, and stops.
func (p *process) live() (int, error) {
	started := make(chan error, 1)
	// Never cancelled: fx would skip the hooks that undo a start.
	go func() { started <- p.app.Start(context.Background()) }()
	late := time.NewTimer(p.config.Scheduler.StartTimeout)
	defer late.Stop()

	select {
	case err := <-started:
		if err != nil {
			return 1, rootCause(err)
		}
	case <-late.C:
		return 1, fmt.Errorf("start: not finished within start_timeout (%v)", p.config.Scheduler.StartTimeout)
	case sig := <-p.signals:
		return p.stop(sig.String(), 0, started), nil
	}
	started <- nil
	debug.FreeOSMemory() // a start reads all that there is; what follows needs a fraction

	select {
	case sig := <-p.signals:
		return p.stop(sig.String(), 0, started), nil
	case code := <-p.died():
		return p.stop("a part of the process died", code, started), nil
	}
}

// died tells the exit code when a part ends the process, which is never 0. fx
// relays signals the same way, with 0: those reach us by themselves, and taken
// from here the same signal would count twice.
func (p *process) died() <-chan int {
	code := make(chan int, 1)
	end := p.app.Wait()
	go func() { // lives as long as the process
		if e := <-end; e.ExitCode != 0 {
			code <- e.ExitCode
		}
	}()
	return code
}

// stop ends the process in order, however far its start has come.
func (p *process) stop(why string, code int, started <-chan error) int {
	p.registry.Advance(health.Draining)
	p.log.Info("stopping", zap.String("reason", why), zap.Duration("stop_timeout", p.config.Scheduler.StopTimeout))
	ctx, cancel := context.WithTimeout(context.Background(), p.config.Scheduler.StopTimeout)
	defer cancel()

	stopped := make(chan error, 1)
	go func() {
		if err := <-started; err != nil {
			stopped <- err // fx has undone the start already
			return
		}
		stopped <- p.app.Stop(ctx)
	}()
	select {
	case err := <-stopped:
		if err != nil {
			p.log.Error("stop was not clean", zap.Error(rootCause(err)))
		}
		return code
	case <-ctx.Done():
		p.log.Error("stop_timeout is over, ending at once")
		return code
	case sig := <-p.signals:
		return p.kill(sig)
	}
}

// kill answers a second signal, and a third.
func (p *process) kill(sig os.Signal) int {
	p.log.Warn("second signal: killing what runs", zap.Stringer("signal", sig))
	ctx, cancel := context.WithTimeout(context.Background(), killTimeout)
	defer cancel()
	killed := make(chan struct{})
	go func() {
		defer close(killed)
		if p.runner == nil {
			return
		}
		if err := p.runner.Kill(ctx); err != nil {
			p.log.Error("not all was killed and recorded", zap.Error(err))
		}
	}()
	select {
	case <-killed:
	case <-ctx.Done():
	case <-p.signals:
	}
	return ExitInterrupted
}

// farewell gives the last log lines a moment.
func (p *process) farewell() {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	_ = p.logger.Stop(ctx) // what it could not write, nobody will read
}

// rootCause strips what dig wraps around an error of ours.
func rootCause(err error) error { return dig.RootCause(err) }
