package runlog_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/runlog"
)

func TestAWorkflowHasItsOwnRootOfLogs(t *testing.T) {
	t.Parallel()
	l, root := newLog(t)
	own := filepath.Join(root, "own", "deep")
	a := runlog.Attempt{DAG: "etl", RunID: "r_1", Number: 1, Named: named(), Root: own}
	run, err := l.Open(a)
	require.NoError(t, err)
	dir := filepath.Join(own, "etl", "dag-run_20310501_043000Z_r_1")
	require.Equal(t, dir, run.Dir())
	require.DirExists(t, dir)
	require.Equal(t, filepath.Join(root, "work", "etl", "r_1"), run.WorkDir())

	a.Number, a.Root, a.LogDir = 2, filepath.Join(root, "other"), dir
	again, err := l.Open(a)
	require.NoError(t, err)
	require.Equal(t, dir, again.Dir(), "a retry goes on in the same directory")
	require.NoDirExists(t, filepath.Join(root, "other"))

	require.NoError(t, l.Remove(runlog.Expired{ID: "r_1", DAG: "etl", LogDir: dir, WorkDir: run.WorkDir()}))
	require.NoDirExists(t, filepath.Join(own, "etl"))
	require.DirExists(t, own, "the root is the workflow's")
}

func TestOnlyTheLogDirectoryOfTheRunIsRemovedElsewhere(t *testing.T) {
	t.Parallel()
	l, root := newLog(t)
	const name = "dag-run_20310501_043000Z_r"
	for _, path := range []string{
		"etl/" + name + "x", "etl/x" + name, "etl/dag-run_2031_r", "web/" + name, name, "etl",
	} {
		dir := filepath.Join(root, "own", path)
		require.NoError(t, os.MkdirAll(dir, 0o750))
		require.NoError(t, l.Remove(runlog.Expired{ID: "r", DAG: "etl", LogDir: dir}))
		require.DirExists(t, dir)
		run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r", Number: 2, Named: named(), LogDir: dir})
		require.NoError(t, err)
		require.Equal(t, filepath.Join(root, "logs", "etl", name), run.Dir())
	}
	link := filepath.Join(root, "own", "linked")
	require.NoError(t, os.MkdirAll(filepath.Join(root, "victim", name), 0o750))
	require.NoError(t, os.MkdirAll(link, 0o750))
	require.NoError(t, os.Symlink(filepath.Join(root, "victim"), filepath.Join(link, "etl")))
	require.Error(t, l.Remove(runlog.Expired{ID: "r", DAG: "etl", LogDir: filepath.Join(link, "etl", name)}))
	require.DirExists(t, filepath.Join(root, "victim", name), "a link is not followed out of the root")
}

func TestBothStreamsInOneFile(t *testing.T) {
	t.Parallel()
	l, _ := newLog(t)
	run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r", Number: 1, Named: named()})
	require.NoError(t, err)
	require.Equal(t, filepath.Join(run.Dir(), "load.log"), run.Merged("load"))
	require.NotEqual(t, run.LogFile(), run.Merged("dag-run"))
	require.NotEqual(t, run.Merged("~dag-run"), run.Merged("dag-run"))
}
