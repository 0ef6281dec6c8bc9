package scheduler_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/scheduler"
)

// watch returns a function that looks once a second for as long as it is told, and
// returns the first error and the last.
func (w *world) watch(o *scheduler.Overdue) func(time.Duration) (first, last error) {
	return func(d time.Duration) (first, last error) {
		w.t.Helper()
		for range int(d / time.Second) {
			w.pass(time.Second)
			last = o.Look(w.t.Context())
			if first == nil {
				first = last
			}
		}
		return first, last
	}
}

func newOverdue(w *world) *scheduler.Overdue {
	return scheduler.NewOverdue(w.files, w.store, w.wall, 30*time.Second)
}

func TestNothingIsOverdueWhileTheLoopTurns(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "* * * * *")
		w.files.put("b", "*/10 * * * *", "5 * * * *")
		w.start()
		look := w.watch(newOverdue(w))
		quiet := func(d time.Duration) {
			w.t.Helper()
			first, _ := look(d)
			require.NoError(w.t, first)
		}
		quiet(5 * time.Minute)
		require.NoError(w.t, w.store.Suspend(w.t.Context(), "a", w.wall()))
		quiet(2 * time.Minute)
		w.stepClock(40 * time.Minute)
		quiet(2 * time.Minute)
		w.stepClock(5 * time.Hour) // held back by the loop
		quiet(3 * time.Minute)
		w.stepClock(-time.Hour)
		quiet(3 * time.Minute)
		w.files.put("b", "*/2 * * * *")
		w.files.put("c", "* * * * *")
		quiet(3 * time.Minute)
		w.files.remove("c")
		quiet(2 * time.Minute)
		w.pass(time.Hour) // nobody looks for an hour: a process that was stopped
		quiet(time.Minute)
	})
}

func TestADueTimeWithoutOutcomeIsOverdue(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "* * * * *")
		w.files.put("b", "0 12 * * *")
		look := w.watch(newOverdue(w)) // and no loop
		first, _ := look(89 * time.Second)
		require.NoError(w.t, first, "the loop has its time")
		first, last := look(2 * time.Second)
		require.ErrorContains(w.t, first, "a was due at 2000-01-01T00:01:00Z and has no outcome")
		require.Error(w.t, last)
		_, last = look(10 * time.Minute)
		require.ErrorContains(w.t, last, "2000-01-01T00:01:00Z")
		w.start()
		_, last = look(time.Second)
		require.NoError(w.t, last, "well again at once")
		w.stop()
		w.files.remove("a")
		_, last = look(5 * time.Minute)
		require.NoError(w.t, last, "nothing is owed to what is gone")
	})
}

func TestADueTimeThatWaitsForTheStoreIsOverdue(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "* * * * *")
		w.start()
		look := w.watch(newOverdue(w))
		w.store.set(true, false)
		_, last := look(2 * time.Minute)
		require.Error(w.t, last)
		w.store.set(false, false)
		_, last = look(2 * time.Second)
		require.NoError(w.t, last)
	})
}

func (w *world) checkEntries() error {
	ctx, cancel := context.WithTimeout(w.t.Context(), 15*time.Second)
	defer cancel()
	return w.scheduler.CheckEntries(ctx)
}

func TestEveryScheduleIsPlanned(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "* * * * *")
		w.files.put("b", "0 12 * * *", "*/7 * * * *", "0 12 * * *")
		w.files.put("none")
		w.start()
		for range 20 {
			w.pass(17 * time.Second)
			require.NoError(w.t, w.checkEntries())
		}
		w.store.set(true, false)
		w.pass(10 * time.Minute)
		require.NoError(w.t, w.checkEntries(), "what waits for the store is planned all the same")
		w.store.set(false, false)
		w.files.remove("a")
		w.files.put("b", "0 13 * * *")
		require.NoError(w.t, w.checkEntries())
	})
}

func TestAScheduleThatIsNotPlannedIsTold(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "* * * * *")
		w.start()
		require.NoError(w.t, w.checkEntries())
		w.files.hide("b", "*/5 * * * *")
		require.ErrorContains(w.t, w.checkEntries(), `b is not planned for "*/5 * * * *"`)
		w.files.hide("b")
		w.files.hide("a", "0 * * * *")
		require.ErrorContains(w.t, w.checkEntries(), `a is not planned for "0 * * * *"`)
		w.files.put("a", "0 * * * *")
		w.files.put("b", "*/5 * * * *")
		require.NoError(w.t, w.checkEntries())
	})
}

func TestALoopThatDoesNotAnswerIsTold(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.start()
		require.NoError(w.t, w.checkEntries())
		require.NoError(w.t, w.scheduler.Stop(w.t.Context()))
		require.ErrorContains(w.t, w.checkEntries(), "did not say")
	})
}

func TestAMarkAheadOfTheClockIsTold(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		check := func() error { return scheduler.CheckMarks(w.t.Context(), w.store, w.wall) }
		require.NoError(w.t, check(), "there is no schedule")
		w.files.put("a", "* * * * *")
		w.start()
		w.pass(10 * time.Minute)
		require.NoError(w.t, check())
		w.stop()
		w.stepClock(-59 * time.Second)
		require.NoError(w.t, check())
		w.stepClock(-time.Hour)
		require.ErrorContains(w.t, check(), "ahead of the clock")
		w.stepClock(time.Hour)
		require.NoError(w.t, check())
	})
}
