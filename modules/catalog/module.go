package catalog

import (
	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/config"
)

// Module provides the *Catalog of the configured directory, and starts and stops
// it. It needs a [Store], a config.Config and a logger.
var Module = fx.Module("catalog",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("catalog") }),
	fx.Provide(fromConfig),
	fx.Invoke(func(lc fx.Lifecycle, c *Catalog) { lc.Append(fx.StartStopHook(c.Start, c.Stop)) }),
)

func fromConfig(cfg config.Config, s Store, log *zap.Logger) (*Catalog, error) {
	return New(Options{
		Dir:      cfg.Paths.DAGsDir,
		BaseFile: cfg.Paths.BaseConfig,
		Interval: cfg.Scheduler.ReconcileInterval,
		Location: cfg.Location,
	}, s, log)
}
