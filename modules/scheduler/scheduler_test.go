package scheduler_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/schedule"
	"dagu/modules/scheduler"
	"dagu/modules/store"
)

func TestADueTimeFiresOnItsMinuteOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "*/2 * * * *")
		w.start()
		w.pass(2*time.Minute - time.Millisecond)
		require.Empty(w.t, w.outcomes("a"))
		w.pass(2 * time.Millisecond)
		require.Equal(w.t, []string{"00:02 fired"}, w.outcomes("a"))

		runs, err := w.store.Runs(w.t.Context(), store.Filter{DAG: "a", Limit: 10})
		require.NoError(w.t, err)
		require.Len(w.t, runs, 1)
		due := time.Date(2000, 1, 1, 0, 2, 0, 0, time.UTC)
		require.Equal(w.t, scheduler.RunID("a", store.KindStart, due), runs[0].ID)
		require.True(w.t, due.Equal(runs[0].Due))
		require.Equal(w.t, store.TriggerScheduler, runs[0].Trigger)
		require.Equal(w.t, "a", runs[0].Queue)
		require.Empty(w.t, runs[0].Params, "it has the defaults of its file")

		w.finish()
		w.pass(2 * time.Minute)
		require.Equal(w.t, []string{"00:02 fired", "00:04 fired"}, w.outcomes("a"))
	})
}

func TestADueTimeWaitsInTheQueueOfItsDAG(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("a", func(e *catalog.Entry) { e.Queue, e.Priority = "heavy", 3 }, "* * * * *")
		w.start()
		w.pass(time.Minute + time.Second)
		runs, err := w.store.Runs(w.t.Context(), store.Filter{DAG: "a", Limit: 10})
		require.NoError(w.t, err)
		require.Len(w.t, runs, 1)
		require.Equal(w.t, store.StatusQueued, runs[0].Status)
		require.Equal(w.t, "heavy", runs[0].Queue)
		require.Equal(w.t, 3, runs[0].Priority)
	})
}

func TestEntriesDueAtOneInstantAreOneDueTime(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "*/5 * * * *", "*/10 * * * *", "*/5 * * * *")
		w.start()
		w.pass(5 * time.Minute)
		w.finish()
		w.pass(5 * time.Minute)
		require.Equal(w.t, []string{"00:05 fired", "00:10 fired"}, w.outcomes("a"))
	})
}

func TestARunThatIsOpenSkipsTheNextDueTime(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "* * * * *")
		w.start()
		w.pass(4 * time.Minute)
		w.finish()
		w.pass(time.Minute)
		require.Equal(w.t, []string{"00:01 fired", "00:02 skipped overlap x3 to 00:04", "00:05 fired"}, w.outcomes("a"))
	})
}

func TestASuspendedDAGIsSkipped(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "* * * * *")
		w.start()
		w.pass(30 * time.Second)
		require.NoError(w.t, w.store.Suspend(w.t.Context(), "a", w.wall()))
		w.pass(2 * time.Minute)
		require.NoError(w.t, w.store.Resume(w.t.Context(), "a", w.wall()))
		w.pass(time.Minute)
		require.Equal(w.t, []string{"00:01 skipped suspended x2 to 00:02", "00:03 fired"}, w.outcomes("a"))
	})
}

func TestAfterADowntime(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("minutely", "* * * * *")
		w.files.put("hourly", "0 * * * *")
		w.start()
		w.pass(90 * time.Second)
		w.finish()
		w.stop()
		w.stepClock(10*time.Hour - 60*time.Second) // to 10:00:30
		w.start()
		require.Equal(w.t, []string{
			"00:01 fired",
			"00:02 missed no_catchup x594 to 09:55",
			"09:56 skipped superseded x4 to 09:59",
			"10:00 fired",
		}, w.outcomes("minutely"))
		require.Equal(w.t, []string{"01:00 missed no_catchup x9 to 09:00", "10:00 fired"}, w.outcomes("hourly"))
	})
}

func TestANewScheduleOwesNothingOfThePast(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "0 * * * *")
		w.start()
		w.pass(3*time.Minute + 20*time.Second)
		w.files.put("a", "* * * * *")
		w.pass(time.Minute)
		require.Equal(w.t, []string{"00:04 fired"}, w.outcomes("a"))
	})
}

func TestAFileThatIsReplacedKeepsItsMark(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "*/10 * * * *")
		w.start()
		w.pass(10*time.Minute - time.Second)
		w.files.remove("a")
		w.pass(2 * time.Second)
		require.Empty(w.t, w.outcomes("a"))
		w.files.put("a", "*/10 * * * *")
		require.Equal(w.t, []string{"00:10 fired"}, w.outcomes("a"), "started late")
		w.finish()

		w.files.remove("a")
		w.pass(time.Hour)
		w.files.put("a", "*/10 * * * *")
		w.pass(9 * time.Minute)
		require.Equal(w.t, []string{"00:10 fired", "00:20 missed dag_absent x5 to 01:00", "01:10 fired"},
			w.outcomes("a"), "01:10 is less than the threshold ago")
	})
}

func TestAFileThatWentWhileTheSchedulerWasDown(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "*/10 * * * *")
		w.start()
		w.stop()
		delete(w.files.entries, "a") // the catalog of a new life has never known it
		w.start()
		w.pass(time.Hour)
		require.Empty(w.t, w.outcomes("a"))
		names, err := w.store.ActiveSchedules(w.t.Context())
		require.NoError(w.t, err)
		require.Empty(w.t, names)
	})
}

func TestAStoreThatIsDownMakesNoMisfire(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "*/20 * * * *")
		w.start()
		w.pass(19 * time.Minute)
		w.store.set(true, false)
		before := w.pulse.count()
		w.pass(15 * time.Minute)
		require.Greater(w.t, w.pulse.count()-before, 14*60, "the loop turns all the same")
		require.Empty(w.t, w.outcomes("a"))
		w.store.set(false, false)
		w.pass(2 * time.Second)
		require.Equal(w.t, []string{"00:20 fired"}, w.outcomes("a"), "taken in time, written late")
		require.Equal(w.t, 1, w.logs.FilterMessage("store does not take decisions, trying again").Len())
		require.Equal(w.t, 1, w.logs.FilterMessage("store takes decisions again").Len())
	})
}

func TestADecisionWithoutAnswerIsRepeated(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "*/20 * * * *")
		w.start()
		w.store.set(false, true)
		w.pass(20*time.Minute + 10*time.Second)
		w.store.set(false, false)
		w.pass(10 * time.Second)
		require.Equal(w.t, []string{"00:20 fired"}, w.outcomes("a"))
		runs, err := w.store.Runs(w.t.Context(), store.Filter{DAG: "a", Limit: 10})
		require.NoError(w.t, err)
		require.Len(w.t, runs, 1)
	})
}

func TestADAGThatChangesWhileTheStoreIsDown(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "*/20 * * * *")
		w.start()
		w.pass(19 * time.Minute)
		w.store.set(true, false)
		w.pass(2 * time.Minute)
		w.files.put("a", "*/20 * * * *", "*/30 * * * *")
		w.pass(10 * time.Minute)
		w.store.set(false, false)
		w.pass(2 * time.Second)
		w.finish()
		w.pass(10 * time.Minute)
		require.Equal(w.t, []string{"00:20 fired", "00:40 fired"}, w.outcomes("a"))
	})
}

func TestTheClockGoesBack(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "*/10 * * * *")
		w.start()
		for range 6 {
			w.pass(10 * time.Minute)
			w.finish()
		}
		w.pass(time.Minute) // 01:01
		fired := w.outcomes("a")
		require.Len(w.t, fired, 6)
		w.stepClock(-30 * time.Minute) // 00:31
		w.pass(28 * time.Minute)       // 00:59
		require.Equal(w.t, fired, w.outcomes("a"), "nothing that fired runs again")
		w.pass(12 * time.Minute) // 01:11
		require.Contains(w.t, w.outcomes("a"), "01:10 fired", "and nothing stops")
	})
}

// What was taken and not yet written may lie ahead of a clock that went back: to write
// it would decide what is due again, and leave out what is due before.
func TestTheClockGoesBackWhileTheStoreIsDown(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "*/10 * * * *")
		w.start()
		w.store.set(true, false)
		w.pass(10*time.Minute + time.Second)
		w.stepClock(-30 * time.Minute) // 23:40:01
		w.pass(10 * time.Minute)
		w.store.set(false, false)
		w.pass(2 * time.Second)
		require.Equal(w.t, []string{"23:50 fired"}, w.outcomes("a"))
		w.finish()
		w.pass(20 * time.Minute)
		require.Equal(w.t, []string{"23:50 fired", "00:00 fired", "00:10 skipped overlap"}, w.outcomes("a"))
	})
}

func TestTheClockWasWrongInAnEarlierLife(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "*/10 * * * *")
		w.stepClock(1000 * time.Hour)
		w.start()
		w.pass(time.Minute)
		w.stop()
		w.stepClock(-1000 * time.Hour)
		w.start()
		w.pass(10 * time.Minute)
		require.Equal(w.t, []string{"00:10 fired"}, w.outcomes("a"))
	})
}

func TestTheClockGoesForward(t *testing.T) {
	t.Parallel()
	t.Run("by less than an hour", func(t *testing.T) {
		t.Parallel()
		inWorld(t, func(w *world) {
			w.files.put("a", "*/10 * * * *")
			w.start()
			w.pass(5 * time.Minute)
			w.stepClock(32 * time.Minute) // 00:37
			w.pass(time.Second)
			require.Equal(w.t, []string{"00:10 missed no_catchup x3 to 00:30"}, w.outcomes("a"))
		})
	})
	t.Run("by more, for good", func(t *testing.T) {
		t.Parallel()
		inWorld(t, func(w *world) {
			w.files.put("a", "*/10 * * * *")
			w.start()
			w.pass(5 * time.Minute)
			w.stepClock(5 * time.Hour) // 05:05
			w.pass(30 * time.Second)
			require.Empty(w.t, w.outcomes("a"), "not believed yet")
			w.pass(time.Minute)
			require.Equal(w.t, []string{"00:10 missed no_catchup x30 to 05:00"}, w.outcomes("a"))
		})
	})
	t.Run("by more, for a moment", func(t *testing.T) {
		t.Parallel()
		inWorld(t, func(w *world) {
			w.files.put("a", "*/10 * * * *")
			w.start()
			w.pass(5 * time.Minute)
			w.stepClock(5 * time.Hour)
			w.pass(30 * time.Second)
			w.stepClock(-5 * time.Hour)
			w.pass(5 * time.Minute)
			require.Equal(w.t, []string{"00:10 fired"}, w.outcomes("a"))
		})
	})
}

func TestAPanicIsOfOneDAGAlone(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "* * * * *")
		w.files.set("broken", &catalog.Entry{
			Name: "broken", Hash: "text", Good: true,
			Schedules: []dag.Schedule{{Kind: dag.ScheduleStart, Spec: new(schedule.Schedule)}, {Kind: dag.ScheduleStart}},
		})
		w.start()
		w.pass(time.Minute)
		require.Equal(w.t, []string{"00:01 fired"}, w.outcomes("a"))
		require.NotZero(w.t, w.logs.FilterMessage("planning a DAG failed").Len())
	})
}

// Should the loop hang, its pulse has told at which DAG.
func TestThePulseNamesTheDAG(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "* * * * *")
		w.start()
		w.pass(time.Minute)
		for _, doing := range []string{"planning a", "taking due times of a", "deciding due times from a to a", "waiting"} {
			require.True(w.t, w.pulse.heard[doing], doing)
		}
	})
}

func TestALoopThatDiesIsReported(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "* * * * *")
		w.start()
		w.pulse.arm()
		w.pass(time.Second)
		require.ErrorContains(w.t, <-w.died, "wedged")
	})
}

func TestStartAndStopInAnyOrder(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		s, err := scheduler.New(scheduler.Options{MisfireThreshold: time.Minute},
			scheduler.Deps{Catalog: w.files, Store: w.store, Leftovers: noLeftovers{}, Pulse: w.pulse, Log: w.log})
		require.NoError(w.t, err)
		require.NoError(w.t, s.Stop(w.t.Context()))
		require.NoError(w.t, s.Start(w.t.Context()))
		require.NoError(w.t, s.Stop(w.t.Context()))
		require.Zero(w.t, w.pulse.count(), "a stopped scheduler does not start")
	})
}

func TestOptionsAreChecked(t *testing.T) {
	t.Parallel()
	_, err := scheduler.New(scheduler.Options{}, scheduler.Deps{})
	require.ErrorContains(t, err, "MisfireThreshold")
	_, err = scheduler.New(scheduler.Options{MisfireThreshold: 1, RecoverInterval: -1}, scheduler.Deps{})
	require.ErrorContains(t, err, "RecoverInterval")
}
