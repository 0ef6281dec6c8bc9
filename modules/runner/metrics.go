package runner

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dagu/modules/store"
)

const (
	// maxNamed bounds the DAGs that have series of their own; the rest share one.
	maxNamed = 1000
	// unnamed is what they share, which is no name of a DAG.
	unnamed = "(other)"
)

// Metrics count the runs that this process executes. All methods may be called at
// once, and on a nil *Metrics, which counts nothing.
type Metrics struct {
	active   prometheus.Gauge
	finished *prometheus.CounterVec
	lateness prometheus.Histogram

	// perDAG and succeeded have the name of a DAG; nil without Options of that.
	perDAG    *prometheus.CounterVec
	succeeded *prometheus.GaugeVec

	mu    sync.Mutex // guards named; held for a look only
	named map[string]struct{}
}

// NewMetrics returns metrics that are all there, at 0. With perDAG there are also
// series by the name of the DAG, from its first end of a run on, for the first 1,000
// DAGs that end one.
func NewMetrics(perDAG bool) *Metrics {
	m := &Metrics{
		active: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dagu_runs_active", Help: "Runs that this process executes now.",
		}),
		finished: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dagu_runs_finished_total", Help: "Runs that this process executed, by the final status that was recorded.",
		}, []string{"status"}),
		lateness: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "dagu_run_start_lateness_seconds",
			Help:    "Time from the due time to the start of the first process, of each scheduled run's first attempt.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600},
		}),
		named: make(map[string]struct{}),
	}
	for _, s := range []store.Status{store.StatusSucceeded, store.StatusPartiallySucceeded, store.StatusFailed, store.StatusAborted} {
		m.finished.WithLabelValues(string(s))
	}
	if perDAG {
		m.perDAG = prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dagu_dag_runs_finished_total", Help: "Runs that this process executed, by DAG and final status.",
		}, []string{"dag", "status"})
		m.succeeded = prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "dagu_dag_last_success_timestamp_seconds", Help: "When a run of the DAG last succeeded in this process.",
		}, []string{"dag"})
	}
	return m
}

// Collectors are what to register.
func (m *Metrics) Collectors() []prometheus.Collector {
	list := []prometheus.Collector{m.active, m.finished, m.lateness}
	if m.perDAG != nil {
		list = append(list, m.perDAG, m.succeeded)
	}
	return list
}

func (m *Metrics) entered(n float64) {
	if m != nil {
		m.active.Add(n)
	}
}

// started observes the first process of a run.
func (m *Metrics) started(run store.Run) {
	if m != nil && !run.Due.IsZero() && run.Attempt <= 1 {
		m.lateness.Observe(max(time.Since(run.Due), 0).Seconds())
	}
}

// ended counts a recorded end.
func (m *Metrics) ended(dag string, status store.Status) {
	if m == nil {
		return
	}
	m.finished.WithLabelValues(string(status)).Inc()
	if m.perDAG == nil {
		return
	}
	dag = m.label(dag)
	m.perDAG.WithLabelValues(dag, string(status)).Inc()
	if status == store.StatusSucceeded {
		m.succeeded.WithLabelValues(dag).SetToCurrentTime()
	}
}

// label is the DAG's name while there is room for it.
func (m *Metrics) label(dag string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, known := m.named[dag]; !known {
		if len(m.named) >= maxNamed {
			return unnamed
		}
		m.named[dag] = struct{}{}
	}
	return dag
}
