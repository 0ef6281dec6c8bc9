package logging

import "github.com/prometheus/client_golang/prometheus"

// Collector counts the lines that were lost.
func (l *Logger) Collector() prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{
		Name: "dagu_log_lines_dropped_total",
		Help: "Log lines that were lost because nobody took them or writing failed.",
	}, func() float64 { return float64(l.Dropped()) })
}
