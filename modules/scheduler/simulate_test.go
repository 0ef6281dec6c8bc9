package scheduler_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag"
	"dagu/modules/scheduler"
	"dagu/modules/store"
)

func TestSimulate(t *testing.T) {
	t.Parallel()
	from := time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)
	for name, test := range map[string]struct {
		overlap  dag.Overlap
		window   time.Duration
		duration time.Duration
		down     bool
		want     scheduler.Sums
	}{
		"short":  {dag.OverlapSkip, 0, 9 * time.Minute, false, scheduler.Sums{Fired: 6}},
		"skip":   {dag.OverlapSkip, 0, 15 * time.Minute, false, scheduler.Sums{Fired: 3, Skipped: 3, Reasons: map[store.Reason]int{store.ReasonOverlap: 3}}},
		"all":    {dag.OverlapAll, 0, 15 * time.Minute, false, scheduler.Sums{Fired: 6, Queued: 2}},
		"latest": {dag.OverlapLatest, 0, 25 * time.Minute, false, scheduler.Sums{Fired: 4, Skipped: 2, Reasons: map[store.Reason]int{store.ReasonSuperseded: 2}, Queued: 1}},
		"no catch-up": {dag.OverlapAll, 0, 0, true, scheduler.Sums{
			Fired: 1, Missed: 5, Reasons: map[store.Reason]int{store.ReasonNoCatchup: 5},
		}},
		"catch-up": {dag.OverlapAll, 25 * time.Minute, time.Minute, true, scheduler.Sums{
			Fired: 3, Missed: 3, Reasons: map[store.Reason]int{store.ReasonOutsideWindow: 3}, Queued: 2,
		}},
		"catch-up without a pause": {dag.OverlapSkip, 25 * time.Minute, 0, true, scheduler.Sums{
			Fired: 3, Missed: 3, Reasons: map[store.Reason]int{store.ReasonOutsideWindow: 3},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := scheduler.WithOverlap(scheduled(t, "d", "*/10 * * * *"), test.overlap)
			e.CatchupWindow = test.window
			got := scheduler.Simulate(e, scheduler.Made{
				From: from, To: from.Add(time.Hour), Duration: test.duration, MisfireThreshold: 5 * time.Minute, Down: test.down,
			})
			if test.want.Reasons == nil {
				test.want.Reasons = map[store.Reason]int{}
			}
			require.Equal(t, test.want, got)
		})
	}
}

// A stop ends what ran before it was due, and a restart of what is idle starts it.
func TestSimulateStops(t *testing.T) {
	t.Parallel()
	from := time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)
	e := scheduled(t, "d", "0 * * * *", "30 * * * *", "45 * * * *")
	e.Schedules[1].Kind, e.Schedules[2].Kind = dag.ScheduleStop, dag.ScheduleRestart
	m := scheduler.Made{From: from, To: from.Add(2 * time.Hour), Duration: 70 * time.Minute, MisfireThreshold: time.Minute}
	// 12:30 idle, 12:45 starts, 13:00 overlaps, 13:30 stops, 13:45 starts, 14:00 overlaps.
	require.Equal(t, scheduler.Sums{
		Fired: 3, Skipped: 3, Reasons: map[store.Reason]int{store.ReasonIdle: 1, store.ReasonOverlap: 2},
	}, scheduler.Simulate(e, m))

	// Back at 13:31, the start of 13:00 is caught up, and the stop of 13:30 leaves it alone.
	e.CatchupWindow, m.Down, m.To = time.Hour, true, from.Add(91*time.Minute)
	require.Equal(t, scheduler.Sums{
		Fired: 1, Skipped: 1, Missed: 2, Reasons: map[store.Reason]int{store.ReasonIdle: 1, store.ReasonNoCatchup: 2},
	}, scheduler.Simulate(e, m))
}

// The restart of 12:45 waits behind a start that waited before it, until that of 12:55
// takes its place; a later start does not.
func TestSimulateRestartsThatWait(t *testing.T) {
	t.Parallel()
	from := time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)
	e := scheduled(t, "d", "10,20,30,50 * * * *", "45,55 * * * *")
	e.Schedules[1].Kind = dag.ScheduleRestart
	m := scheduler.Made{From: from, To: from.Add(time.Hour - time.Minute), Duration: 70 * time.Minute, MisfireThreshold: time.Minute}
	require.Equal(t, scheduler.Sums{
		Fired: 5, Skipped: 1, Reasons: map[store.Reason]int{store.ReasonSuperseded: 1}, Queued: 3,
	}, scheduler.Simulate(scheduler.WithOverlap(e, dag.OverlapAll), m))
	require.Equal(t, scheduler.Sums{
		Fired: 4, Skipped: 2, Reasons: map[store.Reason]int{store.ReasonSuperseded: 2}, Queued: 2,
	}, scheduler.Simulate(scheduler.WithOverlap(e, dag.OverlapLatest), m), "start of 12:20, restart of 12:45")
}
