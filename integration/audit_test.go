package integration_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	_ "modernc.org/sqlite" // the driver of another process

	"dagu/modules/store"
)

// past records three hours of a DAG that is due every half hour: the first fires, the
// next three are missed in one row, and so on.
func (h *home) past(dag string) {
	h.tb.Helper()
	ctx := h.tb.Context()
	s, err := store.New(store.Options{Dir: h.path("data")}, zap.NewNop())
	require.NoError(h.tb, err)
	require.NoError(h.tb, s.Start(ctx))
	defer func() { require.NoError(h.tb, s.Stop(context.WithoutCancel(ctx))) }()
	require.NoError(h.tb, s.PutTexts(ctx, []store.Text{{Hash: "hash", DAG: dag}}))

	begin := time.Now().Truncate(time.Hour).Add(-4 * time.Hour)
	entry := store.Entry{Kind: store.KindStart, Text: "*/30 * * * *", Zone: "UTC"}
	_, err = s.SyncSchedules(ctx, []store.ScheduleSet{{DAG: dag, Entries: []store.Entry{entry}}}, begin)
	require.NoError(h.tb, err)
	var batch []store.Candidate
	for i := range 6 {
		due := begin.Add(time.Duration(i+1) * 30 * time.Minute)
		batch = append(batch, store.Candidate{DAG: dag, Kind: store.KindStart, Due: due, Entries: []store.Entry{entry}})
	}
	_, err = s.Decide(ctx, batch, func(i int, _ store.State) store.Verdict {
		if i%4 > 0 {
			return store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonNoCatchup}
		}
		run := store.NewRun{
			ID: dag + batch[i].Due.Format("-150405"), DAG: dag, TextHash: "hash",
			Trigger: store.TriggerScheduler, Due: batch[i].Due, Queue: dag,
		}
		return store.Verdict{Outcome: store.OutcomeFired, Run: &run}
	})
	require.NoError(h.tb, err)
}

// change changes the database beside everybody.
func (h *home) change(statement string) {
	h.tb.Helper()
	db, err := sql.Open("sqlite", "file:"+h.path("data", "dagu.db")+"?_busy_timeout=5000")
	require.NoError(h.tb, err)
	defer func() { require.NoError(h.tb, db.Close()) }()
	_, err = db.ExecContext(h.tb.Context(), statement)
	require.NoError(h.tb, err)
}

// audited is what dagu schedule audit says to scripts.
type audited struct {
	Due, Fired, Skipped, Missed, Waiting int
	DAGs                                 []struct{ DAG, Kind string }
	Differences                          []struct{ DAG, Kind, Problem string }
	Count                                int `json:"difference_count"`
}

func (h *home) audit(args ...string) (audited, result) {
	h.tb.Helper()
	r := h.run(append([]string{"schedule", "audit", "--format", "json"}, args...)...)
	var a audited
	require.NoError(h.tb, json.Unmarshal([]byte(r.stdout), &a), r.stderr)
	return a, r
}

// What somebody changes in the database comes to light, and only that.
func TestAuditFindsWhatWasChanged(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.past("well")
	h.past("d")
	a, r := h.audit()
	require.Zero(t, r.code, r.stderr)
	require.Equal(t, []int{12, 4, 0, 8}, []int{a.Due, a.Fired, a.Skipped, a.Missed})
	require.GreaterOrEqual(t, a.Waiting, 4, "since the fourth hour before this one, half hours were due")
	require.Len(t, a.DAGs, 2)
	require.Empty(t, a.Differences)

	for _, mutant := range []struct{ name, change, undo, problem string }{
		{
			"a row is deleted",
			"create table kept as select * from occurrences where dag = 'd' and count = 3; delete from occurrences where dag = 'd' and count = 3",
			"insert into occurrences select * from kept",
			"missing",
		},
		{
			"a row counts one more",
			"update occurrences set count = 4 where dag = 'd' and count = 3",
			"update occurrences set count = 3 where dag = 'd' and count = 4",
			"miscounted",
		},
		{
			"an outcome is doubled",
			`insert into occurrences select dag, kind, due + 1, last + 1, count, 'skipped', 'overlap', '', decided
				from occurrences where dag = 'd' order by due limit 1`,
			"delete from occurrences where reason = 'overlap'",
			"extra",
		},
	} {
		h.change(mutant.change)
		a, r = h.audit()
		require.Equal(t, 1, r.code, mutant.name)
		require.Equal(t, 1, a.Count, mutant.name)
		require.Equal(t, "d", a.Differences[0].DAG, mutant.name)
		require.Equal(t, mutant.problem, a.Differences[0].Problem, mutant.name)
		_, r = h.audit("well")
		require.Zero(t, r.code, mutant.name)
		h.change(mutant.undo)
		_, r = h.audit()
		require.Zero(t, r.code, mutant.name)
	}
}
