package notify

import (
	"os"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/modules/health"
)

// Module tells systemd how the process is, where that started it.
var Module = fx.Module("notify",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("notify") }),
	fx.Provide(func(r *health.Registry, log *zap.Logger) *Notifier {
		options, err := System()
		if err != nil {
			log.Warn("the watchdog of systemd is left out", zap.Error(err))
		}
		return New(options, r, log)
	}),
	fx.Invoke(func(lc fx.Lifecycle, n *Notifier) {
		if os.Getenv("NOTIFY_SOCKET") != "" {
			lc.Append(fx.StartStopHook(n.Start, n.Stop))
		}
	}),
)
