package catalog_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/catalog"
)

// spied returns a catalog that is not started, and a function that returns the
// watcher that it uses.
func spied(t *testing.T, o catalog.Options) (*catalog.Catalog, func() *fsnotify.Watcher) {
	t.Helper()
	c, err := catalog.New(o, newFakeStore(), zap.NewNop())
	require.NoError(t, err)
	made := make(chan *fsnotify.Watcher, 8)
	c.OnWatch(func() (*fsnotify.Watcher, error) {
		w, err := fsnotify.NewWatcher()
		made <- w
		return w, err
	})
	return c, func() *fsnotify.Watcher { return <-made }
}

func TestChangesAreSeenByTheWatcher(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	c := started(t, catalog.Options{Dir: dir, Interval: time.Hour}, newFakeStore())
	woken, cancel := c.Subscribe()
	t.Cleanup(cancel)
	wake := func() {
		t.Helper()
		select {
		case <-woken:
		case <-time.After(20 * time.Second):
			require.Fail(t, "no change was published")
		}
	}
	require.NoError(t, os.WriteFile(path, []byte(good("0 1 * * *")), 0o600))
	wake()
	require.Equal(t, "0 1 * * *", cron(c, "a"))
	write(t, path, good("0 2 * * *"))
	wake()
	require.Equal(t, "0 2 * * *", cron(c, "a"))
	require.NoError(t, os.Rename(path, filepath.Join(dir, "b.yaml")))
	wake()
	require.Equal(t, []string{"b"}, names(c.Snapshot()))
	require.NoError(t, os.Rename(filepath.Join(dir, "b.yaml"), filepath.Join(t.TempDir(), "b.yaml")))
	wake()
	require.Empty(t, c.Snapshot())
}

func TestDeleteAndCreateIsOneChange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	write(t, path, good("0 1 * * *"))
	c := started(t, catalog.Options{Dir: dir, Interval: time.Hour}, newFakeStore())
	_, _, gen := c.Since(0)
	require.NoError(t, os.Remove(path))
	write(t, path, good("0 2 * * *"))
	eventually(t, "the change is seen", func() bool { return cron(c, "a") == "0 2 * * *" })
	_, _, now := c.Since(gen)
	require.Equal(t, gen+1, now)
}

func TestBurstOfChanges(t *testing.T) {
	t.Parallel()
	const n = 1000
	dir := t.TempDir()
	path := func(i int) string { return filepath.Join(dir, fmt.Sprintf("a%d.yaml", i)) }
	for i := range n {
		write(t, path(i), good("0 1 * * *"))
	}
	c := started(t, catalog.Options{Dir: dir, Interval: time.Hour}, newFakeStore())
	require.Len(t, c.Snapshot(), n)
	for i := range n {
		switch i % 4 {
		case 0:
			require.NoError(t, os.Remove(path(i)))
		case 1:
			write(t, path(i), bad)
		default:
			write(t, path(i), good("0 2 * * *"))
		}
	}
	eventually(t, "all of it is seen", func() bool {
		if len(c.Snapshot()) != n*3/4 || c.Status().Bad != n/4 {
			return false
		}
		for _, e := range c.Snapshot() {
			if e.Err == nil && e.Schedules[0].Text != "0 2 * * *" {
				return false
			}
		}
		return true
	})
}

func TestOverflowIsAFullComparison(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := catalog.NewMetrics()
	c, watcher := spied(t, catalog.Options{Dir: dir, Interval: time.Hour, Metrics: m})
	start(t, c)
	w := watcher()
	require.NoError(t, w.Remove(dir)) // events are lost from now on
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	w.Errors <- fsnotify.ErrEventOverflow
	eventually(t, "the lost event is made up for", func() bool { return cron(c, "a") == "0 1 * * *" })
	require.Equal(t, uint64(1), c.Status().Overflows)
	var counted []float64
	for _, metric := range m.Collectors() {
		counted = append(counted, testutil.ToFloat64(metric))
	}
	require.Equal(t, []float64{1, 0, 1}, counted, "files, broken files, overflows")
	write(t, filepath.Join(dir, "a.yaml"), good("0 2 * * *"))
	eventually(t, "the lost watch is made anew", func() bool { return cron(c, "a") == "0 2 * * *" })
}

func TestWatcherThatFailsIsMadeAnew(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c, watcher := spied(t, catalog.Options{Dir: dir, Interval: time.Hour})
	start(t, c)
	watcher().Errors <- errors.New("the queue is broken")
	second := watcher()
	eventually(t, "the new one has the directory", func() bool { return len(second.WatchList()) == 1 })
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	eventually(t, "and its events are read", func() bool { return cron(c, "a") == "0 1 * * *" })

	require.NoError(t, second.Close())
	watcher()
	write(t, filepath.Join(dir, "a.yaml"), good("0 2 * * *"))
	eventually(t, "also after one that ended", func() bool { return cron(c, "a") == "0 2 * * *" })
}

func TestWithoutAWatcherTheIntervalFindsChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	write(t, path, good("0 1 * * *"))
	c, err := catalog.New(catalog.Options{Dir: dir, Interval: 20 * time.Millisecond}, newFakeStore(), zap.NewNop())
	require.NoError(t, err)
	exhausted := errors.New("too many open files")
	c.OnWatch(func() (*fsnotify.Watcher, error) { return nil, exhausted })
	start(t, c)
	require.ErrorIs(t, c.Status().Watch, exhausted)
	require.NoError(t, c.DirError())
	write(t, path, good("0 2 * * *"))
	eventually(t, "the change is found", func() bool { return cron(c, "a") == "0 2 * * *" })
	last := c.LastReconcile()
	eventually(t, "comparisons go on", func() bool { return c.LastReconcile().After(last) })
}

func TestSubscriptionsEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := newCatalog(t, catalog.Options{Dir: dir}, newFakeStore())
	ended, cancel := c.Subscribe()
	other, cancelOther := c.Subscribe()
	t.Cleanup(cancelOther)
	cancel()
	cancel()
	for i := range 3 { // nobody reads: nobody is waited for
		write(t, filepath.Join(dir, "a.yaml"), good(fmt.Sprintf("%d 1 * * *", i)))
		require.NoError(t, c.Reconcile(t.Context()))
	}
	require.Empty(t, ended)
	require.Len(t, other, 1)
}
