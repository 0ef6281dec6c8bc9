package scheduler_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A DAG that goes in a downtime leaves due times of which nobody knows whether it was
// there. They wait for its return, and are missed when that is out of question.
func TestADAGThatIsRemovedForGood(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "0 * * * *", "0 */2 * * *")
		w.files.put("b", "0 * * * *")
		w.start()
		w.pass(90 * time.Minute)
		w.finish()
		w.stop()
		w.files.remove("a")
		w.stepClock(4 * time.Hour)
		w.start() // 05:30
		w.down(23*time.Hour + 55*time.Minute)
		require.Equal(w.t, []string{"01:00 fired"}, w.outcomes("a"), "it may come back")
		w.pass(20 * time.Minute)
		require.Equal(w.t, []string{"01:00 fired", "02:00 missed dag_absent x4 to 05:00"}, w.outcomes("a"))
		w.pass(20 * time.Minute)
		require.Len(w.t, w.outcomes("a"), 2, "once")
	})
}

// It comes back as a new one, after a start.
func TestADAGThatComesBackAsANewOne(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "0 * * * *")
		w.start()
		w.pass(90 * time.Minute)
		w.finish()
		w.stop()
		w.files.remove("a")
		w.stepClock(time.Hour)
		w.start() // 02:30
		w.stop()
		w.files.put("a", "0 * * * *")
		w.stepClock(25 * time.Hour)
		w.start() // 03:30 of the next day
		w.pass(time.Hour)
		require.Equal(w.t, []string{"01:00 fired", "02:00 missed dag_absent", "04:00 fired"}, w.outcomes("a"))
	})
}

// What is due at the instant at which it is found to be gone was due, as the audit counts.
func TestADAGIsDueUntilItIsFoundToBeGone(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "0 * * * *")
		w.start()
		w.pass(90 * time.Minute)
		w.finish()
		w.stop()
		w.files.remove("a")
		w.stepClock(210 * time.Minute)
		w.start() // 05:00
		w.down(24*time.Hour + 20*time.Minute)
		w.pass(time.Second)
		require.Equal(w.t, []string{"01:00 fired", "02:00 missed dag_absent x4 to 05:00"}, w.outcomes("a"))
	})
}
