package metrics

import (
	"net/http"

	"go.uber.org/fx"

	"dagu/config"
)

// Module provides the *Registry, and its handler under the name "metrics". It needs
// nothing but the configuration, so that scrapes are answered from the first moment.
var Module = fx.Module("metrics", fx.Provide(
	func(l *config.Loaded) (*Registry, error) { return New(Options{Version: l.Version}) },
	fx.Annotate(func(r *Registry) http.Handler { return r.Handler() }, fx.ResultTags(`name:"metrics"`)),
))
