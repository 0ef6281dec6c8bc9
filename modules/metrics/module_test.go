package metrics_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"dagu/config"
	"dagu/modules/metrics"
)

// The handler needs nothing but the configuration.
func TestModule(t *testing.T) {
	t.Parallel()
	var got struct {
		fx.In
		Handler http.Handler `name:"metrics"`
	}
	fxtest.New(t, config.Module(&config.Loaded{}), metrics.Module, fx.Populate(&got)).RequireStart().RequireStop()
	require.NotNil(t, got.Handler)
}
