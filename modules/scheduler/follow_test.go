package scheduler_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
)

// A file that cannot be followed leaves the schedules that are known where they are.
func TestWhatIsKnownIsDueThoughAChangeIsNotRecorded(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "0 * * * *")
		w.start()
		w.store.refuseSync(true)
		w.files.put("b", "0 * * * *")
		w.pass(time.Hour)
		require.Equal(w.t, []string{"01:00 fired"}, w.outcomes("a"))
		require.Empty(w.t, w.outcomes("b"))
	})
}

// Another process followed a clock that went back and has come forward since; this one
// saw nothing of it, and plans anew from the marks that were taken back.
func TestMarksThatAnotherProcessTookBackAreFollowed(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "* * * * *")
		require.NoError(w.t, w.store.Suspend(w.t.Context(), "a", w.wall()))
		w.start()
		w.pass(3*time.Minute + 30*time.Second)
		require.Equal(w.t, []string{"00:01 skipped suspended x3 to 00:03"}, w.outcomes("a"))
		_, err := w.store.Store.Reopen(w.t.Context(), w.wall().Add(-2*time.Minute))
		require.NoError(w.t, err)
		w.pass(35 * time.Second)
		require.Equal(w.t, []string{"00:01 skipped suspended x4 to 00:04"}, w.outcomes("a"))
	})
}

func TestAChangedFileChangesItsOwnEntriesOnly(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "0 * * * *")
		w.files.put("b", "0 * * * *")
		w.start()
		require.ElementsMatch(w.t, []string{"a", "b"}, w.store.synced)
		w.files.put("b", "30 * * * *")
		w.pass(time.Minute)
		require.Equal(w.t, "b", w.store.synced[2])
		require.Len(w.t, w.store.synced, 3)
	})
}

// A file of which no good version is known has not lost its schedules: what was due
// waits until it is mended.
func TestABrokenFileEndsNoSchedule(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		window := func(e *catalog.Entry) { e.CatchupWindow = 10 * time.Hour }
		w.putWith("a", window, "0 * * * *")
		w.start()
		w.pass(time.Second)
		w.stop()
		w.files.set("a", &catalog.Entry{Name: "a"})
		w.stepClock(90 * time.Minute)
		w.start()
		names, err := w.store.ActiveSchedules(w.t.Context())
		require.NoError(w.t, err)
		require.Equal(w.t, []string{"a"}, names)
		require.Empty(w.t, w.outcomes("a"))
		w.putWith("a", window, "0 * * * *")
		require.Equal(w.t, []string{"01:00 fired"}, w.outcomes("a"))
	})
}

// What another scheduler that lives has in its directory is not gone.
func TestADAGOfAnotherDirectoryIsNotGone(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "0 * * * *")
		w.files.put("b", "0 * * * *")
		w.start()
		w.store.elsewhere = []string{"a"}
		w.files.remove("a")
		w.files.remove("b")
		names, err := w.store.ActiveSchedules(w.t.Context())
		require.NoError(w.t, err)
		require.Equal(w.t, []string{"a"}, names)
		w.pass(time.Hour)
		require.Empty(w.t, w.outcomes("a"), "it is not for this one to decide")
	})
}
