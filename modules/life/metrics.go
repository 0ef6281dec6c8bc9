package life

import "github.com/prometheus/client_golang/prometheus"

// Collector tells how the life before ended: of all ends one is 1.
func (k *Keeper) Collector() prometheus.Collector {
	return collector{keeper: k, desc: prometheus.NewDesc("dagu_previous_life_end",
		"How the life of the process before this one ended: the one that is true is 1.", []string{"how"}, nil)}
}

type collector struct {
	keeper *Keeper
	desc   *prometheus.Desc
}

// Describe is prometheus.Collector's.
func (c collector) Describe(ch chan<- *prometheus.Desc) { ch <- c.desc }

// Collect is prometheus.Collector's.
func (c collector) Collect(ch chan<- prometheus.Metric) {
	previous := c.keeper.Previous()
	for _, end := range Ends() {
		value := 0.0
		if end == previous {
			value = 1
		}
		ch <- prometheus.MustNewConstMetric(c.desc, prometheus.GaugeValue, value, string(end))
	}
}
