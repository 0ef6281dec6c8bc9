package runlog_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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

func started() time.Time { return time.Date(2031, 5, 1, 6, 30, 0, 0, time.FixedZone("", 7200)) }

func TestThePathsOfARun(t *testing.T) {
	t.Parallel()
	l, root := newLog(t)
	run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r-1", Number: 1, Started: started()})
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

	again, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r-1", Number: 2, Started: started().Add(time.Hour), LogDir: dir})
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
	run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r", Number: 2, Started: started(), LogDir: "/etc"})
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(run.Dir(), filepath.Join(root, "logs", "etl")))
}

func TestAnyNameOfAStepIsAFile(t *testing.T) {
	t.Parallel()
	l, _ := newLog(t)
	run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r", Number: 1, Started: started()})
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
	_, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r-7", Number: 1, Started: started()})
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
	run, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r", Number: 1, Started: started()})
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

// fakeExpirer holds runs until they are forgotten.
type fakeExpirer struct {
	mu     sync.Mutex
	runs   []runlog.Expired
	pruned int
	fail   error
}

func (e *fakeExpirer) Expired(_ context.Context, _ time.Time, limit int) ([]runlog.Expired, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.runs[:min(limit, len(e.runs)):len(e.runs)], e.fail
}

func (e *fakeExpirer) Forget(_ context.Context, ids []string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.runs = e.runs[len(ids):]
	return nil
}

func (e *fakeExpirer) Prune(context.Context, time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pruned++
	return nil
}

func (e *fakeExpirer) state() (runs, pruned int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.runs), e.pruned
}

func TestTheJanitorComesEveryHour(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l, err := runlog.New(runlog.Options{LogDir: root, WorkDir: root})
		require.NoError(t, err)
		e := &fakeExpirer{runs: make([]runlog.Expired, 250), fail: errors.New("down")}
		j := runlog.NewJanitor(l, e, zap.NewNop())
		require.NoError(t, j.Start(t.Context()))
		require.NoError(t, j.Start(t.Context()))
		check := func(after time.Duration, runs, pruned int) {
			t.Helper()
			time.Sleep(after) // synctest
			synctest.Wait()
			r, p := e.state()
			require.Equal(t, []int{runs, pruned}, []int{r, p})
		}
		check(59*time.Second, 250, 0)
		check(2*time.Second, 250, 0)
		e.mu.Lock()
		e.fail = nil
		e.mu.Unlock()
		check(time.Hour, 0, 1)
		check(time.Hour, 0, 2)
		require.NoError(t, j.Stop(t.Context()))
		require.NoError(t, j.Stop(t.Context()))
		check(2*time.Hour, 0, 2)
	})
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
