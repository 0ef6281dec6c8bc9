package audit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/audit"
	"dagu/modules/store"
)

// at is a minute of the day on which the tests take place.
func at(hour, minute int) time.Time { return time.Date(2031, 5, 1, hour, minute, 0, 0, time.UTC) }

// version is a schedule first seen at midnight and decided up to the mark.
func version(text string, mark time.Time) store.Version {
	return store.Version{Entry: store.Entry{Kind: store.KindStart, Text: text, Zone: "UTC"}, From: at(0, 0), Mark: mark}
}

// fired is an outcome with its run.
func fired(due time.Time) store.Record {
	return store.Record{
		Occurrence: store.Occurrence{
			DAG: "d", Kind: store.KindStart, Due: due, Last: due, Count: 1,
			Outcome: store.OutcomeFired, RunID: "run", Decided: due,
		},
		RunKept: true, RunDue: due,
	}
}

// row is a row of missed due times.
func row(due, last time.Time, count int) store.Record {
	return store.Record{Occurrence: store.Occurrence{
		DAG: "d", Kind: store.KindStart, Due: due, Last: last, Count: count,
		Outcome: store.OutcomeMissed, Reason: store.ReasonNoCatchup, Decided: last,
	}}
}

// ledger is that of the noon of the day, of which nothing is forgotten.
func ledger(versions []store.Version, records ...store.Record) store.Ledger {
	return store.Ledger{DAG: "d", At: at(12, 0), Since: at(0, 0).AddDate(0, 0, -29), Versions: versions, Records: records}
}

// problems are the problems found, with the due times that they are about.
func problems(findings []audit.Finding) (list []string) {
	for _, f := range findings {
		text := string(f.Problem)
		if !f.Due.IsZero() {
			text += f.Due.Format(" 15:04")
		}
		if f.Count > 1 {
			text += f.Last.Format("-15:04")
		}
		list = append(list, text)
	}
	return list
}

func TestCompare(t *testing.T) {
	t.Parallel()
	hourly := []store.Version{version("@hourly", at(4, 0))}
	gone := version("@hourly", at(2, 0))
	gone.To = at(4, 30)
	long := gone
	long.From, long.To, long.Mark = gone.From.AddDate(0, 0, -2), gone.To.AddDate(0, 0, -2), gone.Mark.AddDate(0, 0, -2)
	with := func(r store.Record, change func(*store.Record)) store.Record {
		change(&r)
		return r
	}
	for name, test := range map[string]struct {
		ledger store.Ledger
		want   []string
		tally  audit.Tally
	}{
		"all is well": {
			ledger(hourly, fired(at(1, 0)), row(at(2, 0), at(3, 0), 2), fired(at(4, 0))), nil,
			audit.Tally{Due: 4, Fired: 2, Missed: 2, Waiting: 8},
		},
		"one is missing": {
			ledger(hourly, fired(at(1, 0)), fired(at(3, 0)), fired(at(4, 0))),
			[]string{"missing 02:00"},
			audit.Tally{Due: 4, Fired: 3, Waiting: 8},
		},
		"several are missing": {
			ledger(hourly, fired(at(2, 0))),
			[]string{"missing 01:00", "missing 03:00-04:00"},
			audit.Tally{Due: 4, Fired: 1, Waiting: 8},
		},
		"one is extra": {
			ledger(hourly, fired(at(1, 0)), fired(at(1, 30)), row(at(2, 0), at(4, 0), 3)),
			[]string{"extra 01:30"},
			audit.Tally{Due: 4, Fired: 2, Missed: 3, Waiting: 8},
		},
		"one behind the mark is extra": {
			ledger(hourly, row(at(1, 0), at(4, 0), 4), fired(at(5, 0))),
			[]string{"extra 05:00"},
			audit.Tally{Due: 4, Fired: 1, Missed: 4, Waiting: 8},
		},
		"a row counts too many": {
			ledger(hourly, row(at(1, 0), at(4, 0), 5)),
			[]string{"miscounted 01:00-04:00"},
			audit.Tally{Due: 4, Missed: 5, Waiting: 8},
		},
		"a row counts too few": {
			ledger(hourly, row(at(1, 0), at(4, 0), 3)),
			[]string{"miscounted 01:00-04:00"},
			audit.Tally{Due: 4, Missed: 3, Waiting: 8},
		},
		"a row begins when nothing is due": {
			ledger(hourly, row(at(0, 30), at(4, 0), 4)),
			[]string{"miscounted 00:30-04:00"},
			audit.Tally{Due: 4, Missed: 4, Waiting: 8},
		},
		"a row ends when nothing is due": {
			ledger(hourly, row(at(1, 0), at(4, 30), 4)),
			[]string{"miscounted 01:00-04:30"},
			audit.Tally{Due: 4, Missed: 4, Waiting: 8},
		},
		"one lies in a row": {
			ledger(hourly, row(at(1, 0), at(4, 0), 4), fired(at(3, 0))),
			[]string{"repeated 03:00"},
			audit.Tally{Due: 4, Fired: 1, Missed: 4, Waiting: 8},
		},
		"rows overlap": {
			ledger(hourly, row(at(1, 0), at(3, 0), 3), row(at(3, 0), at(4, 0), 2)),
			[]string{"repeated 03:00-04:00"},
			audit.Tally{Due: 4, Missed: 5, Waiting: 8},
		},
		"several schedules at one instant": {
			ledger([]store.Version{version("@hourly", at(2, 0)), version("0 */2 * * *", at(2, 0))}, row(at(1, 0), at(2, 0), 2)), nil,
			audit.Tally{Due: 2, Missed: 2, Waiting: 10},
		},
		"one schedule is behind the other": {
			ledger([]store.Version{version("30 * * * *", at(1, 30)), version("@hourly", at(4, 0))},
				fired(at(0, 30)), row(at(1, 0), at(4, 0), 5)), nil,
			audit.Tally{Due: 6, Fired: 1, Missed: 5, Waiting: 18},
		},
		"a schedule that is gone": {
			ledger([]store.Version{gone}, row(at(1, 0), at(2, 0), 2)), nil,
			audit.Tally{Due: 2, Missed: 2, Waiting: 2},
		},
		"a schedule that is gone for good": {
			ledger([]store.Version{long}),
			[]string{"missing 01:00-02:00", "abandoned 03:00-04:00"},
			audit.Tally{Due: 4},
		},
		"a schedule that is gone for good, beside one that is there": {
			ledger([]store.Version{{Entry: store.Entry{Kind: store.KindStart, Text: "0 3 29 4 *", Zone: "UTC"}, From: long.From, Mark: long.Mark}, long},
				row(long.Mark.Add(-time.Hour), long.Mark, 2)),
			[]string{"abandoned 04:00"},
			audit.Tally{Due: 3, Missed: 2, Waiting: 1},
		},
		"a schedule that another process knew longer": {
			ledger([]store.Version{{Entry: gone.Entry, From: gone.From, To: at(1, 30), Mark: at(3, 0)}}, row(at(1, 0), at(3, 0), 3)), nil,
			audit.Tally{Due: 3, Missed: 3},
		},
		"decided ahead of the clock": {
			ledger([]store.Version{version("@hourly", at(14, 0))}, row(at(1, 0), at(13, 0), 13), fired(at(14, 0))), nil,
			audit.Tally{Due: 14, Fired: 1, Missed: 13},
		},
		"a run is not there": {
			ledger(hourly, row(at(1, 0), at(3, 0), 3), with(fired(at(4, 0)), func(r *store.Record) { r.RunKept = false })),
			[]string{"no_run 04:00"},
			audit.Tally{Due: 4, Fired: 1, Missed: 3, Waiting: 8},
		},
		"a run may be forgotten": {
			ledger(hourly, row(at(1, 0), at(3, 0), 3), with(fired(at(4, 0)), func(r *store.Record) {
				r.RunKept, r.Decided = false, at(12, 0).AddDate(0, 0, -1)
			})), nil,
			audit.Tally{Due: 4, Fired: 1, Missed: 3, Waiting: 8, Forgotten: 1},
		},
		"a run is another's": {
			ledger(hourly, row(at(1, 0), at(3, 0), 3), with(fired(at(4, 0)), func(r *store.Record) { r.RunDue = at(3, 0) })),
			[]string{"wrong_run 04:00"},
			audit.Tally{Due: 4, Fired: 1, Missed: 3, Waiting: 8},
		},
		"a single instant": {
			ledger([]store.Version{version("2031-05-01T05:00:00+02:00", at(3, 0)), version("2031-05-01T07:00:00+02:00", at(0, 0))},
				fired(at(3, 0))), nil,
			audit.Tally{Due: 1, Fired: 1, Waiting: 1},
		},
		"a schedule is not understood": {
			ledger([]store.Version{version("@fortnightly", at(4, 0))}, fired(at(4, 0))),
			[]string{"unreadable"},
			audit.Tally{Fired: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := audit.Compare(test.ledger)
			require.Equal(t, test.want, problems(report.Findings), "%v", report.Findings)
			require.Len(t, report.Tallies, 1)
			got := report.Tallies[0]
			require.Equal(t, "d", got.DAG)
			require.Equal(t, store.KindStart, got.Kind)
			got.DAG, got.Kind, got.Reasons = "", "", nil
			require.Equal(t, test.tally, got)
		})
	}
}

// Nothing is said of what retention took, or may have taken, but of a row that
// reaches into the time since.
func TestCompareHeedsRetention(t *testing.T) {
	t.Parallel()
	l := ledger([]store.Version{version("@hourly", at(10, 0))}, row(at(6, 0), at(8, 0), 3), row(at(9, 0), at(10, 0), 2))
	l.Since = at(7, 30)
	report := audit.Compare(l)
	require.Empty(t, report.Findings)
	require.Equal(t, 5, report.Tallies[0].Due)
	require.Equal(t, map[store.Reason]int{store.ReasonNoCatchup: 5}, report.Tallies[0].Reasons)

	l.Records[0].Count = 4
	require.Equal(t, []string{"miscounted 06:00-08:00"}, problems(audit.Compare(l).Findings))
	l.Records = l.Records[1:]
	require.Equal(t, []string{"missing 08:00"}, problems(audit.Compare(l).Findings))
}

// Each kind stands for itself.
func TestCompareKinds(t *testing.T) {
	t.Parallel()
	start, stop, restart := version("0 1,2 * * *", at(2, 0)), version("0 2 * * *", at(2, 0)), version("30 1 * * *", at(1, 30))
	stop.Entry.Kind, restart.Entry.Kind = store.KindStop, store.KindRestart
	stopped, restarted := fired(at(2, 0)), fired(at(1, 30))
	stopped.Kind, restarted.Kind = store.KindStop, store.KindRestart
	stopped.RunID, stopped.RunKept, stopped.RunDue = "", false, time.Time{}
	l := ledger([]store.Version{start, stop, restart}, restarted, fired(at(1, 0)), fired(at(2, 0)), stopped)
	report := audit.Compare(l)
	require.Empty(t, report.Findings)
	require.Len(t, report.Tallies, 3)
	for i, kind := range []store.Kind{store.KindStart, store.KindStop, store.KindRestart} {
		require.Equal(t, kind, report.Tallies[i].Kind)
	}

	l.Records = l.Records[:3]
	report = audit.Compare(l)
	require.Equal(t, []string{"missing 02:00"}, problems(report.Findings))
	require.Equal(t, store.KindStop, report.Findings[0].Kind)
	l.Records = append(l.Records[1:], stopped)
	report = audit.Compare(l)
	require.Equal(t, []string{"missing 01:30"}, problems(report.Findings))
	require.Equal(t, store.KindRestart, report.Findings[0].Kind)
}

func TestCompareNamesStrayRuns(t *testing.T) {
	t.Parallel()
	l := ledger([]store.Version{version("@hourly", at(2, 0))}, fired(at(1, 0)), row(at(2, 0), at(2, 0), 1))
	l.Strays = []store.NewRun{{ID: "second", DAG: "d", Due: at(1, 0)}, {ID: "other", DAG: "d", Due: at(2, 0)}}
	findings := audit.Compare(l).Findings
	require.Equal(t, []string{"stray_run 01:00", "stray_run 02:00"}, problems(findings))
	require.Equal(t, "fired twice: run second is recorded beside run", findings[0].Detail)
	require.Equal(t, store.KindStart, findings[0].Kind)
	require.Equal(t, "run other is recorded, and no outcome names it", findings[1].Detail)
	require.Empty(t, findings[1].Kind)
}

// Due times are those of the schedule's zone: one in a gap moves, one in an overlap
// comes once.
func TestCompareFollowsTheZone(t *testing.T) {
	t.Parallel()
	v := version("30 2 * * *", at(0, 0))
	v.Entry.Zone = "Europe/Berlin"
	spring := time.Date(2031, 3, 30, 1, 0, 0, 0, time.UTC) // 03:00, as 02:30 does not exist
	v.From, v.Mark = spring.Add(-time.Hour), spring.AddDate(0, 0, 1)
	l := ledger([]store.Version{v}, fired(spring), fired(spring.AddDate(0, 0, 1).Add(-30*time.Minute)))
	l.At, l.Since = v.Mark, v.From
	require.Empty(t, audit.Compare(l).Findings)
	l.Records[0] = fired(spring.Add(30 * time.Minute))
	require.Len(t, audit.Compare(l).Findings, 2)
}

// years is two years of minutes in one row.
func years() store.Ledger {
	v := version("* * * * *", at(12, 0))
	v.From = v.From.AddDate(-2, 0, 0)
	return ledger([]store.Version{v}, row(v.From.Add(time.Minute), v.Mark, int(v.Mark.Sub(v.From)/time.Minute)))
}

func TestCompareCountsAMillion(t *testing.T) {
	t.Parallel()
	l := years()
	require.Greater(t, l.Records[0].Count, 1_000_000)
	report := audit.Compare(l)
	require.Empty(t, report.Findings)
	require.Equal(t, l.Records[0].Count, report.Tallies[0].Due)

	l.Records[0].Count++
	require.Len(t, audit.Compare(l).Findings, 1)
}

// BenchmarkCompare takes no memory for each due time.
func BenchmarkCompare(b *testing.B) {
	l := years()
	b.ReportAllocs()
	for b.Loop() {
		require.Empty(b, audit.Compare(l).Findings)
	}
}
