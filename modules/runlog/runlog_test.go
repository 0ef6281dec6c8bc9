package runlog_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"dagu/config"
	"dagu/modules/runlog"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newLog(t *testing.T) (l *runlog.Log, root string) {
	t.Helper()
	root = t.TempDir()
	l, err := runlog.New(runlog.Options{LogDir: filepath.Join(root, "logs"), WorkDir: filepath.Join(root, "work")})
	require.NoError(t, err)
	return l, root
}

func named() time.Time { return time.Date(2031, 5, 1, 6, 30, 0, 0, time.FixedZone("", 7200)) }

func TestThePathsOfARun(t *testing.T) {
	t.Parallel()
	l, root := newLog(t)
	run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r-1", Number: 1, Named: named()})
	require.NoError(t, err)
	dir := filepath.Join(root, "logs", "etl", "dag-run_20310501_043000Z_r-1")
	require.Equal(t, dir, run.Dir())
	require.DirExists(t, dir)
	require.Equal(t, filepath.Join(dir, "dag-run.log"), run.LogFile())
	require.Equal(t, filepath.Join(root, "work", "etl", "r-1"), run.WorkDir())
	require.DirExists(t, run.WorkDir())
	out, errs := run.Step("load")
	require.Equal(t, filepath.Join(dir, "load.out"), out)
	require.Equal(t, filepath.Join(dir, "load.err"), errs)

	again, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r-1", Number: 2, Named: named().Add(time.Hour), LogDir: dir})
	require.NoError(t, err)
	require.Equal(t, dir, again.Dir(), "a retry goes on in the same directory")
	require.Equal(t, run.WorkDir(), again.WorkDir())
	out, _ = again.Step("load")
	require.Equal(t, filepath.Join(dir, "attempt-2", "load.out"), out)
	require.DirExists(t, filepath.Dir(out))
}

func TestARecordedDirectoryOfAnotherRootIsNotUsed(t *testing.T) {
	t.Parallel()
	l, root := newLog(t)
	run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r", Number: 2, Named: named(), LogDir: "/etc"})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(run.Dir(), filepath.Join(root, "logs", "etl")))
}

func TestAnyNameOfAStepIsAFile(t *testing.T) {
	t.Parallel()
	l, _ := newLog(t)
	run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r", Number: 1, Named: named()})
	require.NoError(t, err)
	names := []string{
		"plain", "a/b", "a_b", "../../up", "..", ".", "", ".hidden", "größe", "grösse", "a b", "a\nb", "a\x00b",
		strings.Repeat("x", 255), strings.Repeat("x", 254) + "y", strings.Repeat("ü", 127),
	}
	seen := map[string]string{}
	for _, name := range names {
		out, errs := run.Step(name)
		require.Equal(t, run.Dir(), filepath.Dir(out), "%q", name)
		require.Empty(t, seen[out], "%q has the file of another step", name)
		seen[out] = name + "!"
		for _, path := range []string{out, errs} {
			require.NoError(t, os.WriteFile(path, nil, 0o600), "%q", name)
		}
	}
}

func TestADirectoryThatCannotBeMade(t *testing.T) {
	t.Parallel()
	l, root := newLog(t)
	require.NoError(t, os.WriteFile(filepath.Join(root, "logs"), nil, 0o600))
	_, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r-7", Number: 1, Named: named()})
	require.ErrorContains(t, err, "r-7")
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]runlog.Options{
		"LogDir":  {LogDir: "logs", WorkDir: "/work"},
		"WorkDir": {LogDir: "/logs"},
		"Timeout": {LogDir: "/logs", WorkDir: "/work", Timeout: -1},
	} {
		_, err := runlog.New(o)
		require.ErrorContains(t, err, name)
	}
}

func TestTail(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "log")
	require.NoError(t, os.WriteFile(path, []byte("one\ntwo\nthree\n"), 0o600))
	for n, want := range map[int64]string{100: "one\ntwo\nthree\n", 12: "two\nthree\n", 7: "three\n", 3: "ee\n", 0: ""} {
		text, err := runlog.Tail(path, n)
		require.NoError(t, err)
		require.Equal(t, want, string(text), "%d", n)
	}
	_, err := runlog.Tail(filepath.Dir(path), 10)
	require.ErrorContains(t, err, "not a regular file")
}

func TestRemoveStaysInItsRoots(t *testing.T) {
	t.Parallel()
	l, root := newLog(t)
	outside := filepath.Join(root, "outside")
	require.NoError(t, os.MkdirAll(filepath.Join(outside, "kept"), 0o750))
	run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r", Number: 1, Named: named()})
	require.NoError(t, err)
	require.NoError(t, os.Symlink(outside, filepath.Join(run.WorkDir(), "link")))
	link := filepath.Join(root, "logs", "swapped")
	require.NoError(t, os.Symlink(outside, link))

	for _, dirs := range []runlog.Expired{
		{LogDir: outside, WorkDir: outside},
		{LogDir: filepath.Join(root, "logs"), WorkDir: filepath.Join(root, "work", "..", "outside")},
		{LogDir: filepath.Join(root, "logs", "gone"), WorkDir: ""},
	} {
		require.NoError(t, l.Remove(dirs))
	}
	require.Error(t, l.Remove(runlog.Expired{LogDir: filepath.Join(link, "kept")}), "a link is not followed out of the root")
	require.DirExists(t, run.Dir())

	require.NoError(t, l.Remove(runlog.Expired{LogDir: run.Dir(), WorkDir: run.WorkDir()}))
	require.NoDirExists(t, run.Dir())
	require.NoDirExists(t, run.WorkDir())
	require.DirExists(t, filepath.Join(outside, "kept"))
}

func TestDirectoryOfADAGGoesWithItsLastRun(t *testing.T) {
	t.Parallel()
	l, root := newLog(t)
	of := func(id string) runlog.Expired {
		run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: id, Number: 1, Named: named()})
		require.NoError(t, err)
		return runlog.Expired{LogDir: run.Dir(), WorkDir: run.WorkDir()}
	}
	one, two := of("one"), of("two")
	require.NoError(t, l.Remove(one))
	require.DirExists(t, two.LogDir)
	require.NoError(t, l.Remove(two))
	for _, dir := range []string{"logs", "work"} {
		require.DirExists(t, filepath.Join(root, dir))
		require.NoDirExists(t, filepath.Join(root, dir, "etl"))
	}

	require.NoError(t, os.Mkdir(filepath.Join(root, "logs", "kept"), 0o750))
	require.NoError(t, os.Symlink("kept", filepath.Join(root, "logs", "etl")))
	require.NoError(t, l.Remove(of("three")))
	_, err := os.Lstat(filepath.Join(root, "logs", "etl"))
	require.NoError(t, err, "a link is somebody's")
}

func TestRunsBeginWhileOthersOfTheirDAGAreRemoved(t *testing.T) {
	t.Parallel()
	l, _ := newLog(t)
	var beginners sync.WaitGroup
	failed := make(chan error, 2)
	for _, name := range []string{"one", "two"} {
		beginners.Go(func() {
			for range 300 {
				run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: name, Number: 1, Named: named()})
				if err == nil {
					err = l.Remove(runlog.Expired{LogDir: run.Dir(), WorkDir: run.WorkDir()})
				}
				if err != nil {
					failed <- err
					return
				}
			}
		})
	}
	beginners.Wait()
	close(failed)
	require.NoError(t, <-failed)
}

func TestARunBeginsWhileTheDirectoriesOfItsDAGComeAndGo(t *testing.T) {
	t.Parallel()
	l, root := newLog(t)
	ended := make(chan struct{})
	var others sync.WaitGroup
	for _, kind := range []string{"logs", "work"} {
		dir := filepath.Join(root, kind, "etl")
		others.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
					_ = os.MkdirAll(dir, 0o750)
					_ = os.Remove(dir) // the run is in it
				}
			}
		})
	}
	for range 200 {
		run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "one", Number: 1, Named: named()})
		if !assert.NoError(t, err) {
			break
		}
		require.NoError(t, l.Remove(runlog.Expired{LogDir: run.Dir(), WorkDir: run.WorkDir()}))
	}
	close(ended)
	others.Wait()
}

func TestModules(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	var l *runlog.Log
	fxtest.New(t, runlog.Module, runlog.JanitorModule, fx.NopLogger, fx.Populate(&l),
		fx.Supply(config.Config{Paths: config.Paths{LogDir: root, DataDir: root}}, zap.NewNop()),
		fx.Provide(func() runlog.Expirer { return &fakeExpirer{} }),
	).RequireStart().RequireStop()
	require.NotNil(t, l)
}

func TestTailDoesNotWaitForAFIFO(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	failed := make(chan error, 1)
	go func() {
		_, err := runlog.Tail(path, 10)
		failed <- err
	}()
	select {
	case err := <-failed:
		require.ErrorContains(t, err, "not a regular file")
	case <-time.After(10 * time.Second):
		t.Error("it waits for somebody to write")
		writer, err := os.OpenFile(path, os.O_WRONLY, 0)
		require.NoError(t, err)
		require.NoError(t, writer.Close())
		require.Error(t, <-failed)
	}
}
