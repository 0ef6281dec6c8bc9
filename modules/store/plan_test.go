package store_test

import (
	"database/sql"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// No call grows with the history: every statement finds its rows of the large
// tables through an index. On the small tables of a test a scan would be as fast.
func TestStatementsUseIndexes(t *testing.T) {
	t.Parallel()
	clock := newClock()
	dir := t.TempDir()
	s := openOwner(t, store.Options{Dir: dir, Now: clock.Now})
	exercise(t, s, clock)
	conn := raw(t, dir)
	statements := s.Statements()
	require.Greater(t, len(statements), 60)
	for _, text := range statements {
		verb, _, _ := strings.Cut(text, " ")
		if verb == "pragma" || verb == "begin" || verb == "commit" || verb == "rollback" || verb == "savepoint" || verb == "release" {
			continue
		}
		for _, detail := range plan(t, conn, text) {
			require.NotRegexp(t, `^SCAN (runs|attempts|steps|occurrences)$`, detail, text)
		}
	}
}

func plan(t *testing.T, conn *sql.Conn, text string) (details []string) {
	t.Helper()
	args := make([]any, 30) // SQLite takes what it needs
	rows, err := conn.QueryContext(t.Context(), "explain query plan "+text, args...)
	require.NoError(t, err, text)
	defer func() { require.NoError(t, rows.Close()) }()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		require.NoError(t, rows.Scan(&id, &parent, &unused, &detail))
		details = append(details, detail)
	}
	require.NoError(t, rows.Err())
	return details
}

// exercise calls everything that a store has.
func exercise(t *testing.T, s *store.Store, clock *clock) {
	t.Helper()
	ctx := t.Context()
	entries := []store.Entry{{Kind: store.KindStart, Text: "* * * * *", Zone: "UTC"}}
	_, err := s.SyncSchedules(ctx, []store.ScheduleSet{{DAG: "d", Entries: entries}, {DAG: "e"}}, clock.Now())
	require.NoError(t, err)
	_, err = s.ActiveSchedules(ctx)
	require.NoError(t, err)
	_, err = s.Marks(ctx, []string{"d"})
	require.NoError(t, err)
	_, err = s.NewestMark(ctx)
	require.NoError(t, err)
	_, err = s.Admissible(ctx, store.Admission{Free: 1})
	require.NoError(t, err)
	require.NoError(t, s.Check(ctx))
	due := clock.Now().Truncate(time.Minute).Add(time.Minute)
	for i := range 3 {
		for range 2 {
			_, err = s.Decide(ctx, []store.Candidate{{DAG: "d", Kind: store.KindStart, Due: due.Add(time.Duration(i) * time.Minute), Entries: entries}},
				func(int, store.State) store.Verdict {
					if i > 0 {
						return store.Verdict{Outcome: store.OutcomeSkipped, Reason: store.ReasonOverlap}
					}
					run := newRun("d", "scheduled")
					return store.Verdict{Outcome: store.OutcomeFired, Run: &run}
				})
			require.NoError(t, err)
		}
	}
	require.NoError(t, s.Suspend(ctx, "d", clock.Now()))
	require.NoError(t, s.Resume(ctx, "d", clock.Now().Add(time.Second)))
	_, err = s.Suspensions(ctx)
	require.NoError(t, err)
	_, err = s.Reopen(ctx, clock.Now())
	require.NoError(t, err)
	require.NoError(t, s.SaveFiles(ctx, []store.File{{Path: "/d", DAG: "d", Hash: textHash}}))
	require.NoError(t, s.RemoveFiles(ctx, []string{"/d"}))
	_, err = s.Files(ctx)
	require.NoError(t, err)
	_, err = s.Text(ctx, textHash)
	require.NoError(t, err)

	enqueue(t, s, "d", 80)
	limit(t, s, map[string]int{"d": 5})
	run := admit(t, s, store.Admission{Free: 1})[0]
	limit(t, s, nil)
	admit(t, s, store.Admission{Free: 2})
	require.NoError(t, s.Unadmit(ctx, run.Ref()))
	run = admit(t, s, store.Admission{Free: 1})[0]
	steps := []store.Step{{Name: "a", Status: store.StepRunning}}
	require.NoError(t, s.Begin(ctx, run.Ref(), "", "", steps))
	require.NoError(t, s.SaveSteps(ctx, run.Ref(), steps))
	_, err = s.RequestStop(ctx, "d", run.ID)
	require.NoError(t, err)
	_, err = s.StopRequested(ctx)
	require.NoError(t, err)
	require.NoError(t, s.Finish(ctx, run.Ref(), store.Result{Status: store.StatusFailed}))
	run, err = s.Retry(ctx, run.ID)
	require.NoError(t, err)
	_, err = s.Interrupt(ctx, run.Ref(), cut())
	require.NoError(t, err)
	_, err = s.Interrupt(ctx, run.Ref(), cut())
	require.NoError(t, err)
	_, err = s.NextRetry(ctx)
	require.NoError(t, err)
	run, err = s.Retry(ctx, run.ID)
	require.NoError(t, err)
	_, err = s.RetryLater(ctx, run.Ref(), failed(), 0)
	require.NoError(t, err)
	_, err = s.RequestStop(ctx, "", run.ID)
	require.NoError(t, err)
	_, err = s.Requeue(ctx, run.ID, store.TriggerRetry)
	require.NoError(t, err)
	_, err = s.RequestStop(ctx, "d", "")
	require.NoError(t, err)
	run, err = s.StartNow(ctx, newRun("d", "now"))
	require.NoError(t, err)
	require.NoError(t, s.Finish(ctx, run.Ref(), store.Result{Status: store.StatusSucceeded}))
	kept := newRun("d", "kept by number")
	kept.RetainRuns = 2
	run, err = s.StartNow(ctx, kept)
	require.NoError(t, err)
	require.NoError(t, s.Finish(ctx, run.Ref(), failed()))
	kept.ID, kept.RetainDays, kept.RetainRuns = "kept by days", 3, 0
	run, err = s.StartNow(ctx, kept)
	require.NoError(t, err)
	require.NoError(t, s.Finish(ctx, run.Ref(), failed()))

	outer, err := s.StartNow(ctx, newRun("d", "outer"))
	require.NoError(t, err)
	inner, err := s.StartInside(ctx, outer.Ref(), newRun("d", "inner"))
	require.NoError(t, err)
	require.NoError(t, s.Finish(ctx, inner.Ref(), failed()))
	_, err = s.StartInside(ctx, outer.Ref(), newRun("d", "inner"))
	require.NoError(t, err)
	_, err = s.Children(ctx, "outer")
	require.NoError(t, err)
	_, err = s.Within(ctx, "outer", "inner")
	require.NoError(t, err)

	_, err = s.Runs(ctx, store.Filter{DAG: "d", Limit: 5})
	require.NoError(t, err)
	_, err = s.Runs(ctx, store.Filter{Statuses: []store.Status{store.StatusFailed}, Labels: []string{"x"}, From: due, To: due, IDPart: "x", Limit: 5})
	require.NoError(t, err)
	_, err = s.LastRuns(ctx)
	require.NoError(t, err)
	_, err = s.Steps(ctx, run.ID, 0)
	require.NoError(t, err)
	_, err = s.Attempts(ctx, run.ID)
	require.NoError(t, err)
	_, err = s.PauseQueue(ctx, "d")
	require.NoError(t, err)
	_, err = s.Queues(ctx)
	require.NoError(t, err)
	_, err = s.QueueRuns(ctx, "d", 5)
	require.NoError(t, err)
	_, err = s.Backlog(ctx)
	require.NoError(t, err)
	_, err = s.ResumeQueue(ctx, "d")
	require.NoError(t, err)
	_, _, err = s.Counts(ctx)
	require.NoError(t, err)
	_, err = s.Owned(ctx)
	require.NoError(t, err)
	_, err = s.SchedulerAlive(ctx)
	require.NoError(t, err)
	_, err = s.Occurrences(ctx, "d", time.Time{}, time.Time{}, 5)
	require.NoError(t, err)
	_, err = s.Occurrences(ctx, "", due, due, 5)
	require.NoError(t, err)
	_, err = s.Ledgers(ctx)
	require.NoError(t, err)
	_, err = s.Ledger(ctx, "d")
	require.NoError(t, err)
	dead, err := s.DeadOwners(ctx)
	require.NoError(t, err)
	require.Empty(t, dead)
	_, err = s.Expired(ctx, clock.Now(), 5)
	require.NoError(t, err)
	require.NoError(t, s.Forget(ctx, []string{run.ID}))
	require.NoError(t, s.Prune(ctx, clock.Now()))
}
