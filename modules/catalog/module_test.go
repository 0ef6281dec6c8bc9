package catalog_test

import (
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
)

func TestModule(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	write(t, filepath.Join(dir, "base"), "queue: one\n")
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	require.NoError(t, err)
	cfg := config.Config{
		Paths:     config.Paths{DAGsDir: dir, BaseConfig: filepath.Join(dir, "base")},
		Location:  tokyo,
		Scheduler: config.Scheduler{ReconcileInterval: time.Hour},
	}
	var c *catalog.Catalog
	app := fxtest.New(t,
		fx.NopLogger,
		fx.Supply(cfg, zap.NewNop()),
		fx.Supply(fx.Annotate(newFakeStore(), fx.As(new(catalog.Store)))),
		health.RegistryModule,
		catalog.Module,
		fx.Populate(&c),
	)
	require.Empty(t, c.Snapshot())
	app.RequireStart()
	e, ok := c.Lookup("a")
	require.True(t, ok)
	require.Equal(t, "one", e.Queue)
	require.Equal(t, "Asia/Tokyo", e.Schedules[0].Spec.Zone())
	app.RequireStop()
	require.Error(t, c.Start(t.Context()), "it was stopped")
}
