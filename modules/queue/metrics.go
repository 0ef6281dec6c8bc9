package queue

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dagu/modules/store"
)

// recount is the shortest time between two counts of the runs that wait.
const recount = time.Second

// Metrics tell what waits. All methods may be called at once, and on a nil
// *Metrics, which tells nothing.
type Metrics struct {
	wait   prometheus.Histogram
	queued prometheus.Gauge
}

// NewMetrics returns metrics that are all there, at 0.
func NewMetrics() *Metrics {
	return &Metrics{
		wait: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "dagu_queue_wait_seconds",
			Help:    "Time from queueing to admission, of each run that was admitted.",
			Buckets: []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 14400},
		}),
		queued: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dagu_runs_queued",
			Help: "Runs of all queues that wait for admission, as of the last turn of the admission loop.",
		}),
	}
}

// Collectors are what to register.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.wait, m.queued}
}

func (m *Metrics) admitted(run store.Run) {
	if m != nil {
		m.wait.Observe(max(run.Started.Sub(run.Queued), 0).Seconds())
	}
}

func (m *Metrics) waiting(n int) {
	if m != nil {
		m.queued.Set(float64(n))
	}
}

// count counts the runs that wait, at most once in a while, since it costs more the
// more there are. It returns false when a later turn has to do it.
func (q *Queue) count(ctx context.Context) bool {
	if q.options.Counts == nil {
		return true
	}
	if time.Since(q.counted) < recount {
		return false
	}
	q.counted = time.Now()
	q.pulse.Beat("counting what waits")
	_, n, err := q.options.Counts(context.WithoutCancel(ctx))
	if err == nil { // otherwise admission fails too, and says so
		q.options.Metrics.waiting(n)
	}
	return err == nil
}
