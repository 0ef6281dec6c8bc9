package health

import (
	"net/http"
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
		return NewRegistry(Options{StallThreshold: c.Scheduler.StallThreshold, Changed: LogChanges(log)})
	}),
	fx.Provide(fx.Annotate((*Registry).Collector, fx.ResultTags(`group:"collectors"`))),
	fx.Invoke(func(lc fx.Lifecycle, r *Registry) { lc.Append(fx.StartStopHook(r.Start, r.Stop)) }),
)

// Module provides the health server and serves it. It needs the Registry, and the
// metrics where there are any, so that it can start before, and stop after, all that does the work.
var Module = fx.Module("health",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("health") }),
	fx.Provide(build),
	fx.Invoke(func(lc fx.Lifecycle, s *Server) { lc.Append(fx.StartStopHook(s.Start, s.Stop)) }),
)

type params struct {
	fx.In

	Config   config.Config
	Registry *Registry
	Metrics  http.Handler `name:"metrics" optional:"true"`
	Log      *zap.Logger
}

func build(p params) (*Server, error) {
	c := p.Config.Scheduler
	return NewServer(ServerOptions{
		Host:        c.Host,
		Port:        c.Port,
		Off:         c.Port == 0,
		AddressFile: filepath.Join(p.Config.Paths.DataDir, AddressFile),
		Kubernetes:  os.Getenv("KUBERNETES_SERVICE_HOST") != "",
		Details:     detailsOf(c.Details),
		Metrics:     p.Metrics,
	}, p.Registry, p.Log)
}

// detailsOf is the setting; nil is one that nobody made.
func detailsOf(setting *bool) Details {
	switch {
	case setting == nil:
		return DetailsOnLoopback
	case *setting:
		return DetailsAlways
	default:
		return DetailsNever
	}
}
