package app

import (
	"go.uber.org/fx"

	"dagu/config"
	"dagu/modules/catalog"
	"dagu/modules/disk"
	"dagu/modules/health"
	"dagu/modules/life"
	"dagu/modules/logging"
	"dagu/modules/metrics"
	"dagu/modules/notify"
	"dagu/modules/ping"
	"dagu/modules/queue"
	"dagu/modules/runlog"
	"dagu/modules/runner"
	"dagu/modules/scheduler"
	"dagu/modules/store"
	"dagu/modules/web"
)

// Hooks start in the order in which the modules stand here, and stop in reverse:
// the health server answers before the store is opened and until after it is
// closed, and `ready` is last.

// Graph is a list of modules for a configuration.
type Graph func(*config.Loaded) fx.Option

// Scheduler is `dagu scheduler`.
func Scheduler(c *config.Loaded) fx.Option {
	return fx.Options(base(c), notify.Module, health.Module, flush, records, engine, ready)
}

// StartAll is `dagu start-all`: nothing of it listens on the health server's port.
func StartAll(c *config.Loaded) fx.Option {
	return fx.Options(base(c), notify.Module, flush, records, engine, web.Module, ready)
}

// Server is `dagu server`.
func Server(c *config.Loaded) fx.Option {
	return fx.Options(base(c), notify.Module, flush, records, catalog.Module, web.Module, ready)
}

// Execute is for commands that run a DAG in their own process.
func Execute(c *config.Loaded) fx.Option {
	return fx.Options(base(c), flush, records, patient, own(store.RoleOneShot), runner.Module)
}

// Records is for commands that read or change what is recorded.
func Records(c *config.Loaded) fx.Option {
	return fx.Options(base(c), flush, records, patient)
}

// Look is for commands that judge what is recorded: they change nothing, and fail
// where nothing is.
func Look(c *config.Loaded) fx.Option {
	return fx.Options(base(c), flush, store.Module, looking)
}

// base is what every process has: settings, a log, metrics, a phase.
func base(c *config.Loaded) fx.Option {
	return fx.Options(config.Module(c), logging.Module, metrics.Module, health.RegistryModule)
}

// records is what is kept: the store, and the files of runs.
var records = fx.Options(store.Module, runlog.Module, bindings)

// engine schedules, admits and runs.
var engine = fx.Options(
	own(store.RoleScheduler),
	life.Module,
	catalog.Module,
	receiptModule,
	runner.Module,
	queue.Module,
	scheduler.Module,
	janitor,
	disk.Module,
	ping.Module,
)
