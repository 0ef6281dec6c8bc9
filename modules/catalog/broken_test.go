package catalog_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"dagu/modules/catalog"
	"dagu/modules/dag"
)

func TestBrokenFileKeepsItsLastGoodVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	core, logs := observer.New(zapcore.InfoLevel)
	c, err := catalog.New(catalog.Options{Dir: dir}, newFakeStore(), zap.New(core))
	require.NoError(t, err)
	t.Cleanup(c.Close)

	write(t, path, good("0 1 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	before, _ := c.Lookup("a")
	write(t, path, bad)
	for range 3 {
		require.NoError(t, c.Reconcile(t.Context()))
	}
	now, _ := c.Lookup("a")
	require.ErrorIs(t, now.Err, dag.ErrSource)
	require.Contains(t, now.Err.Error(), path+":")
	now.Err = nil
	require.Equal(t, before, now)
	require.Equal(t, 1, c.Status().Bad)
	warned := logs.FilterLevelExact(zapcore.WarnLevel).All()
	require.Len(t, warned, 1, "a state is logged when it changes")
	require.Equal(t, path, warned[0].ContextMap()["file"])

	write(t, path, good("0 2 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 2 * * *", cron(c, "a"))
	require.Empty(t, errOf(c, "a"))
	require.Len(t, logs.FilterMessage("dag file is good again").All(), 1)
}

func TestFileThatWasNeverGoodIsShown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	write(t, path, bad)
	s := newFakeStore()
	c := newCatalog(t, catalog.Options{Dir: dir}, s)
	require.NoError(t, c.Reconcile(t.Context()))
	e, ok := c.Lookup("a")
	require.True(t, ok)
	require.False(t, e.Good)
	require.Error(t, e.Err)
	require.Equal(t, catalog.Entry{Name: "a", File: path, Err: e.Err}, e)
	require.Empty(t, s.texts)
	require.Empty(t, s.files)

	// A good DAG of that name comes first.
	write(t, filepath.Join(dir, "z.yaml"), good("0 1 * * *", "name: a"))
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 1 * * *", cron(c, "a"))
	require.Len(t, c.Snapshot(), 2)
}

func TestWhatIsNotAFileIsAnErrorOfThatEntry(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		make func(path string) error
		says string
	}{
		"fifo":      {func(p string) error { return syscall.Mkfifo(p, 0o600) }, "a FIFO"},
		"fifo link": {func(p string) error { return link(p, func(q string) error { return syscall.Mkfifo(q, 0o600) }) }, "a FIFO"},
		"zero":      {func(p string) error { return os.Symlink("/dev/zero", p) }, "a character device"},
		"directory": {func(p string) error { return os.Mkdir(p, 0o750) }, "a directory"},
		"loop":      {func(p string) error { return os.Symlink(filepath.Base(p), p) }, "symbolic links"},
		"dangling":  {func(p string) error { return os.Symlink("nowhere", p) }, "does not exist"},
		"empty":     {func(p string) error { return os.WriteFile(p, nil, 0o600) }, "empty"},
		"too large": {func(p string) error {
			return os.WriteFile(p, []byte(good("0 1 * * *")+strings.Repeat("#", dag.MaxFileSize)), 0o600)
		}, "larger than"},
		"socket": {func(p string) error { return syscall.Mknod(p, syscall.S_IFSOCK|0o600, 0) }, "a socket"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "odd.yaml")
			write(t, filepath.Join(dir, "fine.yaml"), good("0 1 * * *"))
			write(t, path, good("0 2 * * *"))
			c := started(t, catalog.Options{Dir: dir, Interval: 20 * time.Millisecond}, newFakeStore())
			require.NoError(t, os.Remove(path))
			require.NoError(t, test.make(path))
			eventually(t, "the entry says what is wrong", func() bool { return strings.Contains(errOf(c, "odd"), test.says) })
			// What was deleted first may have been seen to be gone.
			require.Contains(t, []string{"", "0 2 * * *"}, cron(c, "odd"))
			require.Equal(t, "0 1 * * *", cron(c, "fine"))
			require.NoError(t, c.DirError())

			require.NoError(t, os.RemoveAll(path))
			write(t, path, good("0 3 * * *"))
			eventually(t, "a file in its place is loaded", func() bool { return cron(c, "odd") == "0 3 * * *" && errOf(c, "odd") == "" })
		})
	}
}

// link makes path a link to what is made at another path.
func link(path string, target func(string) error) error {
	other := filepath.Join(filepath.Dir(path), "target")
	if err := target(other); err != nil {
		return err
	}
	return os.Symlink(other, path)
}

func TestUnreadableFileKeepsItsLastGoodVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	write(t, path, good("0 1 * * *"))
	s := newFakeStore()
	c := newCatalog(t, catalog.Options{Dir: dir}, s)
	require.NoError(t, c.Reconcile(t.Context()))

	require.NoError(t, os.Chmod(path, 0))
	denied := syscall.EACCES
	if os.Geteuid() == 0 { // root reads everything
		denied = syscall.EIO
		c.OnRead(func(string) ([]byte, error) { return nil, denied })
	}
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 1 * * *", cron(c, "a"))
	require.Contains(t, errOf(c, "a"), denied.Error())

	require.NoError(t, os.Chmod(path, 0o600))
	c.OnRead(dag.ReadFile)
	s.counts()
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 1 * * *", cron(c, "a"))
	require.Empty(t, errOf(c, "a"))
	put, saved, _ := s.counts()
	require.Zero(t, put+saved, "the same version is stored already")
}

func TestFewLinesForManyBadFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 100 {
		write(t, filepath.Join(dir, "x"+strings.Repeat("x", i)+".yaml"), bad)
	}
	core, logs := observer.New(zapcore.InfoLevel)
	c, err := catalog.New(catalog.Options{Dir: dir}, newFakeStore(), zap.New(core))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, 100, c.Status().Bad)
	require.Less(t, logs.Len(), 30)
	require.Equal(t, int64(80), logs.FilterMessage("more changes of dag files are not listed").All()[0].ContextMap()["unlisted"])
}
