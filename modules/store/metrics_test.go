package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// A database that fails is counted; one that answers no, and a caller that went away, are not.
func TestFailuresAreCounted(t *testing.T) {
	t.Parallel()
	dir, m := t.TempDir(), store.NewMetrics()
	s := openOwner(t, store.Options{Dir: dir, WriteTimeout: 300 * time.Millisecond, Metrics: m})
	_, err := s.Run(t.Context(), "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Enqueue(canceled, newRun("d", "canceled"))
	require.Error(t, err)
	require.InDelta(t, 0, errorsOf(t, m, "read")+errorsOf(t, m, "write"), 0)

	other := raw(t, dir)
	_, err = other.ExecContext(t.Context(), "begin immediate")
	require.NoError(t, err)
	_, err = s.Enqueue(t.Context(), newRun("d", "late"))
	require.ErrorIs(t, err, store.ErrUnknown)
	require.InDelta(t, 1, errorsOf(t, m, "write"), 0)
	require.InDelta(t, 0, errorsOf(t, m, "read"), 0)
}

func errorsOf(t *testing.T, m *store.Metrics, kind string) float64 {
	t.Helper()
	r := prometheus.NewRegistry()
	for _, c := range m.Collectors() {
		require.NoError(t, r.Register(c))
	}
	families, err := r.Gather()
	require.NoError(t, err)
	for _, f := range families {
		for _, metric := range f.GetMetric() {
			if f.GetName() == "dagu_store_errors_total" && metric.GetLabel()[0].GetValue() == kind {
				return metric.GetCounter().GetValue()
			}
		}
	}
	require.FailNow(t, "there is no such metric")
	return 0
}
