package catalog_test

import (
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
)

// Files that are no files cannot be read, whoever tries.
func TestCheckDirWantsOneReadableFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := started(t, catalog.Options{Dir: dir}, newFakeStore())
	require.NoError(t, c.CheckDir(t.Context()), "there are no files")
	fifo(t, filepath.Join(dir, "a.yaml"))
	require.NoError(t, os.Symlink("b.yaml", filepath.Join(dir, "b.yaml")))
	require.ErrorContains(t, c.CheckDir(t.Context()), "none of the 2 files")
	write(t, filepath.Join(dir, "z.yaml"), "")
	require.NoError(t, c.CheckDir(t.Context()), "a bad file is its author's concern")
}

// The base file is no DAG: that it can be read says nothing about those.
func TestCheckDirLeavesTheBaseFileOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := filepath.Join(dir, "base.yaml")
	write(t, base, "")
	c := started(t, catalog.Options{Dir: dir, BaseFile: base}, newFakeStore())
	require.NoError(t, c.CheckDir(t.Context()))
	fifo(t, filepath.Join(dir, "a.yaml"))
	require.ErrorContains(t, c.CheckDir(t.Context()), "none of the 1 files")
}

// Somebody who removes all files from the directory means it.
func TestCheckDirIsContentWithAnEmptiedDirectory(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	c := started(t, catalog.Options{Dir: dir}, newFakeStore())
	require.Len(t, c.Snapshot(), 1)
	require.NoError(t, os.Remove(filepath.Join(dir, "a.yaml")))
	require.NoError(t, c.CheckDir(t.Context()))
	eventually(t, "it is gone", func() bool { return len(c.Snapshot()) == 0 })
	require.NoError(t, c.CheckDir(t.Context()))
}

// counter is a pulse.
type counter struct{ beats atomic.Int64 }

func (c *counter) Beat(string) { c.beats.Add(1) }

func TestFullComparisonsHaveAPulse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "z.yaml"), good("0 1 * * *"))
	var pulse counter
	c := started(t, catalog.Options{Dir: dir, Interval: time.Hour, Pulse: &pulse}, newFakeStore())
	require.EqualValues(t, 1, pulse.beats.Load())
	write(t, filepath.Join(dir, "a.yaml"), good("0 1 * * *"))
	eventually(t, "it is loaded", func() bool { return len(c.Snapshot()) == 2 })
	require.EqualValues(t, 1, pulse.beats.Load(), "a look at one file is not all")

	var often counter
	started(t, catalog.Options{Dir: t.TempDir(), Interval: time.Millisecond, Pulse: &often}, newFakeStore())
	eventually(t, "comparisons beat", func() bool { return often.beats.Load() > 3 })
}
