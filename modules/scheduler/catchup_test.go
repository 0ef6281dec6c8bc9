package scheduler_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/store"
)

func TestTheCatchUpWindowHoldsItsOldestInstant(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("a", func(e *catalog.Entry) { all(e); e.CatchupWindow = 2 * time.Hour }, "0 * * * *")
		w.start()
		w.down(3 * time.Hour)
		require.Equal(w.t, []string{"01:00 fired", "02:00 fired", "03:00 fired"}, w.outcomes("a"))
	})
}

// An instant that is overdue runs late. With latest a newer due time takes its place,
// where that is to run.
func TestAnOverdueInstantGivesWayOnlyToWhatRuns(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		once := func(e *catalog.Entry) {
			latest(e)
			e.CatchupWindow, e.SkipIfSuccessful = 10*time.Hour, true
			e.Schedules = append(e.Schedules, at(w.t, dag.ScheduleStart, "2000-01-01T01:30:00Z"))
		}
		w.putWith("a", once, "0 * * * *")
		w.putWith("b", once, "0 * * * *")
		w.start()
		w.pass(time.Second)
		w.stop()
		w.stepClock(150 * time.Minute)
		w.byHand("hand", "a")
		w.end(w.admitOne(), store.StatusSucceeded)
		w.stepClock(time.Hour)
		w.start()
		require.Equal(w.t, []string{
			"01:00 skipped superseded", "01:30 fired", "02:00 skipped superseded", "03:00 skipped already_succeeded",
		}, w.outcomes("a"))
		require.Equal(w.t, []string{"01:00 skipped superseded", "01:30 skipped superseded", "02:00 skipped superseded", "03:00 fired"}, w.outcomes("b"))
	})
}

// A turn looks at a bounded number of due times of a DAG. Where the bound falls among
// those that are not too late, it is still the newest alone that is started.
func TestTheNewestIsStartedThoughItIsBehindTheBoundOfATurn(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("a", func(*catalog.Entry) {}, "* * * * *")
		w.start()
		w.down(10_002 * time.Minute) // 6 days, 22:42
		require.Equal(w.t, []string{
			"00:01 missed no_catchup x9996 to 22:36", "22:37 skipped superseded x5 to 22:41", "22:42 fired",
		}, w.outcomes("a"))
	})
}

func TestWhatIsCaughtUpRunsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("a", func(e *catalog.Entry) { all(e); e.CatchupWindow, e.Queue = 5*time.Hour, "wide" }, "0 * * * *")
		_, _, err := w.store.SetLimits(w.t.Context(), store.Limits{Slots: map[string]int{"wide": 5}})
		require.NoError(w.t, err)
		w.start()
		w.down(150 * time.Minute)
		require.Len(w.t, w.runs("a"), 2)
		runs := w.admitAll()
		require.Len(w.t, runs, 1, "whatever room its queue has")
		w.end(runs[0], store.StatusSucceeded)
		require.Len(w.t, w.admitAll(), 1)
	})
}
