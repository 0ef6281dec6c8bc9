package catalog

import (
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/config"
	"dagu/modules/health"
)

// Module provides the *Catalog of the configured directory, and starts and stops
// it. It needs a [Store], a config.Config, a *health.Registry and a logger.
var Module = fx.Module("catalog",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("catalog") }),
	fx.Provide(fromConfig),
	fx.Provide(fx.Annotate(check, fx.ResultTags(`group:"checks"`))),
	fx.Provide(NewMetrics, fx.Annotate((*Metrics).Collectors, fx.ResultTags(`group:"collectors,flatten"`))),
	fx.Invoke(func(lc fx.Lifecycle, c *Catalog) { lc.Append(fx.StartStopHook(c.Start, c.Stop)) }),
)

func fromConfig(cfg config.Config, s Store, r *health.Registry, m *Metrics, log *zap.Logger) (*Catalog, error) {
	return New(Options{
		Dir:      cfg.Paths.DAGsDir,
		BaseFile: cfg.Paths.BaseConfig,
		Interval: cfg.Scheduler.ReconcileInterval,
		Location: cfg.Location,
		Pulse:    r.Pulse(health.Loop{Name: health.CatalogWatch, Limit: 3 * cfg.Scheduler.ReconcileInterval}),
		Metrics:  m,
	}, s, log)
}

// check is red within 15 s of a fault.
func check(c *Catalog) health.Check {
	return health.Check{Name: "dags-dir", Period: 5 * time.Second, Deadline: 5 * time.Second, Run: c.CheckDir}
}
