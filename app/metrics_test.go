package app_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"dagu/app"
	"dagu/modules/logging"
	"dagu/modules/metrics"
)

// Prometheus' linter has nothing to say of the names, and nothing that is measured is
// registered twice.
func TestMetricsAreLinted(t *testing.T) {
	t.Parallel()
	for name, graph := range map[string]app.Graph{"scheduler": app.Scheduler, "start-all": app.StartAll, "server": app.Server} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loaded := load(t)
			loaded.Config.Metrics.PerDAG = true
			var registry *metrics.Registry
			require.NoError(t, fx.New(graph(loaded), fx.WithLogger(logging.FxLogger), fx.Populate(&registry)).Err())
			problems, err := testutil.GatherAndLint(registry.Gatherer())
			require.NoError(t, err)
			require.Empty(t, problems)
		})
	}
}
