package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"dagu/config"
)

func TestModule(t *testing.T) {
	t.Parallel()
	loaded := load(t, options(t, "port: 81"))
	var cfg config.Config
	var got *config.Loaded
	fxtest.New(t, config.Module(loaded), fx.Populate(&cfg, &got)).RequireStart().RequireStop()
	require.Equal(t, 81, cfg.Port)
	require.Same(t, loaded, got)
}
