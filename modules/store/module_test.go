package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"

	"dagu/config"
	"dagu/modules/health"
	"dagu/modules/store"
)

func TestModule(t *testing.T) {
	t.Parallel()
	var s *store.Store
	app := fxtest.New(t,
		fx.Supply(config.Config{Paths: config.Paths{DataDir: t.TempDir()}}, zap.NewNop()),
		health.RegistryModule,
		store.Module,
		fx.Populate(&s),
	)
	_, err := s.Files(t.Context())
	require.ErrorIs(t, err, store.ErrClosed, "nothing happens before the start")
	app.RequireStart()
	_, err = s.Files(t.Context())
	require.NoError(t, err)
	app.RequireStop()
	_, err = s.Files(t.Context())
	require.ErrorIs(t, err, store.ErrClosed)
}
