package catalog_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
)

func TestNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"b.yaml":      "steps: [{run: x}]",
		"a.yml":       "name: zeta\nsteps: [{run: x}]",
		"broken.yaml": "name: alpha\nsteps: 3",
		"copy.yaml":   "name: zeta\nsteps: [{run: x}]",
		".hidden.yml": "name: hidden",
		"notes.txt":   "name: notes",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	require.Equal(t, []string{"alpha", "b", "zeta"}, catalog.Names(dir))
	require.Equal(t, "alpha", catalog.NameIn(filepath.Join(dir, "broken.yaml")))
	require.Equal(t, "gone", catalog.NameIn(filepath.Join(dir, "gone.yaml")))

	files, err := catalog.Files(dir)
	require.NoError(t, err)
	require.Equal(t, []string{
		filepath.Join(dir, "a.yml"), filepath.Join(dir, "b.yaml"), filepath.Join(dir, "broken.yaml"), filepath.Join(dir, "copy.yaml"),
	}, files)

	require.Empty(t, catalog.Names(filepath.Join(dir, "gone")))
	_, err = catalog.Files(filepath.Join(dir, "gone"))
	require.ErrorIs(t, err, os.ErrNotExist)
}
