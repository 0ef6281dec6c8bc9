package catalog_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/catalog"
	"dagu/modules/dag"
)

// unwatched returns a catalog for a bubble, in which a watcher would stop fake time.
func unwatched(t *testing.T, o catalog.Options, s catalog.Store) *catalog.Catalog {
	t.Helper()
	c, err := catalog.New(o, s, zap.NewNop())
	require.NoError(t, err)
	c.OnWatch(func() (*fsnotify.Watcher, error) { return nil, errors.New("no watcher in a bubble") })
	return c
}

// TestFileSystemThatHangs has reads hang, as on a file system whose server is gone.
func TestFileSystemThatHangs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore()
		c := unwatched(t, catalog.Options{Dir: dir}, s)
		released := make(chan struct{})
		var hang atomic.Bool
		c.OnRead(func(path string) ([]byte, error) {
			if hang.Load() {
				<-released
			}
			return dag.ReadFile(path)
		})
		require.NoError(t, c.Start(t.Context()))
		require.Equal(t, "0 1 * * *", cron(c, "a"))

		synctest.Wait()
		hang.Store(true)
		write(t, filepath.Join(dir, "a.yaml"), good("0 2 * * *"))
		time.Sleep(catalog.DefaultInterval + 3*catalog.Silence) // synctest
		require.ErrorContains(t, c.DirError(), "no answer for 10s while reading "+filepath.Join(dir, "a.yaml"))
		require.NoError(t, c.Status().Store)
		require.Equal(t, "0 1 * * *", cron(c, "a"), "readers are not held up")

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := c.Stop(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "left behind while reading")

		close(released)
		require.NoError(t, c.Stop(t.Context()))
		require.Equal(t, "0 1 * * *", cron(c, "a"), "nothing changes after the stop")
	})
}

func TestFileSystemThatAnswersAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	synctest.Test(t, func(t *testing.T) {
		c := unwatched(t, catalog.Options{Dir: dir}, newFakeStore())
		released := make(chan struct{})
		c.OnRead(func(path string) ([]byte, error) {
			<-released
			return dag.ReadFile(path)
		})
		before := time.Now()
		require.NoError(t, c.Start(t.Context()), "the process starts without DAGs")
		require.LessOrEqual(t, time.Since(before), 2*catalog.Silence)
		require.Error(t, c.DirError())
		require.Empty(t, c.Snapshot())
		close(released)
		synctest.Wait()
		require.NoError(t, c.DirError())
		require.Equal(t, "0 1 * * *", cron(c, "a"))
		require.NoError(t, c.Stop(t.Context()))
	})
}

func TestLargeDirectoryIsNotAHang(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range 30 {
		write(t, filepath.Join(dir, strings.Repeat("a", i+1)+".yaml"), good("0 1 * * *"))
	}
	synctest.Test(t, func(t *testing.T) {
		c := unwatched(t, catalog.Options{Dir: dir}, newFakeStore())
		c.OnRead(func(path string) ([]byte, error) {
			time.Sleep(catalog.Silence * 3 / 4) // synctest: slow, but alive
			return dag.ReadFile(path)
		})
		require.NoError(t, c.Start(t.Context()))
		require.NoError(t, c.DirError())
		require.Len(t, c.Snapshot(), 30, "the start waits for all of it")
		require.NoError(t, c.Stop(t.Context()))
	})
}

func TestStoreThatHangs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	synctest.Test(t, func(t *testing.T) {
		released := make(chan struct{})
		s := newFakeStore()
		s.failing(func(string) error { <-released; return os.ErrDeadlineExceeded })
		c := unwatched(t, catalog.Options{Dir: dir}, s)
		require.NoError(t, c.Start(t.Context()))
		require.ErrorContains(t, c.Status().Store, "no answer")
		require.NoError(t, c.DirError(), "the directory is not to blame")
		close(released)
		synctest.Wait()
		s.failing(nil)
		require.ErrorIs(t, c.Status().Store, os.ErrDeadlineExceeded)
		time.Sleep(catalog.DefaultInterval / 2) // synctest: a failure is tried again earlier
		require.NoError(t, c.Status().Store)
		require.Equal(t, "0 1 * * *", cron(c, "a"))
		require.NoError(t, c.Stop(t.Context()))
	})
}

func TestComparisonsComeAtTheInterval(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	write(t, path, good("0 1 * * *"))
	synctest.Test(t, func(t *testing.T) {
		c := unwatched(t, catalog.Options{Dir: dir, Interval: time.Minute}, newFakeStore())
		require.NoError(t, c.Start(t.Context()))
		first := c.LastReconcile()
		write(t, path, good("0 2 * * *"))
		time.Sleep(59 * time.Second) // synctest
		synctest.Wait()
		require.Equal(t, "0 1 * * *", cron(c, "a"))
		time.Sleep(time.Second) // synctest
		synctest.Wait()
		require.Equal(t, "0 2 * * *", cron(c, "a"))
		require.Equal(t, time.Minute, c.LastReconcile().Sub(first))
		require.NoError(t, c.Stop(t.Context()))
	})
}

func TestComparisonThatFellDueDuringAnother(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "slow.yaml"), good("0 1 * * *"))
	synctest.Test(t, func(t *testing.T) {
		c := unwatched(t, catalog.Options{Dir: dir, Interval: time.Minute}, newFakeStore())
		released := make(chan struct{})
		c.OnRead(func(path string) ([]byte, error) {
			<-released
			return dag.ReadFile(path)
		})
		require.NoError(t, c.Start(t.Context()))
		write(t, filepath.Join(dir, "late.yaml"), good("0 1 * * *"))
		time.Sleep(time.Minute) // synctest
		close(released)
		synctest.Wait()
		require.Equal(t, []string{"late", "slow"}, names(c.Snapshot()))
		require.NoError(t, c.Stop(t.Context()))
	})
}

func TestStartAndStopInAnyOrder(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := newCatalog(t, catalog.Options{Dir: t.TempDir()}, newFakeStore())
	require.NoError(t, c.Stop(ctx))
	require.ErrorContains(t, c.Start(ctx), "stopped")

	c = newCatalog(t, catalog.Options{Dir: t.TempDir()}, newFakeStore())
	require.NoError(t, c.Start(ctx))
	require.NoError(t, c.Start(ctx))
	require.NoError(t, c.Stop(ctx))
	require.NoError(t, c.Stop(ctx))
	require.Error(t, c.Start(ctx))

	c = newCatalog(t, catalog.Options{Dir: t.TempDir()}, newFakeStore())
	dead, cancel := context.WithCancel(ctx)
	require.NoError(t, c.Start(dead))
	cancel() // the hook's context ends when the start is over
	write(t, filepath.Join(c.Dir(), "a.yaml"), good("0 1 * * *"))
	eventually(t, "the loop lives on", func() bool { return cron(c, "a") != "" })
	require.NoError(t, c.Stop(ctx))
}

func TestStartThatIsGivenUp(t *testing.T) {
	t.Parallel()
	released := make(chan struct{})
	s := newFakeStore()
	s.failing(func(string) error { <-released; return nil })
	c := newCatalog(t, catalog.Options{Dir: t.TempDir()}, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, c.Start(ctx), context.Canceled)
	close(released)
	require.NoError(t, c.Stop(t.Context()))
}
