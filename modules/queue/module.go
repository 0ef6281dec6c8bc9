package queue

import (
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/config"
	"dagu/modules/health"
	"dagu/modules/store"
)

// Module provides the *Queue, which admits runs between its start and its stop.
var Module = fx.Module("queue",
	fx.Decorate(func(log *zap.Logger) *zap.Logger { return log.Named("queue") }),
	fx.Provide(options, fx.Private),
	fx.Provide(build),
	fx.Provide(fx.Annotate(starvedCheck, fx.ResultTags(`group:"checks"`))),
	fx.Provide(NewMetrics, fx.Annotate((*Metrics).Collectors, fx.ResultTags(`group:"collectors,flatten"`))),
	fx.Invoke(func(lc fx.Lifecycle, q *Queue) { lc.Append(fx.StartStopHook(q.Start, q.Stop)) }),
)

func options(l *config.Loaded) Options {
	return Options{MaxActive: l.Config.Worker.MaxActiveRuns, Limits: Limits(l)}
}

// Limits are those that a configuration asks for.
func Limits(l *config.Loaded) store.Limits {
	slots := make(map[string]int, len(l.Config.Queues.Config))
	for _, queue := range l.Config.Queues.Config {
		slots[queue.Name] = queue.MaxConcurrency
	}
	return store.Limits{Source: l.File, Unlimited: !l.Config.Queues.Enabled, Slots: slots}
}

type deps struct {
	fx.In

	Options  Options
	Store    *store.Store
	Executor Executor
	Registry *health.Registry
	Log      *zap.Logger
	Metrics  *Metrics
}

func build(d deps) (*Queue, error) {
	d.Options.Metrics = d.Metrics
	return New(d.Options, d.Store, d.Executor, d.Registry.Pulse(health.Loop{Name: health.QueueLoop, Live: true}), d.Log)
}

// starvedCheck is red after 30 looks, within 31 s.
func starvedCheck(q *Queue, s *store.Store) health.Check {
	return health.Check{Name: "starved", Period: starvedPeriod, Deadline: 5 * time.Second, Run: NewStarved(q, s).Look}
}
