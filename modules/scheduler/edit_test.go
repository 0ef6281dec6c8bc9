package scheduler_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/store"
)

// What was due by a schedule until it was edited has its outcome, and nothing is
// due twice, whenever the edit is seen.
func TestAnEditedSchedule(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	for name, tt := range map[string]struct {
		before, after []string
		// edit goes from 00:59:50 until the edit is seen, by a scheduler that lives or is started then.
		edit func(w *world, put func())
		want []string
	}{
		"after its due time": {
			[]string{"0 * * * *"}, []string{"@hourly"}, func(w *world, put func()) {
				w.pass(30 * time.Second)
				put()
			}, []string{"01:00 fired", "02:00 fired"},
		},
		"at once with its due time": {
			[]string{"0 * * * *"}, []string{"@hourly"}, func(w *world, put func()) {
				w.stepClock(30 * time.Second)
				put()
			}, []string{"01:00 fired", "02:00 fired"},
		},
		"while the store is down": {
			[]string{"0 * * * *"}, []string{"@hourly"}, func(w *world, put func()) {
				w.store.set(true, false)
				w.pass(30 * time.Second)
				put()
				w.pass(minute)
				w.store.set(false, false)
				w.pass(2 * time.Second)
			}, []string{"01:00 fired", "02:00 fired"},
		},
		"before a start": {
			[]string{"0 * * * *"}, []string{"@hourly"}, func(w *world, put func()) {
				w.stop()
				w.pass(30 * time.Second)
				put()
				w.start()
			}, []string{"01:00 fired", "02:00 fired"},
		},
		"before a start that fails at first": {
			[]string{"0 * * * *"}, []string{"@hourly"}, func(w *world, put func()) {
				w.stop()
				w.pass(30 * time.Second)
				put()
				w.store.set(true, false)
				w.start()
				w.pass(10 * time.Second)
				w.store.set(false, false)
				w.pass(2 * time.Second)
			}, []string{"01:00 fired", "02:00 fired"},
		},
		"one of two, before a start": {
			[]string{"0 * * * *", "2 1 * * *"}, []string{"0 * * * *", "2 3 * * *"}, func(w *world, put func()) {
				w.stop()
				w.pass(3 * minute)
				put()
				w.start()
			}, []string{"01:00 skipped superseded", "01:02 fired", "02:00 fired"},
		},
		"during a long downtime": {
			[]string{"*/10 * * * *"}, []string{"30 * * * *"}, func(w *world, put func()) {
				w.stop()
				w.pass(35 * minute)
				put()
				w.start()
			}, []string{"01:00 missed no_catchup x3 to 01:20", "01:30 fired", "02:30 fired"},
		},
		"one of two, with catch-up": {
			[]string{"0 * * * *", "15 * * * *"}, []string{"0 * * * *", "45 * * * *"}, func(w *world, _ func()) {
				w.stop()
				w.pass(90 * minute)
				w.putWith("a", func(e *catalog.Entry) { all(e); e.CatchupWindow = 10 * time.Hour }, "0 * * * *", "45 * * * *")
				w.start()
			}, []string{"01:00 fired", "01:15 missed no_catchup", "02:00 fired", "02:15 missed no_catchup"},
		},
		"an instant that another schedule is due at, during a long downtime": {
			[]string{"0 * * * *", "2000-01-01T01:00:00Z"}, []string{"0 * * * *"}, func(w *world, put func()) {
				w.stop()
				w.pass(35 * minute)
				put()
				w.start()
			}, []string{"01:00 missed no_catchup", "02:00 fired"},
		},
		"reordered": {
			[]string{"0 * * * *", "30 * * * *"}, []string{"30 * * * *", "0 * * * *"}, func(w *world, put func()) {
				w.pass(30 * time.Second)
				put()
			}, []string{"01:00 fired", "01:30 fired", "02:00 fired"},
		},
		"and taken back": {
			[]string{"0 * * * *"}, []string{"0 * * * *"}, func(w *world, put func()) {
				w.files.put("a", "5 5 * * *")
				w.pass(30 * time.Second)
				put()
			}, []string{"01:00 fired", "02:00 fired"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, func(w *world) {
				w.files.put("a", tt.before...)
				w.start()
				w.pass(30 * minute)
				w.finish() // of what was due before
				w.pass(29*minute + 50*time.Second)
				before := len(w.outcomes("a"))
				w.finish()
				tt.edit(w, func() { w.files.put("a", tt.after...) })
				w.finish()
				for range 10 {
					if len(w.outcomes("a")) >= before+len(tt.want) {
						break
					}
					w.pass(10 * minute)
					w.finish()
				}
				require.Equal(w.t, tt.want, w.outcomes("a")[before:])
			})
		})
	}
}

// What was due by a schedule that went meanwhile is decided by the policies of its DAG.
func TestAnEditedScheduleHeedsThePolicies(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("busy", "0 * * * *")
		w.files.put("idle", "0 * * * *")
		once := at(w.t, dag.ScheduleStart, "2000-01-01T01:00:00Z")
		w.putWith("once", func(e *catalog.Entry) { e.Schedules = append(e.Schedules, once) })
		w.start()
		w.pass(30 * time.Minute)
		_, err := w.store.Enqueue(w.t.Context(), store.NewRun{ID: "hand", DAG: "busy", TextHash: "text", Trigger: store.TriggerManual, Queue: "busy"})
		require.NoError(w.t, err)
		w.stop()
		w.pass(31 * time.Minute)
		for _, name := range []string{"busy", "idle", "once"} {
			w.files.put(name, "30 * * * *")
		}
		w.start()
		require.Equal(w.t, []string{"01:00 skipped overlap"}, w.outcomes("busy"))
		require.Equal(w.t, []string{"01:00 fired"}, w.outcomes("idle"))
		require.Equal(w.t, []string{"01:00 fired"}, w.outcomes("once"), "an instant is a schedule too")
	})
}
