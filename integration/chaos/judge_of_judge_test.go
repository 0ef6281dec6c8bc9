package chaos_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// morning is when the matters below begin.
var morning = time.Date(2031, 5, 1, 8, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

func minutes(n int) time.Time { return morning.Add(time.Duration(n) * time.Minute) }

// sound is a matter in which all is well: a DAG was due at five minutes. Of the first
// two runs one was attempted twice, since its first process died; the others were
// skipped, missed, and missed. A third run was retried in vain, and a DAG was due once.
func sound() *matter {
	up := func(n int) time.Duration { return minutes(n).Sub(morning) }
	m := &matter{
		boot: morning, now: minutes(5).Add(time.Second),
		plans: map[string]plan{
			"d": {name: "d", queue: "d", limit: 1, tries: 2, again: true}, "e": {name: "e", queue: "e", limit: 1, tries: 1},
			"f": {name: "f", queue: "f", limit: 1, tries: 2, fails: true, wait: time.Minute, hopeless: true},
			"i": {name: "i", queue: "i", limit: 1, tries: 1, instants: true},
		},
		lives: []lived{{7, minutes(9), minutes(19)}, {8, minutes(19), minutes(30)}},
		given: []given{{"by-hand", true, false}, {"unheard", false, true}, {"in-vain", true, false}},
		history: &history{
			versions: []version{
				{dag: "d", kind: "start", spec: "* * * * *", zone: "UTC", from: morning, mark: minutes(5)},
				{dag: "i", kind: "start", spec: "2031-05-01T08:02:00Z", zone: "UTC", from: morning, mark: minutes(2)},
			},
			occurrences: []occurrence{
				{dag: "d", kind: "start", outcome: "fired", run: "one", due: minutes(1), last: minutes(1), count: 1},
				{dag: "d", kind: "start", outcome: "fired", run: "two", due: minutes(2), last: minutes(2), count: 1},
				{dag: "d", kind: "start", outcome: "skipped", reason: "overlap", due: minutes(3), last: minutes(3), count: 1},
				{dag: "d", kind: "start", outcome: "missed", reason: "no_catchup", due: minutes(4), last: minutes(5), count: 2},
				{dag: "i", kind: "start", outcome: "fired", run: "once", due: minutes(2), last: minutes(2), count: 1},
			},
			runs: map[string]run{
				"one":     {id: "one", dag: "d", cause: "scheduler", status: "succeeded", due: minutes(1), attempt: 1},
				"two":     {id: "two", dag: "d", cause: "scheduler", status: "succeeded", due: minutes(2), attempt: 2},
				"by-hand": {id: "by-hand", dag: "e", cause: "manual", status: "failed", reason: "worker_lost", attempt: 1},
				"in-vain": {id: "in-vain", dag: "f", cause: "manual", status: "failed", attempt: 2},
				"once":    {id: "once", dag: "i", cause: "catchup", status: "succeeded", due: minutes(2), attempt: 1},
			},
			attempts: []attempt{
				{run: "one", id: "1", owner: "x", status: "succeeded", number: 1, started: minutes(10), begun: minutes(10), finished: minutes(12)},
				{run: "two", id: "2", owner: "x", status: "failed", reason: "worker_lost", number: 1, started: minutes(12), begun: minutes(12), finished: minutes(20)},
				{run: "two", id: "3", owner: "y", status: "succeeded", number: 2, started: minutes(20), begun: minutes(20), finished: minutes(22)},
				{run: "by-hand", id: "4", owner: "x", status: "failed", reason: "worker_lost", number: 1, started: minutes(12), begun: minutes(12), finished: minutes(20)},
				{run: "in-vain", id: "5", owner: "x", status: "failed", number: 1, started: minutes(10), begun: minutes(10), finished: minutes(12)},
				{run: "in-vain", id: "6", owner: "x", status: "failed", number: 2, started: minutes(13), begun: minutes(13), finished: minutes(15)},
				{run: "once", id: "7", owner: "x", status: "succeeded", number: 1, started: minutes(10), begun: minutes(10), finished: minutes(12)},
			},
			steps: map[key]step{
				{"one", "1", "s"}: {"succeeded", minutes(10)},
				{"two", "2", "s"}: {"failed", minutes(12)},
				{"two", "3", "s"}: {"succeeded", minutes(20)},
				{"two", "3", "t"}: {"succeeded", minutes(12)}, // of the first attempt
			},
		},
		evidence: evidence{
			{"one", "1", "s"}:        {{"start", 7, up(10)}, {"alive", 7, up(11)}, {"end", 7, up(11)}},
			{"two", "2", "s"}:        {{"start", 7, up(13)}, {"alive", 0, up(19)}},
			{"two", "3", "s"}:        {{"start", 8, up(20)}, {"end", 8, up(21)}},
			{"by-hand", "4", "s"}:    {{"start", 7, up(13)}},
			{"in-vain", "5", "s"}:    {{"start", 7, up(10)}},
			{"in-vain", "6", "s"}:    {{"start", 7, up(13)}},
			{"in-vain", "6", failed}: {{"start", 7, up(14)}, {"end", 7, up(14)}},
		},
	}
	return m
}

// instantMissed has the one due time missed, without a run.
func (m *matter) instantMissed() {
	o := &m.occurrences[4]
	o.outcome, o.reason, o.run = "missed", "no_catchup", ""
	delete(m.runs, "once")
	m.attempts = slices.Delete(m.attempts, 6, 7)
}

// notRetried takes the second attempt from the run that is retried in vain.
func (m *matter) notRetried() {
	r := m.runs["in-vain"]
	r.attempt = 1
	m.runs["in-vain"] = r
	m.attempts = slices.Delete(m.attempts, 5, 6)
	delete(m.evidence, key{"in-vain", "6", "s"})
	delete(m.evidence, key{"in-vain", "6", failed})
}

// Each of these changes of a sound matter is found.
func TestJudge(t *testing.T) {
	t.Parallel()
	require.Empty(t, sound().judge())
	for what, change := range map[string]func(m *matter){
		"an outcome is gone":               func(m *matter) { m.occurrences = m.occurrences[1:] },
		"an outcome in the middle is gone": func(m *matter) { m.occurrences = slices.Delete(m.occurrences, 2, 3) },
		"the last outcome is gone":         func(m *matter) { m.occurrences = slices.Delete(m.occurrences, 3, 4) },
		"an outcome stands twice":          func(m *matter) { m.occurrences = slices.Insert(m.occurrences, 2, m.occurrences[1]) },
		"a row counts too much":            func(m *matter) { m.occurrences[3].count++ },
		"a row counts too little":          func(m *matter) { m.occurrences[3].count-- },
		"a row ends too early":             func(m *matter) { m.occurrences[3].last = minutes(4) },
		"a decision failed":                func(m *matter) { m.occurrences[3].reason = "internal_error" },
		"nobody decides any more":          func(m *matter) { m.now = minutes(7) },
		"an outcome of no schedule":        func(m *matter) { m.occurrences[0].dag = "e" },
		"a schedule was begun anew":        func(m *matter) { m.versions = append(m.versions, m.versions[0]) },
		"a zone that is not one":           func(m *matter) { m.versions[0].zone = "Nowhere" },
		"a schedule that is not one":       func(m *matter) { m.versions[0].spec = "x" },
		"a run is gone":                    func(m *matter) { delete(m.runs, "one") },
		"a run that nothing fired":         func(m *matter) { m.occurrences[1].outcome, m.occurrences[1].reason = "skipped", "overlap" },
		"a run that was fired twice":       func(m *matter) { m.occurrences[1].run = "one" },
		"a run of another time":            func(m *matter) { m.occurrences[1].due = minutes(1) },
		"a run that nobody asked for":      func(m *matter) { m.given = nil },
		"a run that was asked for is gone": func(m *matter) { delete(m.runs, "by-hand"); m.attempts = slices.Delete(m.attempts, 3, 4) },
		"a run that was done was lost":     func(m *matter) { m.given[0].ran = true },
		"a run that is open":               func(m *matter) { r := m.runs["one"]; r.status = "running"; m.runs["one"] = r },
		"a run without an attempt":         func(m *matter) { m.attempts = m.attempts[1:] },
		"a run without its policy's retry": func(m *matter) { m.attempts = slices.Delete(m.attempts, 2, 3) },
		"an attempt that no policy allows": func(m *matter) { p := m.plans["d"]; p.tries = 1; m.plans["d"] = p },
		"an attempt after a success":       func(m *matter) { m.attempts[1].status, m.attempts[1].reason = "succeeded", "" },
		"an attempt that failed":           func(m *matter) { m.attempts[0].status = "failed" },
		"an instant that was too old":      (*matter).instantMissed,
		"a retry that came too early":      func(m *matter) { m.attempts[5].started = minutes(12) },
		"a retry that nobody made":         (*matter).notRetried,
		"a handler before the last retry":  func(m *matter) { m.evidence[key{"in-vain", "5", failed}] = trace{{"start", 7, 11 * time.Minute}} },
		"a handler that did not run":       func(m *matter) { delete(m.evidence, key{"in-vain", "6", failed}) },
		"a success that cannot be":         func(m *matter) { m.attempts[5].status = "succeeded" },
		"a process that lived":             func(m *matter) { m.attempts[2].owner = "x" },
		"a process that lived longer":      func(m *matter) { m.lives[0].to = minutes(21) },
		"an owner is left":                 func(m *matter) { m.owners = 1 },
		"a step ran twice":                 func(m *matter) { k := key{"one", "1", "s"}; m.evidence[k] = append(m.evidence[k], m.evidence[k]...) },
		"a step did not run":               func(m *matter) { delete(m.evidence, key{"one", "1", "s"}) },
		"a step did not end":               func(m *matter) { k := key{"two", "3", "s"}; m.evidence[k] = m.evidence[k][:1] },
		"a step ran without a record":      func(m *matter) { m.evidence[key{"one", "9", "s"}] = trace{{"start", 7, time.Hour}} },
		"a step is recorded as idle":       func(m *matter) { m.steps[key{"one", "1", "s"}] = step{status: "not_started"} },
		"a step outlived its attempt":      func(m *matter) { m.attempts[0].finished = minutes(10) },
		"a step was before its attempt":    func(m *matter) { m.attempts[2].begun = minutes(21) },
		"a step was before the intent":     func(m *matter) { m.attempts[2].begun = time.Time{} },
		"a queue was too full":             func(m *matter) { m.evidence[key{"one", "1", "s"}][2].at = 14 * time.Minute },
		"the past was there in the retry":  func(m *matter) { m.evidence[key{"two", "2", "s"}][1].at = 21 * time.Minute },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			m := sound()
			change(m)
			findings := m.judge()
			require.NotEmpty(t, findings)
			t.Log(findings)
		})
	}
}

// What only the limits forbid is found by them.
func TestJudgeOfLimits(t *testing.T) {
	t.Parallel()
	m := sound()
	m.evidence[key{"two", "2", "s"}][1].at = 21 * time.Minute
	m.fullest = map[string]int{}
	m.judgeLimits()
	require.Equal(t, 2, m.fullest["d"])
	require.Len(t, m.findings, 1)
}
