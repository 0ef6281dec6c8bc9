package health_test

import (
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"dagu/config"
	"dagu/modules/health"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"
)

func TestModulesStartAndStop(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	start := func(port int) (*fxtest.App, *health.Server, *health.Registry) {
		var s *health.Server
		var r *health.Registry
		c := config.Config{Paths: config.Paths{DataDir: data}, Scheduler: config.Scheduler{Port: port}}
		app := fxtest.New(t, fx.NopLogger, fx.Supply(c), fx.Supply(zap.NewNop()),
			health.RegistryModule, health.Module, fx.Populate(&s, &r))
		return app.RequireStart(), s, r
	}
	app, s, r := start(0)
	require.Empty(t, s.URL(), "port 0 in the configuration is no server")
	app.RequireStop()
	require.Equal(t, health.Draining, r.Phase())

	// The server waits for a port that is taken, so that the test can have it chosen.
	held, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	app, s, r = start(held.Addr().(*net.TCPAddr).Port)
	require.NoError(t, held.Close())
	r.Advance(health.Running)
	code, _, err := probe(t, listening(t, s))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, code)
	eventually(t, func() bool {
		address, err := health.ReadAddress(filepath.Join(data, health.AddressFile))
		return err == nil && strings.HasPrefix(address.URL, "http://127.0.0.1:")
	}, "the address file is in the data directory")
	app.RequireStop()
}
