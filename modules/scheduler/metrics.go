package scheduler

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"dagu/modules/store"
)

// Metrics count what the scheduler does. All methods may be called at once, and on a
// nil *Metrics, which counts nothing.
type Metrics struct {
	turns   prometheus.Histogram
	taken   prometheus.Counter
	decided *prometheus.CounterVec
	steps   *prometheus.CounterVec
	panics  prometheus.Counter
	closed  *prometheus.CounterVec
}

// NewMetrics returns counters that are all there, at 0.
func NewMetrics() *Metrics {
	m := &Metrics{
		turns: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "dagu_scheduler_turn_duration_seconds",
			Help:    "How long a turn of the scheduling loop took.",
			Buckets: prometheus.ExponentialBuckets(.0001, 4, 10),
		}),
		taken: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "dagu_due_times_taken_total",
			Help: "Due times that the loop took; each gets one outcome in dagu_due_times_decided_total.",
		}),
		decided: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dagu_due_times_decided_total",
			Help: "Due times by their recorded outcome: fired, skipped or missed, and why; retaken ones are taken anew after a step of the clock.",
		}, []string{"outcome", "reason"}),
		steps: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dagu_clock_steps_total",
			Help: "Steps of the wall clock by half a second or more.",
		}, []string{"direction"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "dagu_scheduler_panics_total",
			Help: "Panics that were confined to one DAG.",
		}),
		closed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "dagu_runs_recovered_total",
			Help: "Open runs of processes that died: lost ones were closed as failed or aborted, requeued ones run again.",
		}, []string{"result"}),
	}
	for _, v := range []store.Verdict{
		{Outcome: store.OutcomeFired},
		{Outcome: store.OutcomeSkipped, Reason: store.ReasonOverlap},
		{Outcome: store.OutcomeSkipped, Reason: store.ReasonAlreadySucceeded},
		{Outcome: store.OutcomeSkipped, Reason: store.ReasonSuspended},
		{Outcome: store.OutcomeSkipped, Reason: store.ReasonIdle},
		{Outcome: store.OutcomeSkipped, Reason: store.ReasonSuperseded},
		{Outcome: store.OutcomeMissed, Reason: store.ReasonNoCatchup},
		{Outcome: store.OutcomeMissed, Reason: store.ReasonOutsideWindow},
		{Outcome: store.OutcomeMissed, Reason: store.ReasonDAGAbsent},
		{Outcome: store.OutcomeMissed, Reason: store.ReasonInternalError},
		{Outcome: retaken, Reason: "clock"},
	} {
		m.outcome(v, 0)
	}
	m.steps.WithLabelValues("forward")
	m.steps.WithLabelValues("backward")
	m.recovered(0, 0)
	return m
}

// Collectors are what to register.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.turns, m.taken, m.decided, m.steps, m.panics, m.closed}
}

func (m *Metrics) turn(took time.Duration) {
	if m != nil {
		m.turns.Observe(took.Seconds())
	}
}

// takes counts every due time of the candidates, rows by their length.
func (m *Metrics) takes(list []taken) {
	if m == nil {
		return
	}
	for i := range list {
		m.taken.Add(float64(max(list[i].Count, 1)))
	}
}

// retaken stands where outcomes do, for what has none yet: so the sums stay equal.
const retaken store.Outcome = "retaken"

// retakes counts what was taken, and is not to be written, as it is taken anew.
func (m *Metrics) retakes(c taken) {
	if m != nil {
		m.outcome(store.Verdict{Outcome: retaken, Reason: "clock"}, max(c.Count, 1))
	}
}

// decides counts the outcome of a candidate, whoever recorded it first: otherwise a
// write that is repeated because its answer was lost would have none.
func (m *Metrics) decides(c taken, d store.Decision) {
	if m != nil {
		m.outcome(d.Verdict, max(c.Count, 1))
	}
}

func (m *Metrics) outcome(v store.Verdict, n int) {
	reason := string(v.Reason)
	if reason == "" {
		reason = "none" // an empty label is no label
	}
	m.decided.WithLabelValues(string(v.Outcome), reason).Add(float64(n))
}

func (m *Metrics) step(by time.Duration) {
	switch {
	case m == nil || by == 0:
	case by > 0:
		m.steps.WithLabelValues("forward").Inc()
	default:
		m.steps.WithLabelValues("backward").Inc()
	}
}

func (m *Metrics) panicked() {
	if m != nil {
		m.panics.Inc()
	}
}

func (m *Metrics) recovered(lost, requeued int) {
	if m != nil {
		m.closed.WithLabelValues("lost").Add(float64(lost))
		m.closed.WithLabelValues("requeued").Add(float64(requeued))
	}
}
