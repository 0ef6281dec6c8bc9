package scheduler_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
	"dagu/modules/scheduler"
)

// many puts one DAG more than a batch has room for, all due each hour.
func (w *world) many() {
	w.t.Helper()
	for i := range 501 {
		w.files.put(fmt.Sprintf("dag-%03d", i), "0 * * * *")
	}
}

// What is due at once is written in batches, so that no transaction holds up the
// others for long, and the pulse beats between two of them.
func TestDueTimesAreDecidedInBatches(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.many()
		var sizes, beats []int
		w.store.before = func(n int) { sizes, beats = append(sizes, n), append(beats, w.pulse.count()) }
		w.start()
		w.pass(time.Hour)
		require.Equal(w.t, []int{500, 1}, sizes)
		require.Greater(w.t, beats[1], beats[0])
	})
}

// A stop lets the batch in progress come to its end and decides no other.
func TestAStopEndsTheDecidingAfterABatch(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.many()
		var sizes []int
		stopped := make(chan error, 1)
		w.store.before = func(n int) {
			sizes = append(sizes, n)
			go func() { stopped <- w.scheduler.Stop(context.Background()) }()
			time.Sleep(time.Second) // synctest: the stop has been asked for
		}
		w.start()
		w.pass(time.Hour + 2*time.Second)
		require.NoError(w.t, <-stopped)
		require.Equal(w.t, []int{500}, sizes)
		rows, err := w.store.Occurrences(w.t.Context(), "", time.Time{}, time.Time{}, 1000)
		require.NoError(w.t, err)
		require.Len(w.t, rows, 500)
		require.Zero(w.t, w.logs.FilterMessage("store does not take decisions, trying again").Len())
	})
}

// What waits for a store that does not answer has a bound; beyond it lateness grows.
func TestWhatWaitsForTheStoreHasABound(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.metrics = scheduler.NewMetrics()
		w.putWith("a", func(e *catalog.Entry) { all(e); e.CatchupWindow = 1000 * 24 * time.Hour }, "* * * * *")
		w.start()
		w.store.set(true, false)
		w.stepClock(120_000 * time.Minute)
		w.pass(3 * time.Minute)
		const oneTurn = 10_000
		require.InDelta(w.t, 100_000, values(w.t, w.metrics)["dagu_due_times_taken_total"], oneTurn)
	})
}
