package metrics

import (
	"cmp"
	"fmt"
	"net/http"
	"runtime"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// maxScrapes bounds the scrapes that are answered at once; one more gets 503.
const maxScrapes = 16

// Options configure a Registry.
type Options struct {
	// Version is shown by dagu_build_info; "" is "unknown".
	Version string
}

// Registry holds collectors. It has those of the Go runtime, of the process and of
// the build from the start. All methods may be called at once.
type Registry struct {
	all *prometheus.Registry
}

// New returns a Registry. It fails when two collectors use one name.
func New(o Options) (*Registry, error) {
	r := &Registry{all: prometheus.NewRegistry()}
	err := r.Register(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "dagu_build_info",
			Help:        "The program that runs; always 1.",
			ConstLabels: prometheus.Labels{"version": cmp.Or(o.Version, "unknown"), "goversion": runtime.Version()},
		}, func() float64 { return 1 }),
	)
	return r, err
}

// Register adds collectors, in an order of its own. The error names the first that
// uses a name which is taken.
func (r *Registry) Register(list ...prometheus.Collector) error {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b prometheus.Collector) int { return cmp.Compare(firstName(a), firstName(b)) })
	for _, c := range list {
		if err := r.all.Register(c); err != nil {
			return fmt.Errorf("register metrics: %w", err)
		}
	}
	return nil
}

// firstName is what a collector describes first.
func firstName(c prometheus.Collector) string {
	descriptions := make(chan *prometheus.Desc)
	go func() {
		defer close(descriptions)
		c.Describe(descriptions)
	}()
	var name string
	for d := range descriptions { // all of them, so that the goroutine ends
		name = cmp.Or(name, d.String())
	}
	return name
}

// Gatherer is where the values can be read.
func (r *Registry) Gatherer() prometheus.Gatherer { return r.all }

// Handler answers scrapes, in the text format or as the scraper asks for. What one
// collector cannot tell is left out, and the rest is answered with 200.
func (r *Registry) Handler() http.Handler {
	return promhttp.HandlerFor(r.all, promhttp.HandlerOpts{
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: maxScrapes,
	})
}
