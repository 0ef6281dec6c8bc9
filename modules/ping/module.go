package ping

import (
	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/config"
	"dagu/modules/health"
)

// Module pings the configured URL between its start and its stop.
var Module = fx.Module("ping",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("ping") }),
	fx.Provide(func(c config.Config, r *health.Registry, log *zap.Logger) (*Pinger, error) {
		return New(Options{URL: c.Scheduler.PingURL, Interval: c.Scheduler.PingInterval}, r, log)
	}),
	fx.Invoke(func(lc fx.Lifecycle, p *Pinger) { lc.Append(fx.StartStopHook(p.Start, p.Stop)) }),
)
