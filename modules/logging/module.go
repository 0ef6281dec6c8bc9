package logging

import (
	"cmp"
	"io"
	"os"

	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"
	"go.uber.org/zap"

	"dagu/config"
)

// Module provides the *Logger and its *zap.Logger. Lines go to stderr, or to an
// io.Writer named "log" where a graph supplies one. There is no hook: a logger
// works until the process ends, and whoever ends it calls Flush and Stop.
var Module = fx.Module("logging",
	fx.Provide(provide),
	fx.Provide(fx.Annotate((*Logger).Collector, fx.ResultTags(`group:"collectors"`))),
)

type params struct {
	fx.In

	Config config.Config
	Out    io.Writer `name:"log" optional:"true"`
}

func provide(p params) (*Logger, *zap.Logger, error) {
	out := cmp.Or[io.Writer](p.Out, os.Stderr)
	log, err := New(Options{Format: p.Config.LogFormat, Debug: p.Config.Debug, Out: out, Color: Colored(out, os.Getenv)})
	if err != nil {
		return nil, nil, err
	}
	return log, log.Zap(), nil
}

// FxLogger sends fx's own events to log at debug, those of failures too: what
// went wrong is told to the user by whoever runs the graph. It is made for fx.WithLogger.
func FxLogger(log *zap.Logger) fxevent.Logger {
	events := &fxevent.ZapLogger{Logger: log.Named("fx")}
	events.UseLogLevel(zap.DebugLevel)
	events.UseErrorLevel(zap.DebugLevel)
	return events
}
