package store

import (
	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/config"
)

// Module provides the *Store, which is open between its start and its stop, and its
// Options, so that a process may decorate them.
var Module = fx.Module("store",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("store") }),
	fx.Provide(options, New),
	fx.Invoke(func(lc fx.Lifecycle, s *Store) { lc.Append(fx.StartStopHook(s.Start, s.Stop)) }),
)

func options(c config.Config) Options {
	return Options{
		Dir:            c.Paths.DataDir,
		URL:            c.Database.URL,
		AllowNetworkFS: c.Database.AllowNetworkFS,
	}
}
