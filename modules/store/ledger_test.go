package store_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/audit"
	"dagu/modules/store"
)

// auditOf compares what is recorded of d with what was due.
func auditOf(t *testing.T, s *store.Store) audit.Report {
	t.Helper()
	l, err := s.Ledger(t.Context(), "d")
	require.NoError(t, err)
	return audit.Compare(l)
}

// problemsOf are the kinds of differences found.
func problemsOf(report audit.Report) (list []audit.Problem) {
	for _, f := range report.Findings {
		list = append(list, f.Problem)
	}
	return list
}

// history decides six hours of d, in which each schedule has known better days: what
// fires alternates with rows of what is missed.
func history(t *testing.T, s *store.Store, clock *clock) {
	t.Helper()
	sync1(t, s, clock.Now(), "d", "0 * * * *", "*/10 * * * *")
	list := []store.Candidate{}
	for i := range 36 {
		due := noon().Add(time.Duration(i+1) * 10 * time.Minute)
		c := candidate("d", due, "*/10 * * * *")
		if due.Minute() == 0 {
			c.Entries = append(c.Entries, entry("0 * * * *"))
		}
		list = append(list, c)
	}
	clock.Step(6 * time.Hour)
	_, err := s.Decide(t.Context(), list, func(i int, _ store.State) store.Verdict {
		if i%6 == 0 {
			return fire("d", list[i].Due)
		}
		return missed()
	})
	require.NoError(t, err)
}

func TestLedger(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	history(t, s, clock)
	sync1(t, s, clock.Now(), "e", "0 * * * *")
	names, err := s.Ledgers(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"d", "e"}, names)

	l, err := s.Ledger(t.Context(), "d")
	require.NoError(t, err)
	require.Equal(t, clock.Now(), l.At)
	require.Equal(t, clock.Now().AddDate(0, 0, -29), l.Since)
	require.Len(t, l.Versions, 2)
	require.Equal(t, noon().Add(6*time.Hour), l.Versions[1].Mark)
	require.Len(t, l.Records, 12)
	require.True(t, l.Records[0].RunKept)
	require.Equal(t, l.Records[0].Due, l.Records[0].RunDue)
	require.False(t, l.Records[1].RunKept)
	require.Equal(t, 5, l.Records[1].Count)
	require.Empty(t, l.Strays)
	require.Empty(t, audit.Compare(l).Findings)

	none, err := s.Ledger(t.Context(), "none")
	require.NoError(t, err)
	require.Empty(t, audit.Compare(none))
}

// Whatever is changed by hand is found.
func TestAuditFindsMutants(t *testing.T) {
	t.Parallel()
	const (
		fired    = " where due = (select due from occurrences where outcome = 'fired' order by due limit 1 offset 2)"
		missed   = " where due = (select due from occurrences where outcome = 'missed' order by due limit 1 offset 2)"
		tenth    = "600000000000" // minutes, in nanoseconds
		columns  = "dag, kind, due, last, count, outcome, reason, run_id, decided"
		ofRuns   = "dag, text_hash, cause, due, queue, priority, params, labels, retain_days, retry_interrupted, turn, queued, status"
		openRuns = "dag, text_hash, cause, due, queue, priority, params, labels, retain_days, retry_interrupted, turn, queued, 'queued'"
	)
	for name, test := range map[string]struct {
		change string
		want   []audit.Problem
	}{
		"nothing":               {"delete from occurrences where dag = 'none'", nil},
		"what fired is deleted": {"delete from occurrences" + fired, []audit.Problem{audit.Missing, audit.StrayRun}},
		"a row is deleted":      {"delete from occurrences" + missed, []audit.Problem{audit.Missing}},
		"all is deleted": {
			"delete from occurrences",
			append([]audit.Problem{audit.Missing}, slices.Repeat([]audit.Problem{audit.StrayRun}, 6)...),
		},
		"a row counts one more":      {"update occurrences set count = count + 1" + missed, []audit.Problem{audit.Miscounted}},
		"a row counts one less":      {"update occurrences set count = count - 1" + missed, []audit.Problem{audit.Miscounted}},
		"a row ends later":           {"update occurrences set last = last + 60000000000" + missed, []audit.Problem{audit.Miscounted}},
		"a row reaches into another": {"update occurrences set last = last + " + tenth + ", count = count + 1" + missed, []audit.Problem{audit.Repeated}},
		"a row loses its end":        {"update occurrences set last = last - " + tenth + ", count = count - 1" + missed, []audit.Problem{audit.Missing}},
		"what fired is moved": {
			"update occurrences set due = due + 1, last = last + 1" + fired,
			[]audit.Problem{audit.Missing, audit.Extra, audit.WrongRun, audit.StrayRun},
		},
		"an outcome is made twice": {
			"insert into occurrences (" + columns + ") select dag, kind, due + 1, last + 1, count, outcome, reason, run_id, decided from occurrences" + fired,
			[]audit.Problem{audit.Extra, audit.WrongRun},
		},
		"an outcome of another kind": {
			"insert into occurrences (" + columns + ") select dag, 'stop', due, last, count, outcome, reason, run_id, decided from occurrences" + fired,
			[]audit.Problem{audit.Extra},
		},
		"an outcome lies in a row": {
			"insert into occurrences (" + columns + ") select dag, kind, due + " + tenth + ", due + " + tenth +
				", 1, 'skipped', 'overlap', '', decided from occurrences" + missed,
			[]audit.Problem{audit.Repeated},
		},
		"a run is deleted":       {"delete from runs" + fired, []audit.Problem{audit.NoRun}},
		"a run is another DAG's": {"update runs set dag = 'x'" + fired, []audit.Problem{audit.NoRun}},
		"a run is queued twice": {
			"insert into runs (id, " + ofRuns + ") select id || '-again', " + openRuns + " from runs" + fired,
			[]audit.Problem{audit.StrayRun},
		},
		"a mark is moved":              {"update schedules set mark = mark + 1800000000000 where spec = '*/10 * * * *'", []audit.Problem{audit.Missing}},
		"a mark is moved back":         {"update schedules set mark = mark - 1", []audit.Problem{audit.Miscounted}},
		"a schedule is deleted":        {"delete from schedules", slices.Repeat([]audit.Problem{audit.Extra}, 12)},
		"a schedule is another":        {"update schedules set spec = '15 13 * * *' where spec = '0 * * * *'", []audit.Problem{audit.Missing}},
		"a schedule is not a schedule": {"update schedules set spec = 'x' where spec = '0 * * * *'", []audit.Problem{audit.Unreadable}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			clock, dir := newClock(), t.TempDir()
			s := openOwner(t, store.Options{Dir: dir, Now: clock.Now})
			history(t, s, clock)
			_, err := raw(t, dir).ExecContext(t.Context(), test.change)
			require.NoError(t, err)
			report := auditOf(t, s)
			require.Equal(t, test.want, problemsOf(report), "%+v", report.Findings)
		})
	}
}

// A schedule that was gone and came back, a clock that went back, retention: none of
// it makes a difference.
func TestAuditKnowsWhatMayBe(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now, KeepOccurrences: 30 * time.Hour})
	history(t, s, clock)

	// Gone, while the other goes on; then back, and decided late.
	sync1(t, s, clock.Now(), "d", "0 * * * *")
	decide(t, s, candidate("d", noon().Add(7*time.Hour), "0 * * * *"), fire("d", noon().Add(7*time.Hour)))
	require.Empty(t, auditOf(t, s).Findings, "what is gone has waited")
	now := clock.Step(90 * time.Minute)
	sync1(t, s, now, "d", "0 * * * *", "*/10 * * * *")
	late := candidate("d", noon().Add(370*time.Minute), "*/10 * * * *")
	late.Last, late.Count = noon().Add(430*time.Minute), 6
	decide(t, s, late, missed())
	report := auditOf(t, s)
	require.Empty(t, report.Findings)
	require.Equal(t, 43, report.Tallies[0].Due)
	require.Equal(t, 2, report.Tallies[0].Waiting, "19:20 and 19:30")

	// The clock goes back: what was missed since is due again.
	now = clock.Step(-3 * time.Hour)
	n, err := s.Reopen(t.Context(), now)
	require.NoError(t, err)
	require.Positive(t, n)
	require.Empty(t, auditOf(t, s).Findings, "reopened")

	// Retention takes what is old, and of a row only all or nothing.
	for hours := range 30 {
		now = clock.Step(time.Hour)
		require.NoError(t, s.Prune(t.Context(), now))
		require.Empty(t, auditOf(t, s).Findings, "after %d hours", hours)
	}
}

// A row of outcomes outlives the schedules that it stands for, which are kept for it.
func TestRetentionKeepsWhatARowIsCountedBy(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now, KeepOccurrences: 30 * time.Hour})
	sync1(t, s, clock.Now(), "d", "*/20 * * * *")
	first := candidate("d", noon().Add(20*time.Minute), "*/20 * * * *")
	first.Last, first.Count = noon().Add(2*time.Hour), 6
	decide(t, s, first, missed())
	clock.Step(2 * time.Hour)
	sync1(t, s, clock.Now(), "d", "0 * * * *")
	second := candidate("d", noon().Add(3*time.Hour), "0 * * * *")
	second.Last, second.Count = noon().Add(40*time.Hour), 38
	decide(t, s, second, missed())
	require.Len(t, occurrences(t, s, "d"), 1)

	clock.Step(50 * time.Hour)
	require.NoError(t, s.Prune(t.Context(), clock.Now()))
	report := auditOf(t, s)
	require.Empty(t, report.Findings)
	require.Equal(t, 44, report.Tallies[0].Due)

	clock.Step(50 * time.Hour)
	require.NoError(t, s.Prune(t.Context(), clock.Now()))
	l, err := s.Ledger(t.Context(), "d")
	require.NoError(t, err)
	require.Len(t, l.Versions, 1, "the schedule went with the row")
	require.Empty(t, l.Records)
}

// A ledger is of one moment, also while a scheduler decides.
func TestLedgerIsOfOneMoment(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	sync1(t, s, clock.Now(), "d", "* * * * *")
	done := make(chan error, 1)
	go func() {
		for i := range 300 {
			due := noon().Add(time.Duration(i+1) * time.Minute)
			verdict := missed()
			if i%3 == 0 {
				verdict = fire("d", due)
			}
			_, err := s.Decide(t.Context(), []store.Candidate{candidate("d", due, "* * * * *")}, func(int, store.State) store.Verdict { return verdict })
			if err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	for {
		select {
		case err := <-done:
			require.NoError(t, err)
			return
		default:
			require.Empty(t, auditOf(t, s).Findings)
		}
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	clock, dir := newClock(), t.TempDir()
	s := openOwner(t, store.Options{Dir: dir, Now: clock.Now})
	history(t, s, clock)

	// Beside a process that writes, and alone.
	reader := open(t, store.Options{Dir: dir, Now: clock.Now, ReadOnly: true})
	require.Empty(t, auditOf(t, reader).Findings)
	require.ErrorIs(t, reader.Suspend(t.Context(), "d", clock.Now()), store.ErrReadOnly)
	require.ErrorIs(t, reader.Check(t.Context()), store.ErrReadOnly)
	_, err := reader.Own(t.Context(), store.RoleOneShot)
	require.ErrorIs(t, err, store.ErrReadOnly)
	require.NoError(t, s.Stop(t.Context()))
	file := filepath.Join(dir, "dagu.db")
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Len(t, auditOf(t, open(t, store.Options{Dir: dir, Now: clock.Now, ReadOnly: true})).Tallies, 1)
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestReadOnlyMakesNothing(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	s, err := store.New(store.Options{Dir: dir, ReadOnly: true}, nil)
	require.NoError(t, err)
	require.ErrorIs(t, s.Start(t.Context()), fs.ErrNotExist)
	require.NoDirExists(t, dir)
	require.NoError(t, s.Stop(t.Context()))

	// An older schema is left as it is.
	old := t.TempDir()
	openOwner(t, store.Options{Dir: old})
	_, err = raw(t, old).ExecContext(t.Context(), "delete from goose_db_version where version_id > 1")
	require.NoError(t, err)
	s, err = store.New(store.Options{Dir: old, ReadOnly: true}, nil)
	require.NoError(t, err)
	err = s.Start(t.Context())
	require.ErrorContains(t, err, "schema version 1, made by an older dagu")
	require.False(t, errors.Is(err, fs.ErrNotExist))
	require.NoError(t, s.Stop(t.Context()))
}
