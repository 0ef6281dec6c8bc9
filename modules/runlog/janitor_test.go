package runlog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"dagu/modules/runlog"
)

// fakeExpirer holds runs until they are forgotten.
type fakeExpirer struct {
	mu     sync.Mutex
	runs   []runlog.Expired
	kept   map[string]bool // these are passed over by Forget
	asked  int
	pruned int
	fail   error
}

func (e *fakeExpirer) Expired(ctx context.Context, _ time.Time, limit int) ([]runlog.Expired, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked++
	return slices.Clone(e.runs[:min(limit, len(e.runs))]), errors.Join(e.fail, ctx.Err())
}

func (e *fakeExpirer) Forget(_ context.Context, ids []string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.runs = slices.DeleteFunc(e.runs, func(r runlog.Expired) bool { return slices.Contains(ids, r.ID) && !e.kept[r.ID] })
	return nil
}

func (e *fakeExpirer) Prune(ctx context.Context, _ time.Time) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.pruned++
	return ctx.Err()
}

func (e *fakeExpirer) state() (runs, pruned int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.runs), e.pruned
}

func (e *fakeExpirer) looks() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.asked
}

func numbered(n int) []runlog.Expired {
	runs := make([]runlog.Expired, n)
	for i := range runs {
		runs[i].ID = fmt.Sprintf("run-%d", i)
	}
	return runs
}

func TestTheJanitorComesEveryHour(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l, err := runlog.New(runlog.Options{LogDir: root, WorkDir: root})
		require.NoError(t, err)
		e := &fakeExpirer{runs: numbered(250), fail: errors.New("down")}
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
		check(2*time.Second, 250, 1)
		e.mu.Lock()
		e.fail = nil
		e.mu.Unlock()
		check(time.Hour, 0, 2)
		check(time.Hour, 0, 3)
		require.NoError(t, j.Stop(t.Context()))
		require.NoError(t, j.Stop(t.Context()))
		check(2*time.Hour, 0, 3)
	})
}

// pass lets a janitor look once and returns what it logged.
func pass(t *testing.T, l *runlog.Log, e *fakeExpirer) *observer.ObservedLogs {
	t.Helper()
	core, logs := observer.New(zap.InfoLevel)
	j := runlog.NewJanitor(l, e, zap.New(core))
	require.NoError(t, j.Start(t.Context()))
	time.Sleep(61 * time.Second) // synctest
	synctest.Wait()
	require.NoError(t, j.Stop(t.Context()))
	return logs
}

// Runs whose files stay stand before all others, as they are the oldest.
func TestRunsWhoseFilesStayDoNotKeepTheOthers(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	outside := filepath.Join(t.TempDir(), "kept")
	require.NoError(t, os.Mkdir(outside, 0o750))
	require.NoError(t, os.Symlink(filepath.Dir(outside), filepath.Join(root, "link")))
	synctest.Test(t, func(t *testing.T) {
		l, err := runlog.New(runlog.Options{LogDir: root, WorkDir: root})
		require.NoError(t, err)
		e := &fakeExpirer{runs: numbered(1000)}
		for i := range 350 {
			e.runs[i].LogDir = filepath.Join(root, "link", "kept") // it leads out of the root
		}
		logs := pass(t, l, e)
		runs, pruned := e.state()
		require.Equal(t, []int{350, 1}, []int{runs, pruned})
		require.Less(t, e.looks(), 10)
		require.EqualValues(t, 650, logs.FilterMessageSnippet("removed runs").All()[0].ContextMap()["runs"])
		failure := logs.FilterMessageSnippet("failed").All()
		require.Len(t, failure, 1)
		require.EqualValues(t, 350, failure[0].ContextMap()["failed"])
		require.Less(t, len(fmt.Sprint(failure[0].ContextMap())), 1000, "one of them is named")
	})
}

func TestRunsThatAreNotForgottenEndThePass(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l, err := runlog.New(runlog.Options{LogDir: root, WorkDir: root})
		require.NoError(t, err)
		e := &fakeExpirer{runs: numbered(150), kept: map[string]bool{"run-3": true, "run-149": true}}
		pass(t, l, e)
		runs, pruned := e.state()
		require.Equal(t, []int{2, 1}, []int{runs, pruned})
		require.Less(t, e.looks(), 6)
	})
}
