package runlog

import (
	"path/filepath"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/config"
)

// Module provides the *Log.
var Module = fx.Module("runlog",
	fx.Provide(func(c config.Config) (*Log, error) {
		return New(Options{
			LogDir:      c.Paths.LogDir,
			WorkDir:     filepath.Join(c.Paths.DataDir, "work"),
			ArtifactDir: filepath.Join(c.Paths.DataDir, "artifacts"),
		})
	}),
)

// JanitorModule removes old runs between its start and its stop.
var JanitorModule = fx.Module("runlog.janitor",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("janitor") }),
	fx.Provide(NewJanitor),
	fx.Invoke(func(lc fx.Lifecycle, j *Janitor) { lc.Append(fx.StartStopHook(j.Start, j.Stop)) }),
)
