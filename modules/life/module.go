package life

import (
	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/config"
	"dagu/modules/health"
)

// Module keeps the file of this life between its start and its stop.
var Module = fx.Module("life",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("life") }),
	fx.Provide(func(c config.Config, r *health.Registry, log *zap.Logger) *Keeper {
		return New(c.Paths.DataDir, r, log)
	}),
	fx.Provide(fx.Annotate((*Keeper).Collector, fx.ResultTags(`group:"collectors"`))),
	fx.Invoke(func(lc fx.Lifecycle, k *Keeper) { lc.Append(fx.StartStopHook(k.Start, k.Stop)) }),
)
