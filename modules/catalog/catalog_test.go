package catalog_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/catalog"
	"dagu/modules/dag"
)

func TestOptions(t *testing.T) {
	t.Parallel()
	for field, o := range map[string]catalog.Options{
		"Dir":      {Dir: "dags"},
		"BaseFile": {Dir: "/dags", BaseFile: "base.yaml"},
		"Interval": {Dir: "/dags", Interval: -time.Second},
	} {
		_, err := catalog.New(o, newFakeStore(), zap.NewNop())
		require.ErrorContains(t, err, field)
	}
}

func TestEntryHoldsWhatTheFileSays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	path := filepath.Join(dir, "etl.yaml")
	write(t, path, `name: nightly
description: moves data
group: data
schedule: ["0 2 * * *", "CRON_TZ=Asia/Tokyo 30 4 * * *"]
queue: heavy
priority: 7
on_interrupt: retry
hist_retention_days: 3
skip_if_successful: true
catchup_window: 6h
overlap_policy: latest
restart_wait_sec: 9
labels: [Team=Data, slow]
steps:
  - run: "true"
`)
	s := newFakeStore()
	c := started(t, catalog.Options{Dir: dir, Location: berlin}, s)

	e, ok := c.Lookup("nightly")
	require.True(t, ok)
	require.True(t, e.Good)
	require.NoError(t, e.Err)
	require.Equal(t, path, e.File)
	require.Equal(t, "moves data", e.Description)
	require.Equal(t, "data", e.Group)
	require.Equal(t, "heavy", e.Queue)
	require.Equal(t, 7, e.Priority)
	require.Equal(t, dag.InterruptRetry, e.OnInterrupt)
	require.Equal(t, 3, e.RetentionDays)
	require.True(t, e.SkipIfSuccessful)
	require.Equal(t, 6*time.Hour, e.CatchupWindow)
	require.Equal(t, dag.OverlapLatest, e.Overlap)
	require.Equal(t, 9*time.Second, e.RestartWait)
	require.Equal(t, []string{"team=data", "slow"}, e.Labels)
	require.Len(t, e.Schedules, 2)
	require.Equal(t, "0 2 * * *", e.Schedules[0].Text)
	require.Equal(t, "Europe/Berlin", e.Schedules[0].Spec.Zone())
	require.Equal(t, "Asia/Tokyo", e.Schedules[1].Spec.Zone())
	require.Equal(t, []catalog.Entry{e}, c.Snapshot())

	text := s.texts[e.Hash]
	require.Equal(t, "nightly", text.DAG)
	require.Equal(t, path, text.File)
	require.Contains(t, string(text.Body), "moves data")
	require.Equal(t, e.Hash, s.files[path].Hash)
	_, ok = c.Lookup("etl")
	require.False(t, ok, "the stem is not the name of a DAG that has one")
}

// What the scheduler decides by may stand in the base file, of which a DAG's own words win.
func TestBaseHoldsForTheScheduler(t *testing.T) {
	t.Parallel()
	dags, base := t.TempDir(), filepath.Join(t.TempDir(), "base.yaml")
	write(t, base, `queue: heavy
priority: 7
on_interrupt: retry
skip_if_successful: true
catchup_window: 6h
overlap_policy: latest
restart_wait_sec: 9
hist_retention_days: 3
`)
	write(t, filepath.Join(dags, "all.yaml"), "schedule: '@daily'\nsteps: [{run: 'true'}]\n")
	write(t, filepath.Join(dags, "own.yaml"), "schedule: '@daily'\ncatchup_window: 1h\noverlap_policy: all\nskip_if_successful: false\nsteps: [{run: 'true'}]\n")
	c := started(t, catalog.Options{Dir: dags, BaseFile: base, Location: time.UTC}, newFakeStore())

	e, ok := c.Lookup("all")
	require.True(t, ok)
	require.NoError(t, e.Err)
	require.Equal(t, "heavy", e.Queue)
	require.Equal(t, 7, e.Priority)
	require.Equal(t, dag.InterruptRetry, e.OnInterrupt)
	require.True(t, e.SkipIfSuccessful)
	require.Equal(t, 6*time.Hour, e.CatchupWindow)
	require.Equal(t, dag.OverlapLatest, e.Overlap)
	require.Equal(t, 9*time.Second, e.RestartWait)
	require.Equal(t, 3, e.RetentionDays)

	own, ok := c.Lookup("own")
	require.True(t, ok)
	require.Equal(t, time.Hour, own.CatchupWindow)
	require.Equal(t, dag.OverlapAll, own.Overlap)
	require.False(t, own.SkipIfSuccessful)
	require.Equal(t, "heavy", own.Queue)
}

func TestOnlyDAGFilesAreLoaded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{
		"a.yaml", "b.yml", "with blank.yaml", // these
		".hidden.yaml", ".#lock.yaml", "#auto.yaml", "~$office.yaml", "x.yaml~", "x.yaml.swp", "x.YAML", "notes.txt", "yaml", ".yaml",
	} {
		write(t, filepath.Join(dir, name), good("0 1 * * *"))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "sub"), 0o750))
	write(t, filepath.Join(dir, "sub", "deep.yaml"), good("0 1 * * *"))
	c := newCatalog(t, catalog.Options{Dir: dir}, newFakeStore())
	require.NoError(t, c.Reconcile(t.Context()))

	var files []string
	for _, e := range c.Snapshot() {
		files = append(files, filepath.Base(e.File))
	}
	slices.Sort(files)
	require.Equal(t, []string{"a.yaml", "b.yml", "with blank.yaml"}, files)
}

func TestSinceTellsOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		write(t, filepath.Join(dir, name+".yaml"), good("0 1 * * *"))
	}
	c := newCatalog(t, catalog.Options{Dir: dir}, newFakeStore())
	require.NoError(t, c.Reconcile(t.Context()))
	changed, removed, gen := c.Since(0)
	require.Equal(t, []string{"a", "b", "c"}, names(changed))
	require.Empty(t, removed)

	require.NoError(t, c.Reconcile(t.Context()))
	changed, removed, same := c.Since(gen)
	require.Empty(t, changed)
	require.Empty(t, removed)
	require.Equal(t, gen, same, "nothing changed, nothing is published")

	write(t, filepath.Join(dir, "b.yaml"), good("0 2 * * *"))
	require.NoError(t, os.Remove(filepath.Join(dir, "c.yaml")))
	require.NoError(t, c.Reconcile(t.Context()))
	changed, removed, gen2 := c.Since(gen)
	require.Equal(t, []string{"b"}, names(changed))
	require.Equal(t, "0 2 * * *", changed[0].Schedules[0].Text)
	require.Equal(t, []string{"c"}, removed)

	write(t, filepath.Join(dir, "c.yaml"), good("0 3 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	changed, removed, _ = c.Since(gen2)
	require.Equal(t, []string{"c"}, names(changed))
	require.Empty(t, removed)
	changed, removed, _ = c.Since(gen)
	require.Equal(t, []string{"b", "c"}, names(changed), "a caller that lags behind hears of all of it")
	require.Empty(t, removed)
}

func names(entries []catalog.Entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.Name)
	}
	return all
}

func TestRemovedNamesAreBounded(t *testing.T) {
	t.Parallel()
	removed := catalog.RemoveNames(catalog.MaxRemoved + 10)
	require.Len(t, removed, catalog.MaxRemoved)
}

func TestTextIsStoredBeforeTheEntryIsSeen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := newFakeStore()
	c := newCatalog(t, catalog.Options{Dir: dir}, s)
	path := filepath.Join(dir, "a.yaml")
	var seen []string
	s.failing(func(call string) error {
		e, _ := c.Lookup("a")
		if call != "Files" {
			seen = append(seen, call+" "+e.Hash)
		}
		return nil
	})
	write(t, path, good("0 1 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	first, _ := c.Lookup("a")
	write(t, path, good("0 2 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, []string{"PutTexts ", "SaveFiles ", "PutTexts " + first.Hash, "SaveFiles " + first.Hash}, seen)
}

func TestStoreFailurePublishesNothingAndIsRepeated(t *testing.T) {
	t.Parallel()
	for _, failed := range []string{"Files", "PutTexts", "SaveFiles"} {
		t.Run(failed, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
			s := newFakeStore()
			s.failing(func(call string) error {
				if call == failed {
					return os.ErrDeadlineExceeded
				}
				return nil
			})
			c := started(t, catalog.Options{Dir: dir, Interval: 20 * time.Millisecond}, s)
			require.Empty(t, c.Snapshot())
			require.ErrorIs(t, c.Status().Store, os.ErrDeadlineExceeded)
			require.NoError(t, c.DirError())
			s.failing(nil)
			eventually(t, "the entry is published", func() bool { return cron(c, "a") == "0 1 * * *" })
			eventually(t, "the error goes", func() bool { return c.Status().Store == nil })
			require.Contains(t, s.texts, c.Snapshot()[0].Hash)
		})
	}
}

func TestRemovalSurvivesAStoreFailure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.yaml")
	write(t, path, good("0 1 * * *"))
	s := newFakeStore()
	c := newCatalog(t, catalog.Options{Dir: dir}, s)
	require.NoError(t, c.Reconcile(t.Context()))
	require.NoError(t, os.Remove(path))
	s.failing(func(string) error { return os.ErrDeadlineExceeded })
	require.ErrorIs(t, c.Reconcile(t.Context()), os.ErrDeadlineExceeded)
	require.Len(t, c.Snapshot(), 1)
	// It comes back before the row could be removed: the row must not go after it.
	write(t, path, good("0 2 * * *"))
	s.failing(nil)
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 2 * * *", cron(c, "a"))
	require.Equal(t, c.Snapshot()[0].Hash, s.files[path].Hash)
}

func TestPanicWhileLoadingIsAnErrorOfThatFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	write(t, filepath.Join(dir, "b.yaml"), good("0 1 * * *"))
	c := newCatalog(t, catalog.Options{Dir: dir}, newFakeStore())
	c.OnParse(func(src dag.Source, o dag.Options) (*dag.DAG, error) {
		if strings.HasSuffix(src.File, "a.yaml") {
			panic("out of cheese")
		}
		return dag.Load(src, o)
	})
	require.NoError(t, c.Reconcile(t.Context()))
	require.Contains(t, errOf(c, "a"), "internal error")
	require.Equal(t, "0 1 * * *", cron(c, "b"))
}
