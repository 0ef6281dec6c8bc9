package catalog_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
	"dagu/modules/dag"
)

func TestReadDir(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := filepath.Join(dir, "base.yaml")
	for name, text := range map[string]string{
		"a.yaml":    "name: one\nschedule: '@hourly'\nsteps: [{run: echo}]",
		"b.yaml":    "name: one\nsteps: [{run: echo}]",
		"c.yml":     "steps: 3",
		"d.yaml":    "schedule: '@daily'\nsteps: [{run: echo}]",
		"base.yaml": "overlap_policy: latest",
		"e.txt":     "x",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	entries, err := catalog.ReadDir(dir, base, dag.Options{Location: time.UTC})
	require.NoError(t, err)
	require.Len(t, entries, 4)
	require.Equal(t, "one", entries[0].Name)
	require.NoError(t, entries[0].Err)
	require.Len(t, entries[0].Schedules, 1)
	require.Equal(t, dag.OverlapLatest, entries[0].Overlap)
	require.ErrorContains(t, entries[1].Err, `duplicate DAG name "one": `+filepath.Join(dir, "a.yaml")+" has it")
	require.Empty(t, entries[1].Schedules)
	require.ErrorContains(t, entries[2].Err, "steps")
	require.Equal(t, "d", entries[3].Name)
	require.True(t, entries[3].Good)

	_, err = catalog.ReadDir(filepath.Join(dir, "none"), base, dag.Options{})
	require.ErrorIs(t, err, os.ErrNotExist)
}
