package runner

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/config"
	"dagu/modules/health"
	"dagu/modules/runlog"
)

// Module provides the *Runner and runs it. Where a Self is supplied, it is checked
// that processes can be started.
var Module = fx.Module(
	"runner",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("runner") }),
	fx.Provide(func(c config.Config, s Store, logs *runlog.Log, m *Metrics, log *zap.Logger) (*Runner, error) {
		return New(Options{
			Environ:        os.Environ(),
			EnvPassthrough: c.EnvPassthrough,
			DefaultShell:   c.DefaultShell,
			DAGsDir:        c.Paths.DAGsDir,
			BaseFile:       c.Paths.BaseConfig,
			Location:       c.Location,
			TempDir:        filepath.Join(c.Paths.DataDir, "tmp"),
			DrainTimeout:   c.Scheduler.DrainTimeout,
			Metrics:        m,
		}, s, logs, log)
	}),
	fx.Provide(fx.Annotate(checks, fx.ResultTags(`group:"checks,flatten"`))),
	fx.Provide(func(c config.Config) *Metrics { return NewMetrics(c.Metrics.PerDAG) }),
	fx.Provide(fx.Annotate((*Metrics).Collectors, fx.ResultTags(`group:"collectors,flatten"`))),
	fx.Invoke(func(lc fx.Lifecycle, r *Runner) {
		lc.Append(fx.StartStopHook(r.Start, r.Stop))
	}),
)

type checkParams struct {
	fx.In

	Runner *Runner
	Self   *Self `optional:"true"`
}

// checks has one that is red within 60 s of a fault, also where a fork hangs, so it
// forks a little more than once a minute.
func checks(p checkParams) []health.Check {
	if p.Self == nil {
		return nil
	}
	return []health.Check{{Name: "executor", Period: 50 * time.Second, Deadline: 10 * time.Second, Run: func(ctx context.Context) error {
		return p.Runner.CheckFork(ctx, *p.Self)
	}}}
}
