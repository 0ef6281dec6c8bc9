package store_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/store"
)

// BenchmarkWrite is one caller that waits for each of its writes.
func BenchmarkWrite(b *testing.B) {
	s := openOwner(b, store.Options{})
	n := 0
	for b.Loop() {
		n++
		_, err := s.Enqueue(b.Context(), newRun("d", fmt.Sprint("r", n)))
		require.NoError(b, err)
	}
}

// BenchmarkWriteParallel is 256 callers whose writes share commits.
func BenchmarkWriteParallel(b *testing.B) {
	s := openOwner(b, store.Options{})
	var n atomic.Int64
	b.SetParallelism(128)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			_, err := s.Enqueue(context.Background(), newRun("d", fmt.Sprint("r", n.Add(1))))
			require.NoError(b, err)
		}
	})
}

// BenchmarkLife is what each of 100 due runs costs from its due time to its end.
func BenchmarkLife(b *testing.B) {
	s := openOwner(b, store.Options{})
	const size = 100
	start := time.Date(2031, 5, 1, 0, 0, 0, 0, time.UTC)
	sets := make([]store.ScheduleSet, size)
	for i := range sets {
		sets[i] = store.ScheduleSet{DAG: fmt.Sprint("dag-", i), Entries: []store.Entry{{Kind: store.KindStart, Text: "* * * * *", Zone: "UTC"}}}
	}
	_, err := s.SyncSchedules(b.Context(), sets, start)
	require.NoError(b, err)
	turn := 0
	for b.Loop() {
		turn++
		due := start.Add(time.Duration(turn) * time.Minute)
		batch := make([]store.Candidate, size)
		for i := range batch {
			batch[i] = store.Candidate{DAG: sets[i].DAG, Kind: store.KindStart, Due: due, Entries: sets[i].Entries}
		}
		_, err := s.Decide(b.Context(), batch, func(i int, _ store.State) store.Verdict {
			run := newRun(sets[i].DAG, fmt.Sprint(sets[i].DAG, "-", turn))
			run.Due = due
			return store.Verdict{Outcome: store.OutcomeFired, Run: &run}
		})
		require.NoError(b, err)
		runs := admit(b, s, store.Admission{Free: size})
		require.Len(b, runs, size)
		errs := make(chan error, size)
		for _, run := range runs {
			go func() {
				step := store.Step{Name: "one", Status: store.StepNotStarted}
				if err := s.Begin(context.Background(), run.Ref(), "/logs", "/work", []store.Step{step}); err != nil {
					errs <- err
					return
				}
				step.Status = store.StepSucceeded
				errs <- s.Finish(context.Background(), run.Ref(), store.Result{Status: store.StatusSucceeded, Steps: []store.Step{step}})
			}()
		}
		for range runs {
			require.NoError(b, <-errs)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*size), "ns/run")
}

// BenchmarkDecide500 is a full batch of due times of 500 DAGs.
func BenchmarkDecide500(b *testing.B) {
	s := openOwner(b, store.Options{})
	const size = 500
	start := time.Date(2031, 5, 1, 0, 0, 0, 0, time.UTC)
	entries := []store.Entry{{Kind: store.KindStart, Text: "* * * * *", Zone: "UTC"}}
	sets := make([]store.ScheduleSet, size)
	for i := range sets {
		sets[i] = store.ScheduleSet{DAG: fmt.Sprint("dag-", i), Entries: entries}
	}
	_, err := s.SyncSchedules(b.Context(), sets, start)
	require.NoError(b, err)
	turn := 0
	for b.Loop() {
		turn++
		due := start.Add(time.Duration(turn) * time.Minute)
		batch := make([]store.Candidate, size)
		for i := range batch {
			batch[i] = store.Candidate{DAG: sets[i].DAG, Kind: store.KindStart, Due: due, Entries: entries}
		}
		_, err := s.Decide(b.Context(), batch, func(i int, _ store.State) store.Verdict {
			run := newRun(sets[i].DAG, fmt.Sprint(sets[i].DAG, "-", turn))
			run.Due = due
			return store.Verdict{Outcome: store.OutcomeFired, Run: &run}
		})
		require.NoError(b, err)
	}
}

// BenchmarkAdmit admits one run at a time while 10,000 are queued: in one full
// queue, in one that drains, each in a queue of its own, and behind a paused one.
func BenchmarkAdmit(b *testing.B) {
	const size = 10_000
	fill := func(b *testing.B, queue func(i int) string) *store.Store {
		b.Helper()
		s := openOwner(b, store.Options{})
		errs := make(chan error, size)
		for i := range size {
			go func() {
				n := newRun("d", fmt.Sprint("r", i))
				n.Queue = queue(i)
				_, err := s.Enqueue(context.Background(), n)
				errs <- err
			}()
		}
		for range size {
			require.NoError(b, <-errs)
		}
		return s
	}
	b.Run("full", func(b *testing.B) {
		s := fill(b, func(int) string { return "q" })
		admit(b, s, store.Admission{Free: 1})
		for b.Loop() {
			require.Empty(b, admit(b, s, store.Admission{Free: 100}))
		}
	})
	drain := func(b *testing.B, queue func(i int) string, paused ...string) {
		b.Helper()
		s := fill(b, queue)
		for _, queue := range paused {
			_, err := s.PauseQueue(b.Context(), queue)
			require.NoError(b, err)
		}
		for b.Loop() {
			runs := admit(b, s, store.Admission{Free: 1})
			for _, run := range runs {
				require.NoError(b, s.Unadmit(b.Context(), run.Ref()))
			}
			require.NotEmpty(b, runs)
		}
	}
	b.Run("drain", func(b *testing.B) { drain(b, func(int) string { return "q" }) })
	b.Run("many", func(b *testing.B) {
		drain(b, func(i int) string { return fmt.Sprint("q", i) })
	})
	b.Run("behind", func(b *testing.B) {
		drain(b, func(i int) string {
			if i < size-100 {
				return "hog"
			}
			return fmt.Sprint("q", i)
		}, "hog")
	})
}

// BenchmarkSync10000 records nothing: 10,000 DAGs are as they were.
func BenchmarkSync10000(b *testing.B) {
	s := open(b, store.Options{})
	sets := make([]store.ScheduleSet, 10_000)
	for i := range sets {
		sets[i] = store.ScheduleSet{DAG: fmt.Sprint("dag-", i), Entries: []store.Entry{{Kind: store.KindStart, Text: "0 * * * *", Zone: "UTC"}}}
	}
	began := time.Now()
	_, err := s.SyncSchedules(b.Context(), sets, time.Now())
	require.NoError(b, err)
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "first-ms")
	for b.Loop() {
		marks, err := s.SyncSchedules(b.Context(), sets, time.Now())
		require.NoError(b, err)
		require.Len(b, marks, len(sets))
	}
}

// BenchmarkStart is opening an existing database and closing it.
func BenchmarkStart(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		s, err := store.New(store.Options{Dir: dir}, zap.NewNop())
		require.NoError(b, err)
		require.NoError(b, s.Start(b.Context()))
		require.NoError(b, s.Stop(b.Context()))
	}
}
