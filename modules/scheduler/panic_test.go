package scheduler_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/schedule"
	"dagu/modules/scheduler"
)

// What is due when planning panics has an outcome of its own, also while its DAG is
// suspended, and the loop goes on.
func TestWhatAPanicKeepsFromBeingDecidedIsMissed(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.metrics = scheduler.NewMetrics()
		for _, name := range []string{"a", "broken", "suspended"} {
			w.files.put(name, "* * * * *")
		}
		require.NoError(w.t, w.store.Suspend(w.t.Context(), "suspended", w.wall()))
		w.start()
		w.pass(90 * time.Second)
		w.files.mu.Lock() // the loop takes it at its next turn, before it is asked for a time
		for _, name := range []string{"broken", "suspended"} {
			*w.files.entries[name].entry.Schedules[0].Spec = schedule.Schedule{} // has no zone, and panics when asked
		}
		w.files.mu.Unlock()
		w.pass(time.Minute)
		require.Equal(w.t, []string{"00:01 fired", "00:02 missed internal_error"}, w.outcomes("broken"))
		require.Equal(w.t, []string{"00:01 skipped suspended", "00:02 missed internal_error"}, w.outcomes("suspended"))
		require.Equal(w.t, []string{"00:01 fired", "00:02 skipped overlap"}, w.outcomes("a"))
		require.InDelta(w.t, 2, values(w.t, w.metrics)["dagu_scheduler_panics_total"], 0)
		require.Equal(w.t, 2, w.logs.FilterMessage("planning a DAG failed").Len())
	})
}
