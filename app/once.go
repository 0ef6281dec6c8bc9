package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/config"
	"dagu/modules/logging"
	"dagu/modules/runner"
	"dagu/modules/scheduler"
	"dagu/modules/store"
)

// stopOnce bounds the stop of a one-shot command's graph.
const stopOnce = 10 * time.Second

// warnings keeps what one-shot commands log to warnings, unless debug is on. They
// go to out; nil is stderr.
func warnings(out io.Writer) fx.Option {
	level := fx.Decorate(func(log *zap.Logger, c config.Config) *zap.Logger {
		if c.Debug {
			return log
		}
		return log.WithOptions(zap.IncreaseLevel(zap.WarnLevel))
	})
	if out == nil {
		return level
	}
	return fx.Options(level, fx.Supply(fx.Annotate(out, fx.As(new(io.Writer)), fx.ResultTags(`name:"log"`))))
}

// Once starts a graph, calls work, and stops the graph. Before work is called,
// each target, a pointer, is set to the graph's part of its type. The error is
// work's own, else the root cause of a failed start. Only warnings are logged.
func Once(ctx context.Context, graph fx.Option, work func(context.Context) error, targets ...any) error {
	return once(ctx, fx.Options(graph, warnings(nil)), work, targets...)
}

func once(ctx context.Context, graph fx.Option, work func(context.Context) error, targets ...any) error {
	var logger *logging.Logger
	app := fx.New(graph, fx.WithLogger(logging.FxLogger), fx.Populate(append(targets, &logger)...))
	if err := app.Err(); err != nil {
		return rootCause(err)
	}
	// Not the caller's context: fx would skip the hooks that undo a start.
	if err := app.Start(context.WithoutCancel(ctx)); err != nil {
		return rootCause(err)
	}
	err := work(ctx)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopOnce)
	defer cancel()
	if e := app.Stop(stop); e != nil {
		err = errors.Join(err, fmt.Errorf("stop: %w", rootCause(e)))
	}
	_ = logger.Stop(stop) // what it could not write, nobody will read
	return err
}

// Foreground is the part of the graph that executes a run in this process.
type Foreground struct {
	Store  *store.Store
	Runner *runner.Runner
	log    *zap.Logger
}

// Recover closes the runs of processes that died, where no scheduler does it.
func (f Foreground) Recover(ctx context.Context) error {
	return scheduler.Recover(ctx, f.Store, f.Runner, f.log)
}

// ErrInterrupted tells that a signal ended the work.
var ErrInterrupted = errors.New("interrupted by a signal")

// InForeground starts the graph that executes runs, which logs its warnings to
// log, nil for stderr, and calls work. The first SIGINT, SIGTERM or SIGHUP cancels its
// context, which stops the run; a second kills what runs; a third, or two more
// seconds, returns without waiting for work. After a signal the error is
// ErrInterrupted.
func InForeground(ctx context.Context, c *config.Loaded, log io.Writer, work func(context.Context, Foreground) error) error {
	signals, release := catch()
	defer release()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	var parts Foreground
	begun := make(chan struct{})
	done := make(chan struct{})
	var err error // of work, once done
	go func() {
		defer close(done)
		err = once(ctx, fx.Options(Execute(c), warnings(log)), func(ctx context.Context) error {
			close(begun)
			return work(ctx, parts)
		}, &parts.Store, &parts.Runner, &parts.log)
	}()

	select {
	case <-done:
		return err
	case <-signals:
		cancel()
	}
	select {
	case <-done:
		return ErrInterrupted
	case <-signals:
	}
	kill, stop := context.WithTimeout(context.WithoutCancel(ctx), killTimeout)
	defer stop()
	select {
	case <-begun:
		go func() { _ = parts.Runner.Kill(kill) }() // what it could not end, nobody will
	default: // nothing runs yet
	}
	select {
	case <-done:
	case <-signals:
	case <-kill.Done():
	}
	return ErrInterrupted
}
