package scheduler_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/schedule"
	"dagu/modules/store"
)

// putWith puts a DAG with start schedules and policies.
func (w *world) putWith(name string, change func(e *catalog.Entry), texts ...string) {
	w.t.Helper()
	e := entryOf(name, texts...)
	change(&e)
	w.files.set(name, &e)
}

// at is a schedule of a kind, or an instant.
func at(t *testing.T, kind dag.ScheduleKind, text string) dag.Schedule {
	t.Helper()
	spec, err := schedule.Once(text)
	if err != nil {
		spec, err = schedule.Parse(text, time.UTC)
	}
	require.NoError(t, err)
	return dag.Schedule{Kind: kind, Text: text, Spec: spec}
}

// down stops the scheduler and lets it come back so much later.
func (w *world) down(d time.Duration) {
	w.t.Helper()
	w.stop()
	w.stepClock(d)
	w.start()
}

// runs lists the runs of a DAG, oldest due time first, as "HH:MM trigger status reason".
func (w *world) runs(dag string) []string {
	w.t.Helper()
	rows, err := w.store.Runs(w.t.Context(), store.Filter{DAG: dag, Limit: 100})
	require.NoError(w.t, err)
	list := make([]string, len(rows))
	for i, r := range rows {
		text := r.Due.UTC().Format("15:04") + " " + string(r.Trigger) + " " + string(r.Status)
		if r.Reason != "" {
			text += " " + string(r.Reason)
		}
		list[len(rows)-1-i] = text
	}
	return list
}

// admitOne takes the next run of a DAG from its queue, and leaves it running.
func (w *world) admitOne() store.Run {
	w.t.Helper()
	runs := w.admit(1)
	require.Len(w.t, runs, 1)
	return runs[0]
}

// admitAll takes all runs that may run from their queues, and leaves them running.
func (w *world) admitAll() []store.Run {
	w.t.Helper()
	return w.admit(100)
}

func (w *world) admit(free int) []store.Run {
	w.t.Helper()
	_, err := w.store.Own(w.t.Context(), store.RoleScheduler)
	require.NoError(w.t, err)
	runs, err := w.store.Admit(w.t.Context(), store.Admission{Free: free})
	require.NoError(w.t, err)
	return runs
}

// byHand queues a run of a DAG as a person does.
func (w *world) byHand(id, name string) {
	w.t.Helper()
	_, err := w.store.Enqueue(w.t.Context(), store.NewRun{ID: id, DAG: name, TextHash: "text", Trigger: store.TriggerManual})
	require.NoError(w.t, err)
}

// toStop lists the running runs that are to be stopped.
func (w *world) toStop() []string {
	w.t.Helper()
	requests, err := w.store.StopRequested(w.t.Context())
	require.NoError(w.t, err)
	var ids []string
	for _, r := range requests {
		ids = append(ids, r.RunID)
	}
	return ids
}

func (w *world) end(run store.Run, status store.Status) {
	w.t.Helper()
	require.NoError(w.t, w.store.Finish(w.t.Context(), run.Ref(), store.Result{Status: status}))
}

func all(e *catalog.Entry)    { e.Overlap = dag.OverlapAll }
func latest(e *catalog.Entry) { e.Overlap = dag.OverlapLatest }

func TestLiveOverlapPolicies(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("all", all, "* * * * *")
		w.putWith("latest", latest, "* * * * *")
		w.start()
		w.pass(3*time.Minute + time.Second)
		require.Equal(w.t, []string{"00:01 fired", "00:02 fired", "00:03 fired"}, w.outcomes("all"))
		require.Equal(w.t, []string{"00:01 skipped superseded", "00:02 skipped superseded", "00:03 fired"}, w.outcomes("latest"))
		require.Equal(w.t, []string{
			"00:01 scheduler aborted superseded", "00:02 scheduler aborted superseded", "00:03 scheduler queued",
		}, w.runs("latest"))
	})
}

func TestLatestLeavesWhatRunsAlone(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("a", latest, "* * * * *")
		w.start()
		w.pass(time.Minute + time.Second)
		run := w.admitOne()
		w.pass(2 * time.Minute)
		require.Equal(w.t, []string{"00:01 scheduler running", "00:02 scheduler aborted superseded", "00:03 scheduler queued"}, w.runs("a"))
		w.end(run, store.StatusSucceeded)
		require.Equal(w.t, []string{"00:01 fired", "00:02 skipped superseded", "00:03 fired"}, w.outcomes("a"))
	})
}

func TestCatchUpWithinItsWindow(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		window := func(e *catalog.Entry) { e.CatchupWindow = 3 * time.Hour }
		w.putWith("all", func(e *catalog.Entry) { all(e); window(e) }, "0 * * * *")
		w.putWith("latest", func(e *catalog.Entry) { latest(e); window(e) }, "0 * * * *")
		w.putWith("skip", window, "0 * * * *")
		w.start()
		w.pass(time.Second)
		w.down(6*time.Hour + 30*time.Minute)
		require.Equal(w.t, []string{
			"01:00 missed outside_catchup_window x3 to 03:00", "04:00 fired", "05:00 fired", "06:00 fired",
		}, w.outcomes("all"))
		require.Equal(w.t, []string{"04:00 catchup queued", "05:00 catchup queued", "06:00 catchup queued"}, w.runs("all"))
		require.Equal(w.t, []string{
			"01:00 missed outside_catchup_window x3 to 03:00", "04:00 skipped superseded x2 to 05:00", "06:00 fired",
		}, w.outcomes("latest"))
		require.Equal(w.t, []string{"06:00 catchup queued"}, w.runs("latest"))
		require.Equal(w.t, []string{
			"01:00 missed outside_catchup_window x3 to 03:00", "04:00 fired", "05:00 skipped overlap x2 to 06:00",
		}, w.outcomes("skip"))
	})
}

func TestCatchUpOfAFewMinutesIsInOrder(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("a", func(e *catalog.Entry) { all(e); e.CatchupWindow = time.Hour }, "* * * * *")
		w.start()
		w.pass(time.Second)
		w.down(3 * time.Minute)
		require.Equal(w.t, []string{"00:01 catchup queued", "00:02 catchup queued", "00:03 scheduler queued"}, w.runs("a"))
	})
}

// A clock that goes forward under a scheduler, or a machine that slept, is a gap too.
func TestCatchUpWhileTheSchedulerRuns(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		step     time.Duration
		outcomes []string
		runs     []string
	}{
		"short gap": {
			50 * time.Minute,
			[]string{"00:30 fired"},
			[]string{"00:30 catchup queued"},
		},
		"long gap": {
			2 * time.Hour,
			[]string{"00:30 missed outside_catchup_window", "01:00 fired", "01:30 fired", "02:00 fired"},
			[]string{"01:00 catchup queued", "01:30 catchup queued", "02:00 catchup queued"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				w.putWith("a", func(e *catalog.Entry) { all(e); e.CatchupWindow = 90 * time.Minute }, "*/30 * * * *")
				w.start()
				w.pass(5 * time.Minute)
				w.stepClock(tt.step)
				w.pass(2 * time.Minute)
				require.Equal(w.t, tt.outcomes, w.outcomes("a"))
				require.Equal(w.t, tt.runs, w.runs("a"))
			})
		})
	}
}

func TestNothingIsCaughtUpForANewOrEditedSchedule(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		window := func(e *catalog.Entry) { all(e); e.CatchupWindow = 10 * time.Hour }
		w.putWith("a", window, "0 * * * *")
		w.start()
		w.pass(time.Second)
		w.stop()
		w.stepClock(3*time.Hour + 6*time.Minute)
		w.putWith("a", window, "5 * * * *")
		w.putWith("new", window, "0 * * * *")
		w.start()
		require.Equal(w.t, []string{"01:00 missed no_catchup x3 to 03:00"}, w.outcomes("a"), "by the schedule that is gone")
		require.Empty(w.t, w.outcomes("new"))
	})
}

func TestASuspendedTimeIsNotCaughtUp(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("a", func(e *catalog.Entry) { all(e); e.CatchupWindow = 10 * time.Hour }, "0 * * * *")
		w.start()
		w.pass(time.Second)
		w.stop()
		w.stepClock(90 * time.Minute)
		require.NoError(w.t, w.store.Suspend(w.t.Context(), "a", w.wall()))
		w.stepClock(2 * time.Hour)
		require.NoError(w.t, w.store.Resume(w.t.Context(), "a", w.wall()))
		w.stepClock(time.Hour)
		w.start()
		require.Equal(w.t, []string{"01:00 fired", "02:00 skipped suspended x2 to 03:00", "04:00 fired"}, w.outcomes("a"))
	})
}

func TestNothingIsCaughtUpWhileSuspended(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("a", func(e *catalog.Entry) { all(e); e.CatchupWindow = 10 * time.Hour }, "0 * * * *")
		w.putWith("b", func(*catalog.Entry) {}, "0 * * * *")
		w.start()
		w.pass(time.Second)
		w.stop()
		w.stepClock(90 * time.Minute)
		for _, name := range []string{"a", "b"} {
			require.NoError(w.t, w.store.Suspend(w.t.Context(), name, w.wall()))
		}
		w.stepClock(2 * time.Hour)
		w.start()
		require.Equal(w.t, []string{"01:00 skipped suspended x3 to 03:00"}, w.outcomes("a"))
		require.Equal(w.t, []string{"01:00 missed no_catchup x3 to 03:00"}, w.outcomes("b"), "one row, of which a part was not suspended")
	})
}

func TestSkipIfSuccessful(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		once := func(e *catalog.Entry) { e.SkipIfSuccessful = true }
		w.putWith("a", once, "0 * * * *")
		w.start()
		w.pass(30 * time.Minute)
		byHand := func(status store.Status) {
			_, err := w.store.Enqueue(w.t.Context(), store.NewRun{ID: "hand" + string(status) + w.wall().Format("1504"), DAG: "a", TextHash: "text", Trigger: store.TriggerManual})
			require.NoError(w.t, err)
			w.end(w.admitOne(), status)
		}
		byHand(store.StatusSucceeded)
		w.pass(31 * time.Minute) // 01:01
		byHand(store.StatusFailed)
		w.pass(time.Hour) // 02:01
		w.end(w.admitOne(), store.StatusSucceeded)
		w.pass(time.Hour) // 03:01
		require.Equal(w.t, []string{"01:00 skipped already_succeeded", "02:00 fired", "03:00 skipped already_succeeded"}, w.outcomes("a"))

		byHand(store.StatusSucceeded)
		w.pass(time.Minute)
		w.putWith("a", once, "5 * * * *") // an edit begins anew
		w.pass(4 * time.Minute)
		require.Equal(w.t, "03:05 fired", w.outcomes("a")[3])
	})
}

func TestAnInstantIsDueOnce(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		once := func(texts ...string) func(*catalog.Entry) {
			return func(e *catalog.Entry) {
				for _, text := range texts {
					e.Schedules = append(e.Schedules, at(w.t, dag.ScheduleStart, text))
				}
			}
		}
		w.pass(time.Hour)
		w.putWith("past", once("2000-01-01T00:30:00Z"))
		w.putWith("soon", once("2000-01-01T02:00:00+01:00", "2000-01-01T01:10:00Z"))
		w.putWith("late", once("2000-01-01T02:00:00Z", "2000-01-01T03:00:00Z"))
		w.start()
		w.pass(11 * time.Minute)
		require.Empty(w.t, w.outcomes("past"), "it was past when first seen")
		require.Equal(w.t, []string{"01:10 fired"}, w.outcomes("soon"), "at 01:00 the DAG was first seen")
		w.down(30 * time.Hour)
		require.Equal(w.t, []string{"02:00 fired", "03:00 skipped overlap"}, w.outcomes("late"), "they run late, and not over each other")
		require.Equal(w.t, []string{"02:00 catchup queued"}, w.runs("late"))
		w.finish()
		w.down(time.Hour)
		require.Len(w.t, w.outcomes("late"), 2)
	})
}

func TestAStopIsDecidedBeforeTheStartOfItsMinute(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("a", func(e *catalog.Entry) {
			e.Schedules = append(e.Schedules, at(w.t, dag.ScheduleStop, "0 * * * *"))
			e.Overlap = dag.OverlapAll
		}, "0 * * * *")
		w.start()
		w.pass(time.Hour)
		run := w.admitOne()
		require.Equal(w.t, []string{"01:00 fired", "01:00 skipped idle"}, w.outcomes("a"))
		w.pass(time.Hour)
		require.Equal(w.t, []string{run.ID}, w.toStop())
		require.Equal(w.t, []string{"01:00 scheduler running", "02:00 scheduler queued"}, w.runs("a"), "the start of the minute is not stopped")
		w.end(run, store.StatusAborted)
		w.pass(time.Hour)
		require.Equal(w.t, []string{"01:00 fired", "01:00 skipped idle", "02:00 fired", "02:00 fired", "03:00 fired", "03:00 skipped idle"}, w.outcomes("a"))
	})
}

func TestALateStopEndsWhatStartedBeforeIt(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("a", func(e *catalog.Entry) {
			e.Schedules = append(e.Schedules, at(w.t, dag.ScheduleStop, "*/30 * * * *"))
		})
		w.start()
		_, err := w.store.Enqueue(w.t.Context(), store.NewRun{ID: "old", DAG: "a", TextHash: "text", Trigger: store.TriggerManual, Queue: "x"})
		require.NoError(w.t, err)
		old := w.admitOne()
		w.pass(time.Second)
		w.stop()
		w.stepClock(time.Hour + 2*time.Minute)
		_, err = w.store.Enqueue(w.t.Context(), store.NewRun{ID: "new", DAG: "a", TextHash: "text", Trigger: store.TriggerManual, Queue: "y"})
		require.NoError(w.t, err)
		w.admitOne()
		w.start()
		require.Equal(w.t, []string{"00:30 missed no_catchup", "01:00 fired"}, w.outcomes("a"))
		require.Equal(w.t, []string{old.ID}, w.toStop())
	})
}

func TestARestartStopsAndStartsAgain(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("a", func(e *catalog.Entry) {
			e.Schedules = append(e.Schedules, at(w.t, dag.ScheduleRestart, "0 * * * *"))
			e.RestartWait = 10 * time.Second
		})
		w.start()
		w.pass(time.Hour)
		require.Equal(w.t, []string{"01:00 scheduler queued"}, w.runs("a"), "an idle DAG is started")
		run := w.admitOne()
		w.pass(time.Hour)
		require.Equal(w.t, []string{run.ID}, w.toStop())
		require.Equal(w.t, []string{"01:00 scheduler running", "02:00 scheduler queued"}, w.runs("a"))
		w.end(run, store.StatusAborted)
		w.pass(10*time.Second - time.Nanosecond)
		early, err := w.store.Admit(w.t.Context(), store.Admission{Free: 1})
		require.NoError(w.t, err)
		require.Empty(w.t, early, "it waits as long as the file says")
		w.pass(time.Nanosecond)
		w.admitOne()
		w.pass(time.Hour)
		require.Equal(w.t, []string{"01:00 fired", "02:00 fired", "03:00 fired"}, w.outcomes("a"))
	})
}

// restarts puts a DAG that is restarted each minute in a queue with room for more.
func (w *world) restarts() {
	w.t.Helper()
	w.putWith("a", func(e *catalog.Entry) {
		e.Schedules = append(e.Schedules, at(w.t, dag.ScheduleRestart, "* * * * *"))
		e.Queue = "wide"
	})
	_, _, err := w.store.SetLimits(w.t.Context(), store.Limits{Slots: map[string]int{"wide": 3}})
	require.NoError(w.t, err)
}

func TestARestartTakesThePlaceOfOneThatWaits(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.restarts()
		w.start()
		w.pass(time.Minute)
		slow := w.admitOne()
		for range 3 { // it takes its time to stop
			w.pass(time.Minute)
			require.Empty(w.t, w.admitAll())
		}
		require.Equal(w.t, []string{"00:01 fired", "00:02 skipped superseded", "00:03 skipped superseded", "00:04 fired"}, w.outcomes("a"))
		require.Equal(w.t, []string{
			"00:01 scheduler running", "00:02 scheduler aborted superseded", "00:03 scheduler aborted superseded", "00:04 scheduler queued",
		}, w.runs("a"))

		w.end(slow, store.StatusAborted)
		run := w.admitOne()
		require.Empty(w.t, w.admitAll())
		w.pass(time.Minute)
		require.Empty(w.t, w.admitAll())
		w.end(run, store.StatusAborted)
		w.admitOne()
		require.Equal(w.t, []string{"00:04 scheduler aborted", "00:05 scheduler running"}, w.runs("a")[3:], "what comes later is as ever")
		require.Equal(w.t, []string{"00:04 fired", "00:05 fired"}, w.outcomes("a")[3:])
	})
}

// The run of a restart may wait behind one that was queued before it and does not end
// by itself.
func TestARestartStopsWhatAnEarlierOneWaitsBehind(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("a", func(e *catalog.Entry) {
			e.Schedules = append(e.Schedules, at(w.t, dag.ScheduleRestart, "* * * * *"))
		})
		w.start()
		w.pass(time.Minute)
		first := w.admitOne()
		w.byHand("hand", "a")
		w.pass(time.Minute)
		w.end(first, store.StatusAborted)
		hand := w.admitOne()
		require.Equal(w.t, "hand", hand.ID)
		w.pass(time.Minute)
		require.Equal(w.t, []string{"hand"}, w.toStop())
		require.Empty(w.t, w.admitAll())
		w.end(hand, store.StatusAborted)
		w.admitOne()
		require.Equal(w.t, []string{"00:01 fired", "00:02 skipped superseded", "00:03 fired"}, w.outcomes("a"))
	})
}

// What a restart stopped may be over while the restart waits, as its file says, or for a
// slot: it is on its way then.
func TestARestartLeavesAnEarlierOneAloneWhenNothingRuns(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.restarts()
		w.start()
		w.pass(time.Minute)
		first := w.admitOne()
		w.pass(time.Minute)
		w.end(first, store.StatusAborted)
		w.pass(time.Minute)
		require.Equal(w.t, []string{"00:01 fired", "00:02 fired", "00:03 skipped overlap"}, w.outcomes("a"))
		require.Equal(w.t, "00:02", w.admitOne().Due.UTC().Format("15:04"))
	})
}

func TestAGapOfManyDueTimesIsOneRow(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.putWith("a", func(e *catalog.Entry) { all(e); e.CatchupWindow = 2 * time.Minute }, "* * * * *")
		w.files.put("b", "0 * * * *")
		w.start()
		w.pass(time.Second)
		w.stop()
		w.stepClock(100_000 * time.Minute) // 69 days, 10:40
		w.start()
		w.pass(time.Second)
		require.Equal(w.t, []string{"01:00 missed no_catchup x1666 to 10:00"}, w.outcomes("b"))
		require.Equal(w.t, []string{
			"00:01 missed outside_catchup_window x99995 to 10:35",
			"10:36 skipped superseded x3 to 10:38", "10:39 fired", "10:40 fired",
		}, w.outcomes("a"), "what is not too late gives way to the newest, what is in the window does not")
	})
}
