package logging_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"dagu/config"
	"dagu/modules/logging"
)

func TestModule(t *testing.T) {
	t.Parallel()
	out := &sink{}
	cfg := config.Config{LogFormat: config.LogJSON, Debug: true}
	var logger *logging.Logger
	app := fxtest.New(t, logging.Module, fx.Supply(cfg),
		fx.Supply(fx.Annotate(out, fx.As(new(io.Writer)), fx.ResultTags(`name:"log"`))),
		fx.WithLogger(logging.FxLogger),
		fx.Invoke(func(log *zap.Logger) { log.Info("invoked") }), fx.Populate(&logger))
	app.RequireStart().RequireStop()
	require.NoError(t, logger.Flush(t.Context()))
	require.Contains(t, out.String(), `"msg":"invoked"`)
	require.Regexp(t, `"level":"debug","time":"[^"]+","logger":"fx","msg":"started"`, out.String())
}

// What fx says, also of failures, is for debugging.
func TestFxLogger(t *testing.T) {
	t.Parallel()
	seen, logs := observer.New(zap.DebugLevel)
	app := fx.New(fx.WithLogger(logging.FxLogger), fx.Supply(zap.New(seen)), fx.Invoke(func(int) {}))
	require.Error(t, app.Err())
	require.NotZero(t, logs.Len())
	require.Equal(t, logs.Len(), logs.FilterLevelExact(zap.DebugLevel).Len())
	require.Equal(t, "fx", logs.All()[0].LoggerName)
}

func TestColored(t *testing.T) {
	t.Parallel()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	require.NoError(t, err)
	defer func() { _ = file.Close() }()
	none := func(string) string { return "" }
	require.False(t, logging.Colored(file, none))
	require.False(t, logging.Colored(&sink{}, none))
	require.False(t, logging.Colored(nil, none))
}

func TestColoredTerminal(t *testing.T) {
	t.Parallel()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal to be had: %v", err)
	}
	defer func() { _ = terminal.Close() }()
	for want, env := range map[bool]map[string]string{true: {"TERM": "xterm"}, false: {"NO_COLOR": "1"}} {
		require.Equal(t, want, logging.Colored(terminal, func(name string) string { return env[name] }))
	}
	dumb := map[string]string{"TERM": "dumb"}
	require.False(t, logging.Colored(terminal, func(name string) string { return dumb[name] }))
}
