package store

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Kinds of calls.
const (
	kindRead  = "read"
	kindWrite = "write"
)

// Metrics measure the calls of a Store. All methods may be called at once, and on a
// nil *Metrics, which measures nothing.
type Metrics struct {
	durations *prometheus.HistogramVec
	errors    *prometheus.CounterVec
}

// NewMetrics returns metrics that are all there, at 0.
func NewMetrics() *Metrics {
	m := &Metrics{
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "dagu_store_call_duration_seconds",
			Help:    "How long callers of the database waited, for failures too.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"kind"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dagu_store_errors_total",
			Help: "Calls of the database that failed by themselves: the disk, a lock, a deadline, damage.",
		}, []string{"kind"}),
	}
	for _, kind := range []string{kindRead, kindWrite} {
		m.durations.WithLabelValues(kind)
		m.errors.WithLabelValues(kind)
	}
	return m
}

// Collectors are what to register.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.durations, m.errors}
}

// called measures a call that began then. Its error is read when the call returns.
func (m *Metrics) called(kind string, began time.Time, err *error) {
	if m == nil {
		return
	}
	m.durations.WithLabelValues(kind).Observe(time.Since(began).Seconds())
	if isFailure(*err) {
		m.errors.WithLabelValues(kind).Inc()
	}
}

// isFailure tells a database that failed from one that answered no, and from a
// caller that went away.
func isFailure(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) {
		return false
	}
	for _, answer := range []error{ErrNotFound, ErrLost, ErrExists, ErrOpen, ErrClosed, errNoOwner} {
		if errors.Is(err, answer) {
			return false
		}
	}
	return true
}
