package scheduler_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// Nothing fires twice after a step back, so what has fired puts off what is planned.
func TestAClockThatWentBackPutsOffWhatIsPlanned(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "* * * * *")
		w.start()
		for range 5 {
			w.pass(time.Minute)
			w.finish()
		}
		w.stepClock(-time.Hour)
		w.pass(time.Second)
		require.NoError(w.t, w.checkEntries())
		w.files.hide("a", "*/2 * * * *")
		require.ErrorContains(w.t, w.checkEntries(), "a is not planned")
	})
}

// The marks that are read to excuse a plan excuse no other than theirs.
func TestAPlanForAnotherTimeIsTold(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "* * * * *")
		w.start()
		w.pass(5 * time.Minute)
		later := w.wall().Add(10 * time.Minute)
		w.stop()
		_, err := w.store.Decide(w.t.Context(), []store.Candidate{{
			DAG: "a", Kind: store.KindStart, Due: later, Entries: []store.Entry{{Kind: store.KindStart, Text: "* * * * *", Zone: "UTC"}},
		}}, func(int, store.State) store.Verdict {
			return store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonNoCatchup}
		})
		require.NoError(w.t, err)
		w.store.keepAhead(true)
		w.start()
		require.NoError(w.t, w.checkEntries(), "it is planned for what follows its mark")
		_, err = w.store.Store.Reopen(w.t.Context(), w.wall())
		require.NoError(w.t, err)
		w.files.hide("a") // a new generation, without which nothing is compared again
		require.ErrorContains(w.t, w.checkEntries(), "a is planned for")
	})
}

func TestALoopThatHangsOverAQuestionIsTold(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.start()
		hold := make(chan struct{})
		w.pulse.holdAt(hold)
		done := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(w.t.Context(), 15*time.Second)
			defer cancel()
			done <- w.scheduler.CheckEntries(ctx)
		}()
		w.pass(16 * time.Second)
		late := len(done) == 0
		close(hold)
		err := <-done
		require.False(w.t, late, "the check outlives its context")
		require.ErrorContains(w.t, err, "did not say")
	})
}

// A file that is written again and again gives the loop no new time.
func TestAnEditDoesNotExcuseWhatIsOverdue(t *testing.T) {
	t.Parallel()
	for _, known := range []bool{true, false} {
		inWorld(t, func(w *world) {
			w.files.put("a", "* * * * *")
			if known { // else no mark of it is recorded
				w.start()
				w.stop()
			}
			look := w.watch(newOverdue(w))
			var last error
			for range 6 {
				_, last = look(20 * time.Second)
				w.files.put("a", "* * * * *")
			}
			require.ErrorContains(w.t, last, "a was due at 2000-01-01T00:01:00Z")
			w.files.put("a", "0 12 * * *")
			_, last = look(time.Second)
			require.NoError(w.t, last, "the schedule is another")
		})
	}
}

// Marks ahead of the clock are read before the loop takes them back, and so they
// are no excuse for what is due after that.
func TestMarksThatAreTakenBackLaterHideNothing(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.files.put("a", "*/10 * * * *")
		w.start()
		w.pass(61 * time.Minute) // the first fires, the others overlap
		w.stop()
		w.stepClock(-40 * time.Minute)
		look := w.watch(newOverdue(w))
		first, _ := look(5 * time.Second)
		require.NoError(w.t, first)
		w.start()
		first, _ = look(2 * time.Minute)
		require.NoError(w.t, first)
		w.stop() // at 00:23
		_, last := look(10 * time.Minute)
		require.ErrorContains(w.t, last, "a was due at 2000-01-01T00:30:00Z")
	})
}
