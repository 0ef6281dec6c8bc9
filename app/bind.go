package app

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/modules/catalog"
	"dagu/modules/health"
	"dagu/modules/logging"
	"dagu/modules/metrics"
	"dagu/modules/queue"
	"dagu/modules/runlog"
	"dagu/modules/runner"
	"dagu/modules/scheduler"
	"dagu/modules/store"
)

// bindings give lower layers what they ask for by an interface of their own.
var bindings = fx.Provide(
	func(s *store.Store) catalog.Store { return s },
	func(s *store.Store) runner.Store { return s },
	func(r *runner.Runner) queue.Executor { return r },
	func(r *runner.Runner) scheduler.Leftovers { return r },
)

// fx runs what modules invoke before what stands outside of them, so the hooks of
// app itself are modules too, to keep their place in the list.

// own makes the process an owner of runs before anything can give it one.
func own(role store.Role) fx.Option {
	return fx.Module("own", fx.Invoke(func(lc fx.Lifecycle, s *store.Store) {
		lc.Append(fx.StartHook(owner{s, role}.claim))
	}))
}

type owner struct {
	store *store.Store
	role  store.Role
}

func (o owner) claim(ctx context.Context) error {
	_, err := o.store.Own(ctx, o.role)
	return err
}

// flush writes out the log when everything but the health server has stopped.
var flush = fx.Module("flush", fx.Invoke(func(lc fx.Lifecycle, l *logging.Logger) {
	lc.Append(fx.StopHook(lines{l}.flush))
}))

// flushTimeout bounds how long a log that nobody reads may hold up the end.
const flushTimeout = 2 * time.Second

type lines struct{ logger *logging.Logger }

func (l lines) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, flushTimeout)
	defer cancel()
	_ = l.logger.Flush(ctx) // there is nobody left to tell
}

// receiptModule logs, once the runner has stopped, what the stop did to each run.
var receiptModule = fx.Module("receipt", fx.Invoke(func(lc fx.Lifecycle, r drain) {
	lc.Append(fx.StopHook(r.tell))
}))

// ready is the last hook to start and the first to stop: it runs the checks that
// modules contribute, and once each has a result the process is running. What
// modules measure it registers before any hook runs.
var ready = fx.Module("ready", fx.Invoke(func(lc fx.Lifecycle, p readyParams) error {
	slices.SortFunc(p.Checks, func(a, b health.Check) int { return cmp.Compare(a.Name, b.Name) })
	lc.Append(fx.StartStopHook(phase{p}.run, p.Registry.StopChecks))
	return p.Metrics.Register(p.Collectors...)
}))

type readyParams struct {
	fx.In

	Registry   *health.Registry
	Checks     []health.Check `group:"checks"`
	Metrics    *metrics.Registry
	Collectors []prometheus.Collector `group:"collectors"`
	Log        *zap.Logger
}

type phase struct{ readyParams }

// firstChecks bounds the wait for the first results.
const firstChecks = 5 * time.Second

func (p phase) run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, firstChecks)
	defer cancel()
	if err := p.Registry.Watch(ctx, p.Checks); err != nil {
		return err
	}
	if p.Registry.Advance(health.Running) {
		p.Log.Info("running")
	}
	return nil
}

// patient lets a one-shot command wait for a busy disk longer than a loop may.
var patient = fx.Decorate(func(o store.Options) store.Options {
	o.WriteTimeout = 30 * time.Second
	return o
})

// looking opens the store for reading alone, as patiently.
var looking = fx.Decorate(func(o store.Options) store.Options {
	o.ReadOnly, o.WriteTimeout = true, 30*time.Second
	return o
})

// janitor removes runs whose retention is over.
var janitor = fx.Options(
	fx.Provide(func(s *store.Store) runlog.Expirer { return history{s} }),
	runlog.JanitorModule,
)

// history is the store as the janitor sees it.
type history struct{ *store.Store }

// Expired is runlog.Expirer's.
func (h history) Expired(ctx context.Context, now time.Time, limit int) ([]runlog.Expired, error) {
	runs, err := h.Store.Expired(ctx, now, limit)
	expired := make([]runlog.Expired, len(runs))
	for i, r := range runs {
		expired[i] = runlog.Expired{ID: r.ID, DAG: r.DAG, LogDir: r.LogDir, WorkDir: r.WorkDir}
	}
	return expired, err
}
