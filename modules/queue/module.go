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

func options(c config.Config) Options {
	limits := make(map[string]int, len(c.Queues.Config))
	for _, queue := range c.Queues.Config {
		limits[queue.Name] = queue.MaxConcurrency
	}
	return Options{
		MaxActive: c.Worker.MaxActiveRuns,
		Limits:    limits,
		Unlimited: !c.Queues.Enabled,
	}
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
	d.Options.Metrics, d.Options.Counts = d.Metrics, d.Store.Counts
	return New(d.Options, d.Store, d.Executor, d.Registry.Pulse(health.Loop{Name: health.QueueLoop, Live: true}), d.Log)
}

// starvedCheck is red after 30 looks, within 31 s.
func starvedCheck(q *Queue, s *store.Store) health.Check {
	return health.Check{Name: "starved", Period: starvedPeriod, Deadline: 5 * time.Second, Run: NewStarved(q, s).Look}
}
