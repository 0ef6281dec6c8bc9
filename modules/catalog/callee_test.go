package catalog_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
)

func TestResolveCallee(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for path, text := range map[string]string{
		"own/a.yaml": "steps: []", "own/b.yml": "steps: []", "own/deep/c.yaml": "steps: []", "own/x.yaml": "name: named\nsteps: []",
		"own/plain": "#!/bin/sh", "dags/a.yaml": "steps: []", "dags/d.yaml": "steps: []", "dags/deep/e.yaml": "steps: []",
	} {
		path = filepath.Join(root, path)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o750))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	own, dags := filepath.Join(root, "own"), filepath.Join(root, "dags")
	for target, want := range map[string]string{
		"a": "own/a.yaml", "a.yaml": "own/a.yaml", "./a": "own/a.yaml", "b": "own/b.yml", "deep/c": "own/deep/c.yaml", "named": "own/x.yaml",
		"d": "dags/d.yaml", "deep/e.yaml": "dags/deep/e.yaml", "../dags/a.yaml": "dags/a.yaml", "./plain": "own/plain",
		filepath.Join(root, "dags", "a"): "dags/a.yaml", filepath.Join(root, "dags", "a.yaml"): "dags/a.yaml",
	} {
		path, err := catalog.ResolveCallee(target, own, dags)
		require.NoError(t, err, target)
		require.Equal(t, filepath.Join(root, want), path, target)
	}
	for target, nearest := range map[string]string{"namd": "named", "plain": "", "deep": "", "deep/none": "", "none.yaml": "", "/none": "", "..": ""} {
		_, err := catalog.ResolveCallee(target, own, dags)
		var missing *catalog.NotFoundError
		require.ErrorAs(t, err, &missing, target)
		require.ErrorIs(t, err, fs.ErrNotExist, target)
		require.Equal(t, target, missing.Arg)
		require.NotEmpty(t, missing.Tried, target)
		require.Equal(t, nearest, missing.Nearest, target)
	}
	_, err := catalog.ResolveCallee("d", own, "")
	require.ErrorIs(t, err, fs.ErrNotExist, "there is no directory of DAGs")
}
