package runlog_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/runlog"
)

const runName = "dag-run_20310501_043000Z_r-1"

// withArtifacts opens a run with artifacts below root; "" is the default.
func withArtifacts(t *testing.T, l *runlog.Log, root string) (run *runlog.Run, dir string) {
	t.Helper()
	run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r-1", Number: 1, Named: named()})
	require.NoError(t, err)
	dir = run.Artifacts(root)
	require.NoError(t, run.MakeArtifacts(dir))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "report"), []byte("x"), 0o600))
	return run, dir
}

func expired(run *runlog.Run) runlog.Expired {
	return runlog.Expired{ID: "r-1", DAG: "etl", LogDir: run.Dir(), WorkDir: run.WorkDir()}
}

func TestArtifactsAreRemovedWithTheRun(t *testing.T) {
	t.Parallel()
	for _, root := range []string{"", filepath.Join(t.TempDir(), "mine")} {
		l, dir := newLog(t)
		want := root
		if root == "" {
			want = filepath.Join(dir, "artifacts")
		}
		run, artifacts := withArtifacts(t, l, root)
		require.Equal(t, filepath.Join(want, "etl", runName), artifacts)
		require.NoError(t, os.MkdirAll(filepath.Join(want, "etl", "other"), 0o750))
		require.NoError(t, l.Remove(expired(run)))
		require.NoDirExists(t, artifacts)
		require.NoDirExists(t, run.Dir())
		require.DirExists(t, filepath.Join(want, "etl", "other"), "others stay")
	}
}

func TestEveryAttemptHasTheSameArtifacts(t *testing.T) {
	t.Parallel()
	l, root := newLog(t)
	run, dir := withArtifacts(t, l, filepath.Join(root, "first"))
	again, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r-1", Number: 2, Named: named(), LogDir: run.Dir()})
	require.NoError(t, err)
	require.Equal(t, dir, again.Artifacts(filepath.Join(root, "second")))
	require.NoError(t, again.MakeArtifacts(dir))
	require.FileExists(t, filepath.Join(dir, "report"))
}

func TestAForgedLinkIsNotFollowed(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]string{
		"elsewhere":          "victim",
		"another run":        "victim/etl/dag-run_20310501_043000Z_r-2",
		"another DAG":        "victim/web/" + runName,
		"through the parent": "victim/etl/x/../" + runName,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, root := newLog(t)
			run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r-1", Number: 1, Named: named()})
			require.NoError(t, err)
			victim := filepath.Join(root, target)
			require.NoError(t, os.MkdirAll(filepath.Join(root, "victim/etl/x"), 0o750))
			require.NoError(t, os.MkdirAll(victim, 0o750))
			beside := filepath.Join(root, "victim/etl", runName)
			require.NoError(t, os.MkdirAll(beside, 0o750))
			require.NoError(t, os.Symlink(root+"/"+target, filepath.Join(run.Dir(), "artifacts")))
			require.NoError(t, l.Remove(expired(run)))
			require.DirExists(t, victim)
			require.DirExists(t, beside)
			require.NoDirExists(t, run.Dir())
		})
	}
	l, _ := newLog(t)
	run, dir := withArtifacts(t, l, "")
	link := filepath.Join(run.Dir(), "artifacts")
	require.NoError(t, os.Remove(link))
	require.NoError(t, os.Symlink("/", link))
	require.Equal(t, dir, run.Artifacts(""), "a later attempt has its own all the same")
	require.NoError(t, run.MakeArtifacts(dir))
	found, err := os.Readlink(link)
	require.NoError(t, err)
	require.Equal(t, dir, found)
}

func TestArtifactsThatStayKeepTheRun(t *testing.T) {
	t.Parallel()
	l, root := newLog(t)
	run, _ := withArtifacts(t, l, filepath.Join(root, "mine"))
	l.SetRemoveArtifacts(func(string, string) error { return os.ErrPermission })
	require.ErrorIs(t, l.Remove(expired(run)), os.ErrPermission)
	require.DirExists(t, run.Dir(), "otherwise nobody knew where they are")
}

func TestArtifactsWithoutPlace(t *testing.T) {
	t.Parallel()
	_, err := runlog.New(runlog.Options{LogDir: "/l", WorkDir: "/w", ArtifactDir: "a"})
	require.ErrorContains(t, err, "ArtifactDir")
	l, root := newLog(t)
	run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r-1", Number: 1, Named: named()})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(root, "file"), nil, 0o600))
	require.ErrorContains(t, run.MakeArtifacts(run.Artifacts(filepath.Join(root, "file"))), "make artifact directory")
}
