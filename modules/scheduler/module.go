package scheduler

import (
	"context"
	"time"

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
	fx.Provide(
		fx.Annotate(entriesCheck, fx.ResultTags(`group:"checks"`)),
		fx.Annotate(overdueCheck, fx.ResultTags(`group:"checks"`)),
		fx.Annotate(clockCheck, fx.ResultTags(`group:"checks"`)),
	),
	fx.Provide(NewMetrics, fx.Annotate((*Metrics).Collectors, fx.ResultTags(`group:"collectors,flatten"`))),
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
	Metrics    *Metrics
	Wall       Wall `optional:"true"`
}

func build(p params) (*Scheduler, error) {
	return New(Options{
		Wall:             p.Wall,
		Dir:              p.Config.Paths.DAGsDir,
		MisfireThreshold: p.Config.Scheduler.MisfireThreshold,
		Metrics:          p.Metrics,
		// The loop is why the process exists: without it the process ends, and says so, also
		// when its start is not over yet. The probes say so before anything else happens.
		Died: func(error) {
			p.Registry.Advance(health.Draining)
			_ = p.Shutdowner.Shutdown(fx.ExitCode(1))
		},
	}, Deps{
		Catalog:   p.Catalog,
		Store:     p.Store,
		Leftovers: p.Leftovers,
		Pulse:     p.Registry.Pulse(health.Loop{Name: health.SchedulerLoop, Health: true, Live: true}),
		Log:       p.Log,
	})
}

// entriesCheck is red within 91 s: of the DAG directory's own comparison, and this.
func entriesCheck(s *Scheduler) health.Check {
	return health.Check{Name: "entries", Period: 45 * time.Second, Deadline: 15 * time.Second, Run: s.CheckEntries}
}

// overdueCheck is red a second after the stall threshold.
func overdueCheck(p params) health.Check {
	o := NewOverdue(p.Catalog, p.Store, p.Wall, p.Config.Scheduler.StallThreshold)
	return health.Check{Name: "overdue", Period: time.Second, Deadline: 5 * time.Second, Run: o.Look}
}

// clockCheck is red within 15 s of a fault.
func clockCheck(p params) health.Check {
	return health.Check{Name: "clock", Period: 10 * time.Second, Deadline: 5 * time.Second, Run: func(ctx context.Context) error {
		return CheckMarks(ctx, p.Store, p.Wall)
	}}
}
