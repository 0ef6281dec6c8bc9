package health

import (
	"os"
	"path/filepath"

	"dagu/config"

	"go.uber.org/fx"
	"go.uber.org/zap"
)

// RegistryModule provides the Registry and runs its evaluator. It is part of
// every process that has a phase.
var RegistryModule = fx.Module("health.registry",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("health") }),
	fx.Provide(func(c config.Config, log *zap.Logger) (*Registry, error) {
		silent, back := LogSilence(log)
		return NewRegistry(Options{StallThreshold: c.Scheduler.StallThreshold, Silent: silent, Back: back})
	}),
	fx.Invoke(func(lc fx.Lifecycle, r *Registry) { lc.Append(fx.StartStopHook(r.Start, r.Stop)) }),
)

// Module provides the health server and serves it. It needs the Registry
// alone, so that it can start before, and stop after, all that does the work.
var Module = fx.Module("health",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("health") }),
	fx.Provide(func(c config.Config, r *Registry, log *zap.Logger) (*Server, error) {
		return NewServer(ServerOptions{
			Host:        c.Scheduler.Host,
			Port:        c.Scheduler.Port,
			Off:         c.Scheduler.Port == 0,
			AddressFile: filepath.Join(c.Paths.DataDir, AddressFile),
			Kubernetes:  os.Getenv("KUBERNETES_SERVICE_HOST") != "",
		}, r, log)
	}),
	fx.Invoke(func(lc fx.Lifecycle, s *Server) { lc.Append(fx.StartStopHook(s.Start, s.Stop)) }),
)
