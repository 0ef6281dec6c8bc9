package store

import (
	"context"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/config"
	"dagu/modules/health"
)

// Module provides the *Store, which is open between its start and its stop, and its
// Options, so that a process may decorate them.
var Module = fx.Module("store",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("store") }),
	fx.Provide(options, New),
	fx.Provide(fx.Annotate(check, fx.ResultTags(`group:"checks"`))),
	fx.Provide(NewMetrics, fx.Annotate((*Metrics).Collectors, fx.ResultTags(`group:"collectors,flatten"`))),
	fx.Invoke(func(lc fx.Lifecycle, s *Store) { lc.Append(fx.StartStopHook(s.Start, s.Stop)) }),
)

func options(c config.Config, r *health.Registry, m *Metrics) Options {
	return Options{
		Pulse:          r.Pulse(health.Loop{Name: health.StoreWriter}),
		Dir:            c.Paths.DataDir,
		URL:            c.Database.URL,
		AllowNetworkFS: c.Database.AllowNetworkFS,
		Metrics:        m,
	}
}

// check is red within 15 s of a fault.
func check(s *Store) health.Check {
	return health.Check{Name: "store", Period: 10 * time.Second, Deadline: 3 * time.Second, Run: func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		return s.Check(ctx)
	}}
}
