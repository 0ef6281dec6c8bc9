package scheduler_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"dagu/modules/scheduler"
)

// values are all counters of the metrics, by name and labels.
func values(t *testing.T, m *scheduler.Metrics) map[string]float64 {
	t.Helper()
	r := prometheus.NewRegistry()
	for _, c := range m.Collectors() {
		require.NoError(t, r.Register(c))
	}
	families, err := r.Gather()
	require.NoError(t, err)
	list := map[string]float64{}
	for _, f := range families {
		for _, metric := range f.GetMetric() {
			key := f.GetName()
			for _, l := range metric.GetLabel() {
				key += " " + l.GetValue()
			}
			if metric.GetCounter() != nil {
				list[key] = metric.GetCounter().GetValue()
			}
		}
	}
	return list
}

// decided is the sum of all outcomes.
func decided(all map[string]float64) float64 {
	sum := 0.0
	for name, v := range all {
		if strings.HasPrefix(name, "dagu_due_times_decided_total") {
			sum += v
		}
	}
	return sum
}

// Every due time that was taken gets an outcome, and the difference is what waits
// for the store: while it is down, and after an answer of it was lost.
func TestTakenDueTimesAreConserved(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.metrics = scheduler.NewMetrics()
		w.files.put("a", "* * * * *")
		w.start()
		w.pass(2*time.Minute + time.Second) // fired, then skipped: nobody executes the run
		m := values(t, w.metrics)
		require.InDelta(t, 2, m["dagu_due_times_taken_total"], 0)
		require.InDelta(t, 1, m["dagu_due_times_decided_total fired none"], 0)
		require.InDelta(t, 1, m["dagu_due_times_decided_total skipped overlap"], 0)

		w.store.set(true, false)
		w.pass(time.Minute)
		m = values(t, w.metrics)
		require.InDelta(t, 3, m["dagu_due_times_taken_total"], 0)
		require.InDelta(t, 2, decided(m), 0, "one waits for the store")
		w.store.set(false, true) // recorded, and nobody hears of it
		w.pass(5 * time.Second)
		w.store.set(false, false)
		w.pass(5 * time.Second)
		m = values(t, w.metrics)
		require.InDelta(t, 3, m["dagu_due_times_taken_total"], 0)
		require.InDelta(t, 3, decided(m), 0)

		w.store.set(true, false)
		w.pass(time.Minute)
		w.stepClock(-30 * time.Second)
		w.pass(time.Second)
		m = values(t, w.metrics)
		require.InDelta(t, 4, m["dagu_due_times_taken_total"], 0)
		require.InDelta(t, 1, m["dagu_due_times_decided_total retaken clock"], 0, "the clock took it back")
		w.store.set(false, false)
		w.pass(time.Minute)
		m = values(t, w.metrics)
		require.InDelta(t, 5, m["dagu_due_times_taken_total"], 0)
		require.InDelta(t, 5, decided(m), 0)
	})
}

// A row of due times counts by its length, and steps of the clock by their direction.
func TestRowsAndClockStepsAreCounted(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.metrics = scheduler.NewMetrics()
		w.files.put("a", "* * * * *")
		w.start()
		w.pass(30 * time.Second)
		w.stepClock(30 * time.Minute)
		w.pass(5 * time.Second)
		m := values(t, w.metrics)
		require.InDelta(t, 30, m["dagu_due_times_taken_total"], 0)
		require.InDelta(t, 30, decided(m), 0)
		require.Greater(t, m["dagu_due_times_decided_total missed no_catchup"], 20.0)
		require.InDelta(t, 1, m["dagu_clock_steps_total forward"], 0)
		require.InDelta(t, 0, m["dagu_clock_steps_total backward"], 0)
		w.stepClock(-30 * time.Minute)
		w.pass(5 * time.Second)
		require.InDelta(t, 1, values(t, w.metrics)["dagu_clock_steps_total backward"], 0)
	})
}

// An operator reads what the clock did and what was done about it, once.
func TestStepsOfTheClockAreTold(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		told := func(message string) int { return w.logs.FilterMessage(message).Len() }
		w.files.put("a", "*/10 * * * *")
		w.start()
		w.pass(time.Minute)
		w.stepClock(306 * time.Minute)
		w.pass(30 * time.Second)
		require.Equal(w.t, 1, told("the wall clock was stepped"))
		require.Zero(w.t, told("the stepped clock is stable and followed from now on"))
		w.pass(time.Minute)
		require.Equal(w.t, 1, told("the stepped clock is stable and followed from now on"))
		require.Equal(w.t, 1, told("due time missed"), "one row")
		w.stepClock(-306 * time.Minute)
		w.pass(10 * time.Second)
		require.Equal(w.t, 2, told("the wall clock was stepped"))
		require.Equal(w.t, 1, told("marks ahead of the clock were taken back"))
	})
}
