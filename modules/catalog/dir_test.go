package catalog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
	"dagu/modules/dag"
)

func TestMissingDirectoryIsMade(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "home", "dags")
	c := started(t, catalog.Options{Dir: dir}, newFakeStore())
	require.DirExists(t, dir)
	require.NoError(t, c.DirError())
	require.Empty(t, c.Snapshot())
	require.False(t, c.LastReconcile().IsZero())
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	eventually(t, "the first file is loaded", func() bool { return cron(c, "a") == "0 1 * * *" })
}

func TestDirectoryThatCannotBeMade(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	blocker := filepath.Join(root, "home")
	require.NoError(t, os.WriteFile(blocker, nil, 0o600))
	dir := filepath.Join(blocker, "dags")
	c := started(t, catalog.Options{Dir: dir, Interval: 20 * time.Millisecond}, newFakeStore())
	require.ErrorContains(t, c.DirError(), dir)
	require.True(t, c.LastReconcile().IsZero())

	require.NoError(t, os.Remove(blocker))
	require.NoError(t, os.MkdirAll(dir, 0o750))
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	eventually(t, "it is loaded once it is there", func() bool { return cron(c, "a") == "0 1 * * *" && c.DirError() == nil })
}

// TestDirectoryThatGoesAway covers what can happen to a directory, in each case
// until it is back with a changed file.
func TestDirectoryThatGoesAway(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lose, back func(t *testing.T, dir string)
	}{
		"renamed": {
			lose: func(t *testing.T, dir string) { t.Helper(); require.NoError(t, os.Rename(dir, dir+".away")) },
			back: func(t *testing.T, dir string) { t.Helper(); require.NoError(t, os.Rename(dir+".away", dir)) },
		},
		"removed": {
			lose: func(t *testing.T, dir string) {
				t.Helper()
				require.NoError(t, os.Rename(dir, dir+".away"))
				require.NoError(t, os.RemoveAll(dir+".away"))
			},
			back: func(t *testing.T, dir string) {
				t.Helper()
				require.NoError(t, os.Mkdir(dir+".new", 0o750))
				write(t, filepath.Join(dir+".new", "b.yaml"), good("0 2 * * *"))
				write(t, filepath.Join(dir+".new", "a.yaml"), good("0 1 * * *"))
				require.NoError(t, os.Rename(dir+".new", dir))
			},
		},
		"replaced by an empty one": { // as by a volume that is not mounted
			lose: func(t *testing.T, dir string) {
				t.Helper()
				require.NoError(t, os.Rename(dir, dir+".away"))
				require.NoError(t, os.Mkdir(dir, 0o750))
			},
			back: func(t *testing.T, dir string) {
				t.Helper()
				require.NoError(t, os.Remove(dir))
				require.NoError(t, os.Rename(dir+".away", dir))
			},
		},
		"replaced by a file": {
			lose: func(t *testing.T, dir string) {
				t.Helper()
				require.NoError(t, os.Rename(dir, dir+".away"))
				require.NoError(t, os.WriteFile(dir, nil, 0o600))
			},
			back: func(t *testing.T, dir string) {
				t.Helper()
				require.NoError(t, os.Remove(dir))
				require.NoError(t, os.Rename(dir+".away", dir))
			},
		},
		"replaced by a FIFO": {
			lose: func(t *testing.T, dir string) {
				t.Helper()
				require.NoError(t, os.Rename(dir, dir+".away"))
				fifo(t, dir)
			},
			back: func(t *testing.T, dir string) {
				t.Helper()
				require.NoError(t, os.Remove(dir))
				require.NoError(t, os.Rename(dir+".away", dir))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "dags")
			require.NoError(t, os.Mkdir(dir, 0o750))
			for _, name := range []string{"a", "b"} {
				write(t, filepath.Join(dir, name+".yaml"), good("0 1 * * *"))
			}
			s := newFakeStore()
			// The base file has the directory above watched, too. By itself the
			// directory is looked for every few seconds.
			c := started(t, catalog.Options{Dir: dir, BaseFile: filepath.Join(filepath.Dir(dir), "base.yaml"), Interval: time.Hour}, s)
			_, _, gen := c.Since(0)
			require.NoError(t, c.DirError())
			require.NoError(t, c.CheckDir(t.Context()))

			test.lose(t, dir)
			require.Error(t, c.CheckDir(t.Context()), "at once")
			eventually(t, "it is noticed", func() bool { return c.DirError() != nil })
			last := c.LastReconcile()
			require.Len(t, c.Snapshot(), 2, "what is known stays")
			require.Len(t, s.files, 2)

			test.back(t, dir)
			write(t, filepath.Join(dir, "a.yaml"), good("0 3 * * *"))
			eventually(t, "it is read again", func() bool { return cron(c, "a") == "0 3 * * *" && c.DirError() == nil })
			require.NoError(t, c.CheckDir(t.Context()))
			require.True(t, c.LastReconcile().After(last))
			_, removed, _ := c.Since(gen)
			require.Empty(t, removed)
			require.Equal(t, "b", c.Snapshot()[1].Name)
		})
	}
}

func TestDirectoryIsWatchedAgainAfterItWasReplaced(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "dags")
	require.NoError(t, os.Mkdir(dir, 0o750))
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	// The interval is too long to find the last change.
	c := started(t, catalog.Options{Dir: dir, Interval: time.Hour}, newFakeStore())
	require.NoError(t, os.Mkdir(dir+".new", 0o750))
	write(t, filepath.Join(dir+".new", "a.yaml"), good("0 2 * * *"))
	require.NoError(t, os.Rename(dir, dir+".away"))
	require.NoError(t, os.Rename(dir+".new", dir))
	eventually(t, "the new directory is loaded", func() bool { return cron(c, "a") == "0 2 * * *" })
	write(t, filepath.Join(dir, "a.yaml"), good("0 3 * * *"))
	eventually(t, "and watched", func() bool { return cron(c, "a") == "0 3 * * *" })
}

func TestDirectoryThatIsEmptiedInPlace(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	write(t, path, good("0 1 * * *"))
	s := newFakeStore()
	c := newCatalog(t, catalog.Options{Dir: dir}, s)
	require.NoError(t, c.Reconcile(t.Context()))
	require.NoError(t, os.Remove(path))
	require.NoError(t, c.Reconcile(t.Context()))
	require.Empty(t, c.Snapshot())
	require.Empty(t, s.files)
}

// TestKubernetesSwap does what the kubelet does when a ConfigMap changes.
func TestKubernetesSwap(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	version := func(n int, crons map[string]string) {
		data := fmt.Sprintf("..2031_%02d", n)
		require.NoError(t, os.Mkdir(filepath.Join(dir, data), 0o750))
		for name, cron := range crons {
			require.NoError(t, os.WriteFile(filepath.Join(dir, data, name), []byte(good(cron)), 0o600))
		}
		require.NoError(t, os.Symlink(data, filepath.Join(dir, "..data_tmp")))
		require.NoError(t, os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")))
		for name := range crons {
			_ = os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)) // there from the second time on
		}
	}
	version(1, map[string]string{"a.yaml": "0 1 * * *", "b.yaml": "0 1 * * *"})
	c := started(t, catalog.Options{Dir: dir, Interval: time.Hour}, newFakeStore())
	_, _, gen := c.Since(0)
	require.Len(t, c.Snapshot(), 2)
	version(2, map[string]string{"a.yaml": "0 2 * * *", "b.yaml": "0 1 * * *"})
	eventually(t, "the swap is seen", func() bool { return cron(c, "a") == "0 2 * * *" })
	changed, removed, _ := c.Since(gen)
	require.Equal(t, []string{"a"}, names(changed), "the other file has the same content")
	require.Empty(t, removed)
	require.Zero(t, c.Status().Bad)
}

func TestBaseFile(t *testing.T) {
	t.Parallel()
	dir, home := t.TempDir(), t.TempDir()
	base := filepath.Join(home, "base.conf")
	for i := range 150 {
		write(t, filepath.Join(dir, fmt.Sprintf("a%d.yaml", i)), good("0 1 * * *"))
	}
	c := started(t, catalog.Options{Dir: dir, BaseFile: base, Interval: time.Hour}, newFakeStore())
	all := func(queue string, bad bool) func() bool {
		return func() bool {
			for _, e := range c.Snapshot() {
				if e.Queue != queue || (e.Err != nil) != bad || !e.Good {
					return false
				}
			}
			return len(c.Snapshot()) == 150
		}
	}
	require.True(t, all("", false)())
	write(t, base, "queue: one\n")
	eventually(t, "every DAG is loaded again", all("one", false))
	write(t, base, bad)
	eventually(t, "every DAG shows the error and stays", all("one", true))
	fifo(t, base+".new")
	require.NoError(t, os.Rename(base+".new", base))
	eventually(t, "an unreadable one too", func() bool {
		return all("one", true)() && errOf(c, "a1") == "read base file: read "+base+": "+fifoError(t)
	})
	write(t, base, "queue: two\n")
	eventually(t, "and it is good again", all("two", false))
	require.NoError(t, os.Remove(base))
	eventually(t, "none is fine", all("", false))
}

// fifoError is what the reader says about a FIFO.
func fifoError(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	fifo(t, path)
	_, err := dag.ReadFile(path)
	return err.Error()[len("read "+path+": "):]
}

func TestBaseFileInTheDirectoryIsNoDAG(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := filepath.Join(dir, "base.yaml")
	write(t, base, "queue: one\n")
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	c := started(t, catalog.Options{Dir: dir, BaseFile: base, Interval: time.Hour}, newFakeStore())
	require.Equal(t, []string{"a"}, names(c.Snapshot()))
	write(t, base, "queue: two\n")
	eventually(t, "it is loaded again", func() bool { e, _ := c.Lookup("a"); return e.Queue == "two" })
	require.Equal(t, []string{"a"}, names(c.Snapshot()))
}
