package health

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics reads the registry's atomics when they are asked for.
type metrics struct {
	registry *Registry

	phase, verdict, healthy, silence *prometheus.Desc
}

// Collector tells the phase, the verdicts, the state of each pulse and check, and the
// silence of each pulse. It waits for nothing.
func (r *Registry) Collector() prometheus.Collector {
	return &metrics{
		registry: r,
		phase: prometheus.NewDesc("dagu_phase",
			"1 for the phase that the process is in, 0 for the others.", []string{"phase"}, nil),
		verdict: prometheus.NewDesc("dagu_health_verdict",
			"1 when the probe is answered with 200, 0 when with 503.", []string{"probe"}, nil),
		healthy: prometheus.NewDesc("dagu_health_check_healthy",
			"1 when the check passes or the loop turns, 0 when it makes the process unready.", []string{"check"}, nil),
		silence: prometheus.NewDesc("dagu_health_loop_silence_seconds",
			"Whole seconds since the loop last turned, by a clock that does not step.", []string{"check"}, nil),
	}
}

// Describe is part of prometheus.Collector.
func (m *metrics) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.phase, m.verdict, m.healthy, m.silence} {
		ch <- d
	}
}

// Collect is part of prometheus.Collector.
func (m *metrics) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, label string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, label)
	}
	now := m.registry.Phase()
	for p := Starting; p <= Draining; p++ {
		gauge(m.phase, number(p == now), p.String())
	}
	for p := range Probe(probes) {
		gauge(m.verdict, number(m.registry.Verdict(p).Healthy), p.word())
	}
	for _, part := range *m.registry.parts.Load() {
		gauge(m.healthy, number(!part.red(ProbeReady)), part.partName())
		if pulse, ok := part.(*Pulse); ok {
			gauge(m.silence, (time.Duration(pulse.age()) * tick).Seconds(), pulse.partName())
		}
	}
}

func number(yes bool) float64 {
	if yes {
		return 1
	}
	return 0
}

// word is the probe as a label.
func (p Probe) word() string {
	switch p {
	case ProbeLive:
		return "live"
	case ProbeReady:
		return "ready"
	case ProbeStartup:
		return "startup"
	default:
		return "health"
	}
}
