package catalog_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"dagu/modules/catalog"
)

// named is a DAG with a name and a schedule.
func named(name, cron string) string { return good(cron, "name: "+name) }

// in returns the entry of a file.
func in(t *testing.T, c *catalog.Catalog, file string) catalog.Entry {
	t.Helper()
	for _, e := range c.Snapshot() {
		if filepath.Base(e.File) == file {
			return e
		}
	}
	require.Fail(t, "no entry of "+file)
	return catalog.Entry{}
}

// The file that has the name is good: to call it bad, or its version an old one, misleads.
func TestTheLogTellsBadFilesFromNamesThatAreTakenTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	core, logs := observer.New(zapcore.WarnLevel)
	c, err := catalog.New(catalog.Options{Dir: dir}, newFakeStore(), zap.New(core))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	warns := func(want map[string]string) {
		t.Helper()
		require.NoError(t, c.Reconcile(t.Context()))
		got := map[string]string{}
		for _, entry := range logs.TakeAll() {
			got[filepath.Base(fmt.Sprint(entry.ContextMap()["file"]))] = entry.Message
		}
		require.Equal(t, want, got)
	}
	write(t, filepath.Join(dir, "a.yaml"), named("x", "0 1 * * *"))
	write(t, filepath.Join(dir, "b.yaml"), named("x", "0 2 * * *"))
	warns(map[string]string{
		"a.yaml": "another dag file has the name of one that is scheduled",
		"b.yaml": "dag file is bad; it is not scheduled",
	})
	write(t, filepath.Join(dir, "a.yaml"), "name: x\n"+bad)
	warns(map[string]string{"a.yaml": "dag file is bad; its last good version stays scheduled"})
}

func TestFirstFileGetsTheName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, file := range []string{"c", "a", "b"} {
		write(t, filepath.Join(dir, file+".yaml"), named("x", "0 1 * * *"))
	}
	s := newFakeStore()
	c := life(t, dir, "", s)
	require.Len(t, c.Snapshot(), 3)
	require.Equal(t, 3, c.Status().Bad)
	for file, other := range map[string]string{"a": "b", "b": "a", "c": "a"} {
		e := in(t, c, file+".yaml")
		var duplicate *catalog.DuplicateError
		require.ErrorAs(t, e.Err, &duplicate)
		require.Equal(t, catalog.DuplicateError{Name: "x", Other: filepath.Join(dir, other+".yaml"), Holder: file == "a"}, *duplicate)
		require.Equal(t, "x", e.Name)
		require.Equal(t, file == "a", e.Good)
		require.Equal(t, file == "a", len(e.Schedules) == 1)
	}
	e, _ := c.Lookup("x")
	require.Equal(t, "a.yaml", filepath.Base(e.File))
	require.Len(t, s.files, 1)

	_, _, gen := c.Since(0)
	write(t, filepath.Join(dir, "c.yaml"), named("x", "0 2 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	_, _, now := c.Since(gen)
	require.Equal(t, gen, now, "a change that nobody can see is not published")
}

func TestScheduledFileKeepsTheName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")
	write(t, b, named("x", "0 2 * * *"))
	s := newFakeStore()
	c := life(t, dir, "", s)
	write(t, a, named("x", "0 1 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 2 * * *", cron(c, "x"))
	require.ErrorContains(t, in(t, c, "a.yaml").Err, b)
	require.ErrorContains(t, in(t, c, "b.yaml").Err, a)

	c = life(t, dir, "", s)
	require.Equal(t, "0 2 * * *", cron(c, "x"), "also after a restart")

	write(t, b, bad)
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 2 * * *", cron(c, "x"), "also when it is broken")
	require.ErrorContains(t, in(t, c, "b.yaml").Err, a)
	require.ErrorContains(t, in(t, c, "b.yaml").Err, "yaml")
	c = life(t, dir, "", s)
	require.Equal(t, "0 2 * * *", cron(c, "x"), "and then restarted")

	s.prune()
	require.NoError(t, os.Remove(b))
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 1 * * *", cron(c, "x"), "the second takes its place")
	require.Empty(t, errOf(c, "x"))
	require.Contains(t, s.texts, in(t, c, "a.yaml").Hash, "its text had been removed meanwhile")
	require.Len(t, s.files, 1)
}

func TestNamesThatAreSwapped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")
	write(t, a, named("x", "0 1 * * *"))
	write(t, b, named("y", "0 2 * * *"))
	s := newFakeStore()
	c := life(t, dir, "", s)
	write(t, a, named("y", "0 3 * * *"))
	write(t, b, named("x", "0 4 * * *"))
	for _, c := range []*catalog.Catalog{c, newCatalog(t, catalog.Options{Dir: dir}, s)} {
		require.NoError(t, c.Reconcile(t.Context()))
		require.Zero(t, c.Status().Bad)
		require.Equal(t, "0 4 * * *", cron(c, "x"))
		require.Equal(t, "0 3 * * *", cron(c, "y"))
	}
}

func TestRenameToANameThatIsTaken(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a.yaml"), filepath.Join(dir, "b.yaml")
	write(t, a, named("x", "0 1 * * *"))
	write(t, b, named("y", "0 2 * * *"))
	s := newFakeStore()
	c := life(t, dir, "", s)
	write(t, a, named("y", "0 3 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	for range 2 {
		require.Equal(t, "0 1 * * *", cron(c, "x"), "the last good version stays under its own name")
		require.ErrorContains(t, in(t, c, "a.yaml").Err, b)
		require.Equal(t, "0 2 * * *", cron(c, "y"))
		c = life(t, dir, "", s)
	}
	// A file that calls itself x comes before one that was merely scheduled so.
	write(t, filepath.Join(dir, "c.yaml"), named("x", "0 4 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	for range 2 {
		require.Equal(t, "0 4 * * *", cron(c, "x"))
		require.False(t, in(t, c, "a.yaml").Good)
		require.Len(t, s.files, 2)
		c = life(t, dir, "", s)
	}
	require.NoError(t, os.Remove(b))
	require.NoError(t, c.Reconcile(t.Context()))
	require.Equal(t, "0 3 * * *", cron(c, "y"))
	require.Zero(t, c.Status().Bad)
}

func TestSinceAnswersWithTheScheduledFileOfAName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "b.yaml"), named("x", "0 2 * * *"))
	c := life(t, dir, "", newFakeStore())
	_, _, gen := c.Since(0)
	write(t, filepath.Join(dir, "a.yaml"), named("x", "0 1 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	changed, removed, _ := c.Since(gen)
	require.Empty(t, removed)
	require.Len(t, changed, 1)
	require.Equal(t, "b.yaml", filepath.Base(changed[0].File))
	require.True(t, changed[0].Good)
}

func TestSinceTellsWhenABadFileIsAllThatIsLeftOfAName(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), named("x", "0 1 * * *"))
	write(t, filepath.Join(dir, "x.yaml"), bad)
	c := life(t, dir, "", newFakeStore())
	changed, removed, gen := c.Since(0)
	require.Equal(t, []string{"x"}, names(changed))
	require.Equal(t, "a.yaml", filepath.Base(changed[0].File))
	require.Empty(t, removed)
	require.NoError(t, os.Remove(filepath.Join(dir, "a.yaml")))
	require.NoError(t, c.Reconcile(t.Context()))
	changed, removed, gen = c.Since(gen)
	require.Empty(t, changed)
	require.Equal(t, []string{"x"}, removed)
	write(t, filepath.Join(dir, "x.yaml"), good("0 2 * * *"))
	require.NoError(t, c.Reconcile(t.Context()))
	changed, removed, _ = c.Since(gen)
	require.Equal(t, []string{"x"}, names(changed))
	require.Empty(t, removed)
}

// TestNamesUnderRandomChanges checks after each of many changes, with restarts
// and store failures between, what must always hold.
func TestNamesUnderRandomChanges(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			dir := t.TempDir()
			s := newFakeStore()
			c := newCatalog(t, catalog.Options{Dir: dir}, s)
			scheduled := follower{}
			write(t, filepath.Join(dir, "keep.yaml"), named("keep", "0 0 * * *"))
			for step := range 150 {
				change(t, random, dir, step)
				if random.IntN(10) == 0 {
					c = newCatalog(t, catalog.Options{Dir: dir}, s)
					scheduled = follower{}
				}
				if random.IntN(5) == 0 {
					s.prune()
				}
				s.failing(func(string) error {
					if random.IntN(8) == 0 {
						return os.ErrDeadlineExceeded
					}
					return nil
				})
				failed := errors.Is(c.Reconcile(t.Context()), os.ErrDeadlineExceeded)
				s.failing(nil)
				if !failed || c.Reconcile(t.Context()) == nil {
					holds(t, c, s, dir)
				}
				scheduled.follow(t, c)
			}
		})
	}
}

// follower is somebody who knows only what Since says.
type follower struct {
	gen   uint64
	texts map[string]string
}

// follow takes in what is new, and checks that it is all there is.
func (f *follower) follow(t *testing.T, c *catalog.Catalog) {
	t.Helper()
	if f.texts == nil {
		f.texts = make(map[string]string)
	}
	changed, removed, gen := c.Since(f.gen)
	f.gen = gen
	for _, e := range changed {
		require.True(t, e.Good)
		f.texts[e.Name] = e.Hash
	}
	for _, name := range removed {
		delete(f.texts, name)
	}
	want := make(map[string]string)
	for _, e := range c.Snapshot() {
		if e.Good {
			want[e.Name] = e.Hash
		}
	}
	require.Equal(t, want, f.texts)
}

// change does something to one of five files that share three names.
func change(t *testing.T, random *rand.Rand, dir string, step int) {
	t.Helper()
	path := filepath.Join(dir, fmt.Sprintf("f%d.yaml", random.IntN(5)))
	switch random.IntN(6) {
	case 0:
		require.NoError(t, os.RemoveAll(path))
	case 1:
		write(t, path, bad)
	default:
		write(t, path, named(string(rune('x'+random.IntN(3))), fmt.Sprintf("%d %d * * *", step%60, step/60)))
	}
}

// holds checks what is true of every state that is published.
func holds(t *testing.T, c *catalog.Catalog, s *fakeStore, dir string) {
	t.Helper()
	good := make(map[string]string)
	for _, e := range c.Snapshot() {
		if e.Good {
			require.Empty(t, good[e.Name], "one file for each name")
			good[e.Name] = e.File
			require.Contains(t, s.texts, e.Hash)
			require.Equal(t, e.Hash, s.files[e.File].Hash)
			require.Len(t, e.Schedules, 1)
			found, _ := c.Lookup(e.Name)
			require.Equal(t, e.File, found.File)
		} else {
			require.Error(t, e.Err)
			require.NotContains(t, s.files, e.File)
		}
	}
	require.Len(t, s.files, len(good))
	files, err := filepath.Glob(filepath.Join(dir, "*.yaml"))
	require.NoError(t, err)
	require.Len(t, c.Snapshot(), len(files))
	for _, path := range files {
		text, err := os.ReadFile(path) //nolint:gosec // a file of the test
		require.NoError(t, err)
		e := in(t, c, filepath.Base(path))
		if e.Err == nil {
			require.Contains(t, string(text), "name: "+e.Name)
			require.Contains(t, string(text), e.Schedules[0].Text)
		} else if string(text) != bad {
			var duplicate *catalog.DuplicateError
			require.ErrorAs(t, e.Err, &duplicate)
			require.NotEmpty(t, good[duplicate.Name], "a name that files claim is scheduled")
		}
	}
}
