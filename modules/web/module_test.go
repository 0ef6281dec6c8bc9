package web_test

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"

	"dagu/config"
	"dagu/modules/catalog"
	"dagu/modules/health"
	"dagu/modules/store"
	"dagu/modules/web"
)

func TestModule(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	dags := filepath.Join(home, "dags")
	require.NoError(t, os.Mkdir(dags, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dags, "etl.yaml"), []byte("steps:\n  - run: 'true'\n"), 0o600))
	graph := func(host string) fx.Option {
		return fx.Options(
			fx.NopLogger, fx.Supply(zap.NewNop()),
			fx.Supply(config.Config{
				Host:      host,
				Location:  time.UTC,
				Paths:     config.Paths{DAGsDir: dags, DataDir: filepath.Join(home, "data")},
				Scheduler: config.Scheduler{ReconcileInterval: time.Minute},
				Database:  config.Database{AllowNetworkFS: true},
			}),
			fx.Provide(func(s *store.Store) catalog.Store { return s }),
			health.RegistryModule, store.Module, catalog.Module, web.Module,
		)
	}
	var server *web.Server
	app := fxtest.New(t, graph("127.0.0.1"), fx.Populate(&server))
	app.RequireStart()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL()+"api/v1/dags/etl", nil)
	require.NoError(t, err)
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode)
	address := request.URL.Host
	app.RequireStop()
	_, err = new(net.Dialer).DialContext(t.Context(), "tcp", address)
	require.Error(t, err)

	open := fx.New(graph("0.0.0.0"))
	require.ErrorContains(t, open.Err(), "DAGU_AUTH_MODE", "nobody has chosen who may use it")
}
