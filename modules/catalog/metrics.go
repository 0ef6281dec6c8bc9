package catalog

import "github.com/prometheus/client_golang/prometheus"

// Metrics tell what stands in the directory. All methods may be called at once, and
// on a nil *Metrics, which tells nothing.
type Metrics struct {
	files, broken prometheus.Gauge
	overflows     prometheus.Counter
}

// NewMetrics returns metrics that are all there, at 0.
func NewMetrics() *Metrics {
	return &Metrics{
		files: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dagu_catalog_files", Help: "DAG files in the directory, broken ones included.",
		}),
		broken: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "dagu_catalog_broken_files", Help: "DAG files with an error, whose last good version may still be scheduled.",
		}),
		overflows: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "dagu_catalog_watch_overflows_total", Help: "Times that events of the file watcher were lost and everything was compared.",
		}),
	}
}

// Collectors are what to register.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.files, m.broken, m.overflows}
}

func (m *Metrics) published(files, broken int) {
	if m != nil {
		m.files.Set(float64(files))
		m.broken.Set(float64(broken))
	}
}

func (m *Metrics) overflowed() {
	if m != nil {
		m.overflows.Inc()
	}
}
