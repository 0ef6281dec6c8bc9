package runlog_test

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/runlog"
)

// timedLog returns a log whose directories are never touched.
func timedLog(t *testing.T) *runlog.Log {
	t.Helper()
	l, err := runlog.New(runlog.Options{LogDir: "/nowhere/logs", WorkDir: "/nowhere/work", Timeout: 10 * time.Second})
	require.NoError(t, err)
	return l
}

func TestACallThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := timedLog(t)
		hang := make(chan struct{})
		began := time.Now()
		err := l.Make(t.Context(), func() error { <-hang; return nil })
		require.ErrorContains(t, err, "does not answer within 10s")
		require.Equal(t, 10*time.Second, time.Since(began))

		called := false
		call := func() error { called = true; return errors.New("answered") }
		require.ErrorContains(t, l.Make(t.Context(), call), "does not answer since an earlier call")
		require.False(t, called, "a root that hangs is left alone")
		require.Equal(t, 10*time.Second, time.Since(began), "and nobody waits for it")
		require.EqualError(t, l.Ready(), "/nowhere/logs: it does not answer since an earlier call")

		close(hang)
		synctest.Wait()
		require.NoError(t, l.Ready())
		require.EqualError(t, l.Make(t.Context(), call), "answered")
	})
}

func TestFewCallsHangAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := timedLog(t)
		hang := make(chan struct{})
		var inside atomic.Int32
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				err := l.Make(t.Context(), func() error { inside.Add(1); <-hang; return nil })
				if err == nil {
					t.Error("a call that hangs has an answer")
				}
			})
		}
		all.Wait()
		require.EqualValues(t, 16, inside.Load())
		close(hang)
		synctest.Wait()
		require.NoError(t, l.Make(t.Context(), func() error { return nil }))
	})
}

func TestTheCallerGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := timedLog(t)
		hang := make(chan struct{})
		defer close(hang)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, l.Make(ctx, func() error { <-hang; return nil }), context.DeadlineExceeded)
		require.NoError(t, l.Make(t.Context(), func() error { return nil }), "no root has failed to answer in time")
	})
}

func TestALongRemovalKeepsNoRunFromItsDirectories(t *testing.T) {
	t.Parallel()
	l, root := newLog(t)
	synctest.Test(t, func(t *testing.T) {
		hang := make(chan struct{})
		defer close(hang)
		l.SetRemove(func(string, string) error { <-hang; return nil })
		began := time.Now()
		require.ErrorContains(t, l.Remove(runlog.Expired{LogDir: filepath.Join(root, "logs", "x")}), "does not answer within 1m0s")
		require.Equal(t, time.Minute, time.Since(began))
	})
	_, err := l.Open(runlog.Attempt{DAG: "etl", RunID: "r", Number: 1, Named: named()})
	require.NoError(t, err)
}

func TestTheJanitorStopsWhileARemovalHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := timedLog(t)
		hang := make(chan struct{})
		defer close(hang)
		l.SetRemove(func(string, string) error { <-hang; return nil })
		e := &fakeExpirer{runs: []runlog.Expired{{ID: "r", LogDir: "/nowhere/logs/r"}}}
		j := runlog.NewJanitor(l, e, zap.NewNop())
		require.NoError(t, j.Start(t.Context()))
		time.Sleep(61 * time.Second) // synctest
		began := time.Now()
		require.NoError(t, j.Stop(t.Context()))
		require.Equal(t, began, time.Now())
		runs, _ := e.state()
		require.Equal(t, 1, runs, "a run whose files may be there is not forgotten")
	})
}

func TestTheJanitorLeavesARootThatHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := timedLog(t)
		hang := make(chan struct{})
		defer close(hang)
		var calls atomic.Int32
		l.SetRemove(func(_, rel string) error {
			calls.Add(1)
			if rel == "2" {
				<-hang
			}
			return nil
		})
		e := &fakeExpirer{runs: numbered(500)}
		for i := range e.runs {
			e.runs[i].LogDir = filepath.Join("/nowhere/logs", e.runs[i].ID[len("run-"):])
		}
		j := runlog.NewJanitor(l, e, zap.NewNop())
		require.NoError(t, j.Start(t.Context()))
		for hour := range 3 {
			time.Sleep(time.Hour) // synctest
			synctest.Wait()
			runs, pruned := e.state()
			require.Equal(t, []int{498, hour + 1}, []int{runs, pruned})
			require.EqualValues(t, 3, calls.Load(), "one call hangs, and none is made while it does")
			require.Equal(t, hour+1, e.looks(), "no more runs are asked for")
		}
		require.NoError(t, j.Stop(t.Context()))
	})
}
