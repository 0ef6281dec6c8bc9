package disk_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"

	"dagu/config"
	"dagu/modules/disk"
	"dagu/modules/health"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	const mib, gib = uint64(1 << 20), uint64(1 << 30)
	for name, tt := range map[string]struct {
		size, free, inodes, unused uint64
		readOnly                   bool
		want                       string
	}{
		"plenty":                 {100 * gib, 50 * gib, 1e6, 1e5, false, ""},
		"just enough":            {100 * gib, 64 * mib, 1e6, 1000, false, ""},
		"full":                   {100 * gib, 64*mib - 1, 1e6, 1e5, false, "64 MiB free"},
		"small, one percent":     {100 * mib, mib, 1e6, 1e5, false, ""},
		"small, less":            {100 * mib, mib - 1, 1e6, 1e5, false, "want at least 1.0 MiB"},
		"no inodes":              {100 * gib, 50 * gib, 1e6, 999, false, "999 free inodes, want at least 1000"},
		"few inodes, few in all": {100 * gib, 50 * gib, 200, 2, false, ""},
		"inodes are not counted": {100 * gib, 50 * gib, 0, 0, false, ""},
		"read-only":              {100 * gib, 50 * gib, 1e6, 1e5, true, "is read-only"},
	} {
		err := disk.Judge(tt.size, tt.free, tt.inodes, tt.unused, tt.readOnly)
		if tt.want == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorContains(t, err, tt.want, name)
		}
	}
}

func TestCheckLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, disk.Check(t.Context(), dir))
	require.NoError(t, disk.Check(t.Context(), filepath.Join(dir, "not", "there")))
	list, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, list)
}

// The directory may be somebody else's: the nearest one above a missing one is.
func TestCheckTouchesNoFileOfOthers(t *testing.T) {
	t.Parallel()
	dir, elsewhere := t.TempDir(), filepath.Join(t.TempDir(), "kept")
	for _, path := range []string{filepath.Join(dir, ".probe"), elsewhere} {
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	}
	require.NoError(t, disk.Check(t.Context(), filepath.Join(dir, "missing")))
	text, err := os.ReadFile(filepath.Join(dir, ".probe"))
	require.NoError(t, err)
	require.Equal(t, "mine", string(text))

	require.NoError(t, os.Symlink(elsewhere, filepath.Join(dir, disk.ProbeName)))
	require.Error(t, disk.Check(t.Context(), dir), "a link is not followed")
	text, err = os.ReadFile(elsewhere)
	require.NoError(t, err)
	require.Equal(t, "mine", string(text))
}

func TestCheckFailsWhereNothingCanBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, disk.ProbeName), 0o750))
	require.ErrorContains(t, disk.Check(t.Context(), dir), "create a probe file")
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.Error(t, disk.Check(t.Context(), filepath.Join(file, "below")))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, disk.Check(ctx, t.TempDir()), context.Canceled)
}

func TestModule(t *testing.T) {
	t.Parallel()
	data, logs := t.TempDir(), t.TempDir()
	var got struct {
		fx.In
		Checks []health.Check `group:"checks"`
	}
	fxtest.New(t, fx.Supply(config.Config{Paths: config.Paths{DataDir: data, LogDir: logs}}), disk.Module, fx.Populate(&got)).
		RequireStart().RequireStop()
	require.Len(t, got.Checks, 1)
	require.NoError(t, got.Checks[0].Run(t.Context()))
	for _, dir := range []string{data, logs} {
		probe := filepath.Join(dir, disk.ProbeName)
		require.NoError(t, os.Mkdir(probe, 0o750))
		require.ErrorContains(t, got.Checks[0].Run(t.Context()), dir)
		require.NoError(t, os.Remove(probe))
	}
}
