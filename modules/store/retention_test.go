package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestExpiredAndForget(t *testing.T) {
	t.Parallel()
	clock := newClock()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir, Now: clock.Now})
	day := 24 * time.Hour
	for i, days := range []int{2, 1, 0, 3, 1 << 40} {
		n := newRun(fmt.Sprint("d", i), fmt.Sprint("r", i))
		n.RetainDays = days
		_, err := s.Enqueue(t.Context(), n)
		require.NoError(t, err)
	}
	for _, run := range admit(t, s, store.Admission{Free: 3}) {
		require.NoError(t, s.Finish(t.Context(), run.Ref(), store.Result{Status: store.StatusSucceeded, Steps: []store.Step{{Name: "a", Status: store.StepSucceeded}}}))
	}
	_, err := s.RequestStop(t.Context(), "", "r4")
	require.NoError(t, err)
	expired := func(after time.Duration, limit int) []string {
		runs, failed := s.Expired(t.Context(), clock.Now().Add(after), limit)
		require.NoError(t, failed)
		return idsOf(runs)
	}
	require.Empty(t, expired(day-1, 9))
	require.Equal(t, []string{"r1"}, expired(day, 9))
	require.Equal(t, []string{"r1", "r0"}, expired(300*day, 9), "0 is for ever, and what is open is kept")
	require.Equal(t, []string{"r1"}, expired(300*day, 1))

	require.NoError(t, s.Forget(t.Context(), []string{"r1", "r3", "none"}))
	_, err = s.Run(t.Context(), "r1")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Run(t.Context(), "r3")
	require.NoError(t, err, "it is queued")
	conn := raw(t, dir)
	require.Equal(t, 2, number(t, conn, "select count(*) from steps"))
	require.Equal(t, 2, number(t, conn, "select count(*) from attempts"))
}

func TestRunsAreKeptByTheirNumber(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Dir: t.TempDir(), Now: clock.Now})
	start := func(id string, days, count int) store.Run {
		clock.Step(time.Second)
		n := newRun("d", id)
		n.RetainDays, n.RetainRuns = days, count
		run, err := s.StartNow(t.Context(), n)
		require.NoError(t, err)
		return run
	}
	end := func(run store.Run) {
		require.NoError(t, s.Finish(t.Context(), run.Ref(), store.Result{Status: store.StatusSucceeded}))
	}
	expired := func(after time.Duration) []string {
		runs, err := s.Expired(t.Context(), clock.Now().Add(after), 9)
		require.NoError(t, err)
		return idsOf(runs)
	}
	end(start("for ever", 0, 0))
	end(start("a", 0, 3))
	other := newRun("other", "other")
	other.RetainRuns = 1
	run, err := s.StartNow(t.Context(), other)
	require.NoError(t, err)
	end(run)
	b := start("b", 0, 3)
	end(start("c", 0, 3))
	end(start("d", 0, 3))
	require.Equal(t, []string{"a"}, expired(0), "an open run is one of the newest, and other DAGs do not count")
	e := start("e", 0, 3)
	require.Equal(t, []string{"a"}, expired(0), "it counts when it is over")
	end(e)
	end(b)
	require.Equal(t, []string{"a", "b"}, expired(0), "by when they were queued, not by their ends")
	require.NoError(t, s.Forget(t.Context(), []string{"a", "b"}))

	end(start("f", 0, 2))
	require.Equal(t, []string{"c", "d"}, expired(0), "the newest says how many")
	_, err = s.Retry(t.Context(), "d")
	require.NoError(t, err)
	require.Equal(t, []string{"c"}, expired(0), "it is open again")

	end(start("g", 2, 0))
	require.Equal(t, []string{"c"}, expired(0))
	require.Equal(t, []string{"c", "e", "f", "g"}, expired(49*time.Hour), "the newest goes by days")
	_, err = s.Enqueue(t.Context(), store.NewRun{ID: "g", DAG: "d", TextHash: textHash, Trigger: store.TriggerManual, RetainDays: 2, RetainRuns: 1})
	require.ErrorIs(t, err, store.ErrExists)
}

func TestQueuedRunThatIsStoppedIsCounted(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Dir: t.TempDir(), Now: clock.Now})
	for _, id := range []string{"a", "b"} {
		clock.Step(time.Second)
		n := newRun("d", id)
		n.RetainRuns = 1
		_, err := s.Enqueue(t.Context(), n)
		require.NoError(t, err)
		_, err = s.RequestStop(t.Context(), "", id)
		require.NoError(t, err)
	}
	runs, err := s.Expired(t.Context(), clock.Now(), 9)
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, idsOf(runs))
}

func TestPrune(t *testing.T) {
	t.Parallel()
	clock := newClock()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir, Now: clock.Now, KeepOccurrences: 48 * time.Hour})
	ctx, start := t.Context(), clock.Now()
	for _, hash := range []string{"of a file", "of nothing"} {
		require.NoError(t, s.PutTexts(ctx, []store.Text{{Hash: hash, Body: []byte("b"), BaseFile: "base", Base: []byte(hash)}}))
	}
	require.NoError(t, s.PutTexts(ctx, []store.Text{{Hash: "of a run", WorkspaceFile: "base", Workspace: []byte("of a run")}}))
	require.NoError(t, s.SaveFiles(ctx, []store.File{{Path: "/f", DAG: "d", Hash: "of a file"}}))
	n := newRun("d", "r")
	n.TextHash = "of a run"
	_, err := s.Enqueue(ctx, n)
	require.NoError(t, err)
	sync1(t, s, start, "d", "@hourly", "@daily")
	sync1(t, s, start, "d", "@hourly")
	require.NoError(t, s.Suspend(ctx, "d", start))
	require.NoError(t, s.Resume(ctx, "d", start.Add(time.Hour)))
	require.NoError(t, s.Suspend(ctx, "d", start.Add(2*time.Hour)))
	batch := make([]store.Candidate, 500)
	for i := range batch {
		batch[i] = candidate("d", start.Add(time.Duration(i)*time.Minute))
	}
	_, err = s.Decide(ctx, batch, func(i int, _ store.State) store.Verdict {
		if i%2 == 0 {
			return missed()
		}
		return skipped()
	})
	require.NoError(t, err)

	conn := raw(t, dir)
	counts := func() []int {
		var list []int
		for _, table := range []string{"texts", "bases", "schedules", "suspensions", "occurrences"} {
			list = append(list, number(t, conn, "select count(*) from "+table))
		}
		return list
	}
	require.NoError(t, s.Prune(ctx, start.Add(23*time.Hour)))
	require.Equal(t, []int{4, 3, 2, 2, 500}, counts(), "nothing is old")
	require.NoError(t, s.Prune(ctx, start.Add(25*time.Hour)))
	require.Equal(t, []int{2, 2, 2, 2, 500}, counts(), "texts wait for a day")
	require.NoError(t, s.Prune(ctx, start.Add(48*time.Hour+10*time.Minute)))
	require.Equal(t, []int{2, 2, 1, 2, 490}, counts())
	require.NoError(t, s.Prune(ctx, start.Add(100*time.Hour)))
	require.Equal(t, []int{2, 2, 1, 1, 0}, counts(), "what lasts is kept")
	clock.Step(100 * time.Hour)
	require.NoError(t, s.PutTexts(ctx, []store.Text{{Hash: "of nothing"}}))
	require.NoError(t, s.Prune(ctx, clock.Now()))
	require.Equal(t, 3, counts()[0], "put again is new")
}

// A text that was put long ago and is put again must not go before its file is
// recorded.
func TestPutRenewsTexts(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := open(t, store.Options{Now: clock.Now})
	putText(t, s)
	clock.Step(47 * time.Hour)
	putText(t, s)
	require.NoError(t, s.Prune(t.Context(), clock.Now()))
	require.NoError(t, s.SaveFiles(t.Context(), []store.File{{Path: "/d", DAG: "d", Hash: textHash}}))
}

// Runs come and go: neither the file nor its log grows for ever.
func TestFileDoesNotGrow(t *testing.T) {
	t.Parallel()
	clock := newClock()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir, Now: clock.Now, KeepOccurrences: time.Hour})
	conn := raw(t, dir)
	var full, empty []int
	for cycle := range 3 {
		var group sync.WaitGroup
		errs := make(chan error, 150)
		for i := range cap(errs) {
			group.Go(func() { errs <- lifeOfARun(s, clock, fmt.Sprintf("%d-%d", cycle, i)) })
		}
		group.Wait()
		for range cap(errs) {
			require.NoError(t, <-errs)
		}
		full = append(full, number(t, conn, "pragma page_count"))
		clock.Step(25 * time.Hour)
		for {
			runs, err := s.Expired(t.Context(), clock.Now(), 100)
			require.NoError(t, err)
			if len(runs) == 0 {
				break
			}
			require.NoError(t, s.Forget(t.Context(), idsOf(runs)))
		}
		require.NoError(t, s.Prune(t.Context(), clock.Now()))
		empty = append(empty, number(t, conn, "pragma page_count"))
		info, err := os.Stat(filepath.Join(dir, "dagu.db-wal"))
		require.NoError(t, err)
		require.Zero(t, info.Size(), "the log is emptied")
	}
	require.Greater(t, full[0], 2*empty[0], "pages are given back")
	require.InDelta(t, full[0], full[2], float64(full[0])/10)
	require.InDelta(t, empty[0], empty[2], float64(empty[0])/10)
	require.Zero(t, number(t, conn, "pragma freelist_count"))
}

// lifeOfARun is a scheduled run with a step and a text of its own.
func lifeOfARun(s *store.Store, clock *clock, id string) error {
	ctx := context.Background()
	text := store.Text{Hash: id, DAG: id, File: "/" + id, Body: []byte(strings.Repeat(id, 200))}
	if err := s.PutTexts(ctx, []store.Text{text}); err != nil {
		return err
	}
	n := newRun("d", id)
	n.TextHash, n.RetainDays = id, 1
	run, err := s.StartNow(ctx, n)
	if err != nil {
		return err
	}
	steps := []store.Step{{Name: "a", Status: store.StepSucceeded, Stdout: strings.Repeat("/path", 20)}}
	if err = s.Begin(ctx, run.Ref(), "/logs/"+id, "/work/"+id, steps); err != nil {
		return err
	}
	if err = s.Finish(ctx, run.Ref(), store.Result{Status: store.StatusSucceeded, Steps: steps}); err != nil {
		return err
	}
	_, err = s.Decide(ctx, []store.Candidate{{DAG: id, Kind: store.KindStart, Due: clock.Now()}}, func(int, store.State) store.Verdict {
		return store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonNoCatchup}
	})
	return err
}
