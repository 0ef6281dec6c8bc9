package queue

import (
	"github.com/prometheus/client_golang/prometheus"

	"dagu/modules/store"
)

// Metrics tell what waits. All methods may be called at once, and on a nil
// *Metrics, which tells nothing.
type Metrics struct {
	wait                 prometheus.Histogram
	queued, held, paused prometheus.Gauge
}

// NewMetrics returns metrics that are all there, at 0.
func NewMetrics() *Metrics {
	return &Metrics{
		wait: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "dagu_queue_wait_seconds",
			Help:    "Time from queueing to admission, of each run that was admitted; of a retry, from the time that it was to wait for.",
			Buckets: []float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 14400},
		}),
		queued: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dagu_runs_queued",
			Help: "Runs of all queues that wait for admission, as of the last turn of the admission loop.",
		}),
		held: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dagu_runs_held",
			Help: "Those of the queued runs whose queue is paused.",
		}),
		paused: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dagu_queues_paused",
			Help: "Queues that are paused, and so admit nothing.",
		}),
	}
}

// Collectors are what to register.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.wait, m.queued, m.held, m.paused}
}

func (m *Metrics) admitted(run store.Run) {
	if m != nil {
		m.wait.Observe(max(run.Started.Sub(run.Since()), 0).Seconds())
	}
}

func (m *Metrics) waiting(b store.Backlog) {
	if m != nil {
		m.queued.Set(float64(b.Queued))
		m.held.Set(float64(b.Held))
		m.paused.Set(float64(b.Paused))
	}
}
