package catalog_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
	"dagu/modules/dag"
)

// counted has reads counted.
func counted(c *catalog.Catalog) *atomic.Int64 {
	var n atomic.Int64
	c.OnRead(func(path string) ([]byte, error) {
		n.Add(1)
		return dag.ReadFile(path)
	})
	return &n
}

// firm makes comparisons until all fingerprints are trusted.
func firm(t *testing.T, c *catalog.Catalog) {
	t.Helper()
	eventually(t, "the fingerprints of old files are trusted", func() bool { return c.Reconcile(t.Context()) == nil && c.Firm() })
}

func TestChangeThatStatDoesNotShow(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	c := newCatalog(t, catalog.Options{Dir: dir}, newFakeStore())
	write(t, path, good("0 1 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	require.False(t, c.Firm(), "a file that changed a moment ago is read again")
	// The same size, in place, within what a clock of the file system may not tell apart.
	require.NoError(t, os.WriteFile(path, []byte(good("0 2 * * *")), 0o600))
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 2 * * *", cron(c, "a"))

	firm(t, c)
	reads := counted(c)
	require.NoError(t, c.Reconcile(t.Context()))
	require.Zero(t, reads.Load(), "an old file is not read again")
	// The same size and the same time of change, as seen by ls.
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte(good("0 3 * * *")), 0o600))
	require.NoError(t, os.Chtimes(path, info.ModTime(), info.ModTime()))
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 3 * * *", cron(c, "a"))
	require.Equal(t, int64(1), reads.Load())
}

// TestOldFiles is what must be noticed although no fingerprint changes.
func TestOldFiles(t *testing.T) {
	t.Parallel()
	dir, home := t.TempDir(), t.TempDir()
	base := filepath.Join(home, "base.yaml")
	target := filepath.Join(home, "target")
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	write(t, target, good("0 1 * * *"))
	require.NoError(t, os.Symlink(target, filepath.Join(dir, "link.yaml")))
	c := newCatalog(t, catalog.Options{Dir: dir, BaseFile: base}, newFakeStore())
	firm(t, c)

	// A read that failed is tried again.
	late := newCatalog(t, catalog.Options{Dir: dir, BaseFile: base}, newFakeStore())
	late.OnRead(func(string) ([]byte, error) { return nil, syscall.EIO })
	require.NoError(t, late.Reconcile(t.Context()))
	require.Contains(t, errOf(late, "a"), syscall.EIO.Error())
	late.OnRead(dag.ReadFile)
	require.NoError(t, late.Reconcile(t.Context()))
	require.Empty(t, errOf(late, "a"))
	require.True(t, late.Firm(), "one look is enough for an old file")

	// What a link points to changes.
	write(t, target, good("0 2 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 2 * * *", cron(c, "link"))

	// The base file changes, and a comparison of other names finds it.
	firm(t, c)
	write(t, base, "queue: one\n")
	require.NoError(t, c.Look(t.Context(), "none.yaml"))
	e, _ := c.Lookup("a")
	require.Equal(t, "one", e.Queue)

	// The directory is another one, and nobody said so.
	other := dir + ".new"
	require.NoError(t, os.Mkdir(other, 0o750))
	write(t, filepath.Join(other, "b.yaml"), good("0 3 * * *"))
	require.NoError(t, os.Rename(dir, dir+".away"))
	require.NoError(t, os.Rename(other, dir))
	require.NoError(t, c.Look(t.Context(), "none.yaml"))
	require.Equal(t, []string{"b"}, names(c.Snapshot()))
}

func TestVersionThatComesBackIsNotParsedAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	c := newCatalog(t, catalog.Options{Dir: dir}, newFakeStore())
	parses := 0
	c.OnParse(func(src dag.Source, o dag.Options) (*dag.DAG, error) { parses++; return dag.Load(src, o) })
	for _, text := range []string{good("0 1 * * *"), bad, good("0 1 * * *")} {
		write(t, path, text)
		require.NoError(t, c.Reconcile(t.Context()))
	}
	require.Equal(t, 2, parses)
	require.Empty(t, errOf(c, "a"))
}

func TestFileThatGoesAwayWhileItIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old, fresh := filepath.Join(dir, "old.yaml"), filepath.Join(dir, "fresh.yaml")
	write(t, old, good("0 1 * * *"))
	c := newCatalog(t, catalog.Options{Dir: dir}, newFakeStore())
	require.NoError(t, c.Reconcile(t.Context()))
	write(t, fresh, good("0 1 * * *"))
	c.OnRead(func(path string) ([]byte, error) {
		return nil, errors.Join(os.Remove(path), &os.PathError{Op: "open", Path: path, Err: syscall.ENOENT})
	})
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, []string{"old"}, names(c.Snapshot()))
	require.Empty(t, errOf(c, "old"), "it is gone, and not bad")
	require.NoError(t, c.Reconcile(t.Context()))
	require.Empty(t, c.Snapshot())
}

func TestStoreThatFailsIsAskedOnceByEachWorker(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 1000 {
		write(t, filepath.Join(dir, fmt.Sprintf("a%d.yaml", i)), good("0 1 * * *"))
	}
	s := newFakeStore()
	var calls atomic.Int64
	s.failing(func(call string) error {
		if call == "PutTexts" {
			calls.Add(1)
			return os.ErrDeadlineExceeded
		}
		return nil
	})
	c := newCatalog(t, catalog.Options{Dir: dir}, s)
	require.ErrorIs(t, c.Reconcile(t.Context()), os.ErrDeadlineExceeded)
	require.LessOrEqual(t, calls.Load(), int64(runtime.GOMAXPROCS(0)))
}

// TestVolume mounts and unmounts a file system over the directory, of which no
// watcher hears. It needs the right to mount.
func TestVolume(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	c, watcher := spied(t, catalog.Options{Dir: dir})
	t.Cleanup(c.Close)
	require.NoError(t, c.Reconcile(t.Context()))
	w := watcher()
	if err := mount(dir); err != nil {
		t.Skip("cannot mount here: ", err)
	}
	t.Cleanup(func() { _ = unmount(dir) })
	write(t, path, good("0 1 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 1 * * *", cron(c, "a"))
	require.NoError(t, os.Remove(path))
	select {
	case event := <-w.Events:
		require.Equal(t, path, event.Name)
	case <-time.After(20 * time.Second):
		require.Fail(t, "the volume is not watched")
	}
	write(t, path, good("0 2 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))

	require.NoError(t, unmount(dir))
	require.ErrorContains(t, c.Reconcile(t.Context()), "not mounted")
	require.Equal(t, "0 2 * * *", cron(c, "a"), "its DAGs stay")
}
