package catalog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/catalog"
	"dagu/modules/store"
)

// life runs one comparison of a new catalog on what earlier ones left.
func life(t *testing.T, dir, base string, s catalog.Store) *catalog.Catalog {
	t.Helper()
	c := newCatalog(t, catalog.Options{Dir: dir, BaseFile: base}, s)
	require.NoError(t, c.Reconcile(t.Context()))
	return c
}

func TestRestartWithUnchangedFilesStoresNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 200 {
		write(t, filepath.Join(dir, fmt.Sprintf("a%d.yaml", i)), good("0 1 * * *"))
	}
	s := newFakeStore()
	life(t, dir, "", s)
	put, saved, removed := s.counts()
	require.Equal(t, []int{200, 200, 0}, []int{put, saved, removed})
	c := life(t, dir, "", s)
	require.Len(t, c.Snapshot(), 200)
	require.Zero(t, c.Status().Bad)
	put, saved, removed = s.counts()
	require.Equal(t, []int{0, 0, 0}, []int{put, saved, removed})
}

func TestLastGoodVersionSurvivesARestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	write(t, path, good("0 1 * * *", "name: nightly"))
	s := newFakeStore()
	before, _ := life(t, dir, "", s).Lookup("nightly")
	write(t, path, bad)
	life(t, dir, "", s)
	s.prune()
	c := life(t, dir, "", s)
	now, ok := c.Lookup("nightly")
	require.True(t, ok)
	require.Error(t, now.Err)
	now.Err = nil
	require.Equal(t, before, now)

	write(t, path, good("0 2 * * *", "name: nightly"))
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 2 * * *", cron(c, "nightly"))
	require.Empty(t, errOf(c, "nightly"))
}

func TestLastGoodVersionSurvivesABrokenBaseFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := filepath.Join(t.TempDir(), "base.yaml")
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	write(t, base, "queue: one\n")
	s := newFakeStore()
	before, _ := life(t, dir, base, s).Lookup("a")
	require.Equal(t, "one", before.Queue)
	write(t, base, bad)
	now, _ := life(t, dir, base, s).Lookup("a")
	require.ErrorContains(t, now.Err, base)
	now.Err = nil
	require.Equal(t, before, now)
}

func TestRestartForgetsWhatIsGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		write(t, filepath.Join(dir, name+".yaml"), good("0 1 * * *"))
	}
	s := newFakeStore()
	life(t, dir, "", s)
	elsewhere := filepath.Join(t.TempDir(), "other.yaml")
	s.files[elsewhere] = store.File{Path: elsewhere, DAG: "other", Hash: "h"}
	require.NoError(t, os.Remove(filepath.Join(dir, "b.yaml")))
	life(t, dir, "", s)
	require.Len(t, s.files, 2)
	require.Contains(t, s.files, filepath.Join(dir, "a.yaml"))
	require.Contains(t, s.files, elsewhere, "another process may have another directory")
}

func TestRestartOnAnEmptyDirectoryKeepsTheRows(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	write(t, path, good("0 1 * * *"))
	s := newFakeStore()
	life(t, dir, "", s)
	require.NoError(t, os.Remove(path)) // as a volume that is not mounted yet
	c := life(t, dir, "", s)
	require.Empty(t, c.Snapshot())
	require.NoError(t, c.DirError())
	require.Len(t, s.files, 1)

	write(t, path, bad)
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 1 * * *", cron(c, "a"), "the last good version is still known")
}

func TestTextThatTheStoreLost(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	write(t, path, good("0 1 * * *"))
	s := newFakeStore()
	life(t, dir, "", s)
	clear(s.texts)
	write(t, path, bad)
	c := life(t, dir, "", s)
	e, _ := c.Lookup("a")
	require.False(t, e.Good)
	require.Error(t, e.Err)
	require.Empty(t, s.files)
	write(t, path, good("0 1 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	require.Contains(t, s.texts, s.files[path].Hash, "the text is stored again")
}

// TestRestartOnARealStore lives three lives on one database.
func TestRestartOnARealStore(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	a, b := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")
	in := func(do func(c *catalog.Catalog)) {
		s, err := store.New(store.Options{Dir: data}, zap.NewNop())
		require.NoError(t, err)
		require.NoError(t, s.Start(t.Context()))
		do(life(t, dir, "", s))
		require.NoError(t, s.Stop(t.Context()))
	}
	write(t, a, named("x", "0 1 * * *"))
	write(t, b, named("y", "0 2 * * *"))
	in(func(c *catalog.Catalog) { require.Zero(t, c.Status().Bad) })
	write(t, a, bad)
	write(t, b, named("x", "0 3 * * *"))
	for range 2 {
		in(func(c *catalog.Catalog) {
			require.Equal(t, "0 1 * * *", cron(c, "x"))
			require.Equal(t, "0 2 * * *", cron(c, "y"))
			require.Equal(t, 2, c.Status().Bad)
		})
	}
	require.NoError(t, os.Remove(a))
	in(func(c *catalog.Catalog) {
		require.Equal(t, "0 3 * * *", cron(c, "x"))
		require.Len(t, c.Snapshot(), 1)
	})
}
