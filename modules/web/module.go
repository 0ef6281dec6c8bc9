package web

import (
	"net/http"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/config"
	"dagu/modules/catalog"
	"dagu/modules/health"
	"dagu/modules/store"
)

// Module serves the API and the page between its start and its stop.
var Module = fx.Module("web",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("web") }),
	fx.Provide(build),
	fx.Invoke(func(lc fx.Lifecycle, s *Server) { lc.Append(fx.StartStopHook(s.Start, s.Stop)) }),
)

type params struct {
	fx.In

	Config     config.Config
	Catalog    *catalog.Catalog
	Store      *store.Store
	Registry   *health.Registry
	Metrics    http.Handler `name:"metrics" optional:"true"`
	Shutdowner fx.Shutdowner
	Log        *zap.Logger
}

func build(p params) (*Server, error) {
	return New(Options{
		Host:     p.Config.Host,
		Port:     p.Config.Port,
		BasePath: p.Config.BasePath,
		Mode:     p.Config.Auth.Mode,
		Username: p.Config.Auth.Basic.Username,
		Password: p.Config.Auth.Basic.Password,
		Died:     func(error) { _ = p.Shutdowner.Shutdown(fx.ExitCode(1)) },
	}, Deps{Catalog: p.Catalog, Store: p.Store, Registry: p.Registry, Metrics: p.Metrics, Log: p.Log})
}
