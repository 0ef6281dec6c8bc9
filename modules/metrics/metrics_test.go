package metrics_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"dagu/modules/metrics"
)

func TestScrape(t *testing.T) {
	t.Parallel()
	r, err := metrics.New(metrics.Options{Version: "v1.2.3"})
	require.NoError(t, err)
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: "dagu_things_total", Help: "Things."})
	require.NoError(t, r.Register(c))
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, w.Code)
	for _, line := range []string{
		`dagu_build_info{goversion="go1`, `version="v1.2.3"} 1`, "\ndagu_things_total 0\n", "\ngo_goroutines ", "\nprocess_start_time_seconds ",
	} {
		require.Contains(t, w.Body.String(), line)
	}
	problems, err := testutil.GatherAndLint(r.Gatherer())
	require.NoError(t, err)
	require.Empty(t, problems)
}

// What one collector cannot tell is left out; the others are not.
func TestScrapeGoesOnWithoutABrokenCollector(t *testing.T) {
	t.Parallel()
	r, err := metrics.New(metrics.Options{})
	require.NoError(t, err)
	require.NoError(t, r.Register(broken{prometheus.NewDesc("dagu_broken", "Never there.", nil, nil)}))
	w := httptest.NewRecorder()
	r.Handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, w.Code)
	require.Contains(t, w.Body.String(), `dagu_build_info{`)
	require.NotContains(t, w.Body.String(), "\ndagu_broken")
}

type broken struct{ desc *prometheus.Desc }

func (b broken) Describe(ch chan<- *prometheus.Desc) { ch <- b.desc }
func (b broken) Collect(ch chan<- prometheus.Metric) {
	ch <- prometheus.NewInvalidMetric(b.desc, http.ErrAbortHandler)
}

func TestTwoOfOneName(t *testing.T) {
	t.Parallel()
	r, err := metrics.New(metrics.Options{})
	require.NoError(t, err)
	c := func() prometheus.Collector {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "dagu_twice", Help: "Twice."})
	}
	require.ErrorContains(t, r.Register(c(), c()), "register metrics: ")
}
