package scheduler_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/store"
)

// A success counts from the due time before on, at most 32 days back.
func TestSkipIfSuccessfulLooksBack(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		once := func(e *catalog.Entry) { e.SkipIfSuccessful = true }
		w.putWith("monthly", once, "0 0 1 * *")
		w.putWith("within", once, "0 0 1 3 *")
		w.putWith("beyond", once, "0 0 1 3 *")
		w.start()
		w.stop()
		succeed := func(name string, at time.Time) {
			w.stepClock(at.Sub(w.wall()))
			w.byHand(name, name)
			w.end(w.admitOne(), store.StatusSucceeded)
		}
		due := time.Date(2000, 3, 1, 0, 0, 0, 0, time.UTC)
		const span = 32 * 24 * time.Hour
		succeed("beyond", due.Add(-span-time.Second))
		succeed("within", due.Add(-span))
		succeed("monthly", due.AddDate(0, -1, 0))
		w.stepClock(due.Sub(w.wall()))
		w.start()
		require.Equal(w.t, []string{"00:00 fired"}, w.outcomes("beyond"))
		require.Equal(w.t, []string{"00:00 skipped already_succeeded"}, w.outcomes("within"))
		require.Equal(w.t, []string{"00:00 missed no_catchup", "00:00 skipped already_succeeded"}, w.outcomes("monthly"))
	})
}

// A schedule that stands beside a new one is none that was edited.
func TestSkipIfSuccessfulHeedsAnEditOfItsOwnScheduleOnly(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		once := func(e *catalog.Entry) { e.SkipIfSuccessful = true }
		w.putWith("a", once, "0 * * * *")
		w.start()
		w.pass(10 * time.Minute)
		w.byHand("hand", "a")
		w.end(w.admitOne(), store.StatusSucceeded)
		w.pass(10 * time.Minute)
		w.putWith("a", once, "0 * * * *", "5 5 * * *")
		w.pass(40 * time.Minute)
		require.Equal(w.t, []string{"01:00 skipped already_succeeded"}, w.outcomes("a"))
	})
}

// The due time before is that of any start schedule of the DAG, and of those alone.
func TestSkipIfSuccessfulLooksBackToTheStartBefore(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("stops", func(e *catalog.Entry) {
			e.SkipIfSuccessful = true
			e.Schedules = append(e.Schedules, at(w.t, dag.ScheduleStop, "30 * * * *"))
		}, "0 * * * *")
		w.putWith("starts", func(e *catalog.Entry) { e.SkipIfSuccessful = true }, "0 * * * *", "30 * * * *")
		w.start()
		w.pass(10 * time.Minute)
		for _, name := range []string{"stops", "starts"} {
			w.byHand(name, name)
			w.end(w.admitOne(), store.StatusSucceeded)
		}
		w.pass(50 * time.Minute)
		require.Equal(w.t, []string{"00:30 skipped idle", "01:00 skipped already_succeeded"}, w.outcomes("stops"))
		require.Equal(w.t, []string{"00:30 skipped already_succeeded", "01:00 fired"}, w.outcomes("starts"))
	})
}
