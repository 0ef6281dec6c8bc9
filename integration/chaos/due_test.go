package chaos_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/schedule"
)

// schedule is what the version's text says.
func (v version) schedule(tb testing.TB) *schedule.Schedule {
	tb.Helper()
	s, err := schedule.Restore(v.spec, v.zone)
	require.NoError(tb, err)
	return s
}

// line are the due times of one kind of a DAG.
type line struct{ dag, kind string }

// due lists the due times that have to have an outcome, as the recorded versions of
// the schedules tell. A version that is there has to be decided until now.
func (m *matter) due() map[line]map[time.Time]bool {
	all := map[line]map[time.Time]bool{}
	for _, v := range m.versions {
		to := v.mark // it is ahead of the clock when that went back
		if v.to.IsZero() && m.now.After(to) {
			to = m.now
		}
		at := line{v.dag, v.kind}
		if all[at] == nil {
			all[at] = map[time.Time]bool{}
		}
		s, err := schedule.Restore(v.spec, v.zone)
		if err != nil {
			m.find("%s: schedule %q in zone %q: %v", v.dag, v.spec, v.zone, err)
			continue
		}
		for next := s.Next(v.from); !next.IsZero() && !next.After(to); next = s.Next(next) {
			all[at][next.UTC()] = true
		}
	}
	return all
}

// judgeDue finds due times without an outcome, or with two, and outcomes of what was
// not due.
func (m *matter) judgeDue() {
	due := m.due()
	rows := map[line][]occurrence{}
	for _, o := range m.occurrences {
		at := line{o.dag, o.kind}
		rows[at] = append(rows[at], o)
		if due[at] == nil {
			m.find("%s has an outcome at %s and never had a schedule", o.dag, o.due)
		}
		if o.reason == "internal_error" {
			m.find("%s at %s: %s %s", o.dag, o.due, o.outcome, o.reason)
		}
		if m.plans[o.dag].instants && o.outcome != "fired" {
			m.find("%s was due once at %s, and was %s %s", o.dag, o.due, o.outcome, o.reason)
		}
	}
	for at, times := range due {
		m.compare(at, slices.SortedFunc(maps.Keys(times), time.Time.Compare), rows[at])
	}
	m.judgeVersions()
}

// compare holds the rows of outcomes against the due times: each row stands for the
// next ones, as many as it says, and none is left.
func (m *matter) compare(at line, due []time.Time, rows []occurrence) {
	for _, o := range rows {
		for len(due) > 0 && due[0].Before(o.due) {
			m.find("%s was due at %s and has no outcome", at.dag, due[0])
			due = due[1:]
		}
		n := 0
		for n < len(due) && !due[n].After(o.last) {
			n++
		}
		if n != o.count || n == 0 || !due[0].Equal(o.due) || !due[n-1].Equal(o.last) {
			m.find("%s has %d times %s %s from %s to %s, where %d were due", at.dag, o.count, o.outcome, o.reason, o.due, o.last, n)
		}
		due = due[n:]
	}
	for _, d := range due {
		m.find("%s was due at %s and has no outcome", at.dag, d)
	}
}

// judgeVersions finds that a schedule which nobody touched was begun anew.
func (m *matter) judgeVersions() {
	count := map[[4]string]int{}
	for _, v := range m.versions {
		if v.dag != "edited" && v.dag != "gone" {
			count[[4]string{v.dag, v.kind, v.spec, v.zone}]++
		}
	}
	for entry, n := range count {
		if n > 1 {
			m.find("the schedule %v was never touched and has %d versions", entry, n)
		}
	}
}
