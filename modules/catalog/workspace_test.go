package catalog_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
	"dagu/modules/dag"
)

func TestWorkspaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "workspaces", "ops", "base.yaml")
	base := filepath.Join(dir, "base.yaml")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	write(t, base, "queue: common")
	write(t, filepath.Join(dir, "in.yaml"), good("0 1 * * *", "labels: [workspace=ops]"))
	write(t, filepath.Join(dir, "out.yaml"), good("0 1 * * *", "# no workspace"))
	s := newFakeStore()
	c := newCatalog(t, catalog.Options{Dir: dir, BaseFile: base}, s)
	queues := func() []string {
		require.NoError(t, c.Reconcile(t.Context()))
		in, _ := c.Lookup("in")
		out, _ := c.Lookup("out")
		require.NoError(t, out.Err)
		return []string{in.Queue, out.Queue}
	}
	require.Equal(t, []string{"common", "common"}, queues(), "a workspace needs no file")
	write(t, file, "queue: ops")
	require.Equal(t, []string{"ops", "common"}, queues(), "it may appear")
	in, _ := c.Lookup("in")
	text := s.texts[in.Hash]
	require.Equal(t, file, text.WorkspaceFile)
	require.Equal(t, "queue: ops", string(text.Workspace))
	loaded, err := dag.Load(catalog.SourceOf(text), dag.Options{})
	require.NoError(t, err)
	require.Equal(t, "ops", loaded.Queue)
	require.Equal(t, in.Hash, loaded.Source.Hash())

	write(t, file, "queue: night")
	require.Equal(t, []string{"night", "common"}, queues())
	write(t, file, "queue: [")
	require.Equal(t, []string{"night", "common"}, queues(), "a broken edit leaves the last good version")
	require.Contains(t, errOf(c, "in"), file)
	require.NoError(t, os.Remove(file))
	require.NoError(t, os.Mkdir(file, 0o750))
	require.Equal(t, []string{"night", "common"}, queues())
	require.Contains(t, errOf(c, "in"), "a directory")
	require.NoError(t, os.Remove(file))
	require.Equal(t, []string{"common", "common"}, queues())
	require.Empty(t, errOf(c, "in"))
}

func TestOneShotCommandsKnowWorkspaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "workspaces", "ops", "base.yaml")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
	base := filepath.Join(dir, "base.yaml")
	write(t, file, "queue: ops")
	write(t, base, "labels: {workspace: ops}")
	path := filepath.Join(dir, "a.yaml")
	write(t, path, good("0 1 * * *"))
	src, d, err := catalog.LoadFile(path, catalog.Bases{File: base, DAGsDir: dir}, catalog.LoadOptions{})
	require.NoError(t, err)
	require.Equal(t, file, src.WorkspaceFile)
	require.Equal(t, "ops", d.Queue, "the label may be the base file's")
	_, d, err = catalog.LoadFile(path, catalog.Bases{File: base}, catalog.LoadOptions{})
	require.NoError(t, err)
	require.Empty(t, d.Queue)
	entries, err := catalog.ReadDir(dir, base, dag.Options{Location: time.UTC})
	require.NoError(t, err)
	require.Equal(t, "ops", entries[0].Queue)

	write(t, file, "nonsense: 1")
	_, _, err = catalog.LoadFile(path, catalog.Bases{File: base, DAGsDir: dir}, catalog.LoadOptions{})
	require.ErrorContains(t, err, file+":1:1")
}
