package runner

import (
	"os"
	"path/filepath"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/config"
	"dagu/modules/runlog"
)

// Module provides the *Runner and runs it.
var Module = fx.Module(
	"runner",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("runner") }),
	fx.Provide(func(c config.Config, s Store, logs *runlog.Log, log *zap.Logger) (*Runner, error) {
		return New(Options{
			Environ:        os.Environ(),
			EnvPassthrough: c.EnvPassthrough,
			DefaultShell:   c.DefaultShell,
			Location:       c.Location,
			TempDir:        filepath.Join(c.Paths.DataDir, "tmp"),
			DrainTimeout:   c.Scheduler.DrainTimeout,
		}, s, logs, log)
	}),
	fx.Invoke(func(lc fx.Lifecycle, r *Runner) {
		lc.Append(fx.StartStopHook(r.Start, r.Stop))
	}),
)
