package scheduler

import (
	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/config"
	"dagu/modules/catalog"
	"dagu/modules/health"
	"dagu/modules/store"
)

// Module runs the scheduler between its start and its stop.
var Module = fx.Module("scheduler",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("scheduler") }),
	fx.Provide(build),
	fx.Invoke(func(lc fx.Lifecycle, s *Scheduler) { lc.Append(fx.StartStopHook(s.Start, s.Stop)) }),
)

type params struct {
	fx.In

	Config     config.Config
	Catalog    *catalog.Catalog
	Store      *store.Store
	Leftovers  Leftovers
	Registry   *health.Registry
	Shutdowner fx.Shutdowner
	Log        *zap.Logger
	Wall       Wall `optional:"true"`
}

func build(p params) (*Scheduler, error) {
	return New(Options{
		Wall:             p.Wall,
		MisfireThreshold: p.Config.Scheduler.MisfireThreshold,
		// The loop is why the process exists: without it the process ends, and says so.
		Died: func(error) { _ = p.Shutdowner.Shutdown(fx.ExitCode(1)) },
	}, Deps{
		Catalog:   p.Catalog,
		Store:     p.Store,
		Leftovers: p.Leftovers,
		Pulse:     p.Registry.Pulse(health.Loop{Name: health.SchedulerLoop, Health: true, Live: true}),
		Log:       p.Log,
	})
}
