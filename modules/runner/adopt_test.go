package runner_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// executed writes what a life leaves behind that executed the record, and returns
// how often the step has run so far.
func executed(r *rig, rec store.Run) (ran func() int) {
	r.t.Helper()
	r.store.identity = "0000cafe"
	require.Equal(r.t, store.StatusSucceeded, r.await(r.execute(rec)).Status)
	return func() int {
		text, err := os.ReadFile(r.path("ran"))
		require.NoError(r.t, err)
		return strings.Count(string(text), "x")
	}
}

func (r *rig) account() string {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(filepath.Dir(r.dags), "logs", "job", "*", "dag-run.log"))
	require.NoError(r.t, err)
	require.Len(r.t, files, 1)
	return files[0]
}

// A run that the store says has not begun, while its account says that it has, was
// executed before the database was restored.
func TestRunOfAForgottenLifeIsAdopted(t *testing.T) {
	t.Parallel()
	later := func(rec store.Run) store.Run {
		rec.Started, rec.AttemptID, rec.Owner = rec.Started.Add(time.Hour), "another", "later"
		return rec
	}
	for name, tt := range map[string]struct {
		// edit changes the account, and again what is to be executed.
		edit   func(account string) string
		again  func(rec store.Run) store.Run
		status store.Status
		runs   int
	}{
		"ended": {again: later, status: store.StatusSucceeded, runs: 1},
		"cut off": {edit: func(account string) string {
			text, _, _ := strings.Cut(account, "step a: succeeded")
			return text
		}, again: later, status: store.StatusFailed, runs: 1},
		"of another database": {edit: func(account string) string {
			return strings.ReplaceAll(account, "0000cafe", "0000beef")
		}, again: later, status: store.StatusSucceeded, runs: 2},
		"not begun": {edit: func(string) string {
			return "2031-05-01T04:30:00.000Z warning: the store is slow\n2031-05-01T04:30:00.000Z run ended: aborted (shutdown) after 1s\n"
		}, again: later, status: store.StatusSucceeded, runs: 2},
		"next attempt": {again: func(rec store.Run) store.Run {
			rec.Attempt = 2
			return later(rec)
		}, status: store.StatusSucceeded, runs: 2},
		"due": {again: func(rec store.Run) store.Run {
			rec.Queued = rec.Queued.Add(time.Hour) // it was decided again
			return later(rec)
		}, status: store.StatusSucceeded, runs: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			rec := r.record(r.text("steps: [{name: a, run: 'echo x >> $DIR/ran'}]", "handler_on: {exit: {run: echo}}"))
			rec.Queued = time.Date(2031, 5, 1, 4, 30, 0, 5, time.UTC)
			if name == "due" {
				rec.Due = time.Date(2031, 5, 1, 4, 0, 0, 0, time.UTC)
			}
			ran := executed(r, rec)
			if tt.edit != nil {
				text, err := os.ReadFile(r.account())
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(r.account(), []byte(tt.edit(string(text))), 0o600))
			}

			result := r.await(r.execute(tt.again(rec)))

			require.Equal(t, tt.runs, ran())
			require.Equal(t, tt.status, result.Status, result.Error)
			if tt.runs == 2 {
				require.Empty(t, result.Reason)
				return
			}
			require.Equal(t, store.ReasonRecovered, result.Reason)
			require.Equal(t, []string{"begin", "finish", "adopt"}, r.store.outline())
			if tt.status == store.StatusFailed {
				require.Contains(t, result.Error, r.account())
			}
		})
	}
}

// Who starts a run by hand wants it to run.
func TestForegroundRunIsNotAdopted(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rec := r.record(r.text("steps: [{name: a, run: 'echo x >> $DIR/ran'}]"))
	ran := executed(r, rec)
	result, err := r.runner.Run(t.Context(), rec, nil)
	require.NoError(t, err)
	require.Empty(t, result.Reason)
	require.Equal(t, 2, ran())
}

// A line of the account may be longer than any buffer, and what a step said may
// look like one of ours.
func TestAccountWithLongLines(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rec := r.record(r.text("steps: [{name: a, run: 'echo x >> $DIR/ran'}]"))
	ran := executed(r, rec)
	file, err := os.OpenFile(r.account(), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = file.WriteString("now " + strings.Repeat("y", 1<<20) + " run ended: aborted\nnow run ended: exploded\n")
	require.NoError(t, err)
	require.NoError(t, file.Close())
	require.Equal(t, store.StatusSucceeded, r.await(r.execute(rec)).Status)
	require.Equal(t, 1, ran())
}
