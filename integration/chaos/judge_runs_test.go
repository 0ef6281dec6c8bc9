package chaos_test

import (
	"slices"
	"time"
)

// scheduled tells that a due time caused the run.
func (r run) scheduled() bool { return r.cause == "scheduler" || r.cause == "catchup" }

// judgeFired finds due times that fired without a run, or one run for two of them,
// and runs that no due time fired. A run whose place a later one took says so, and so
// does its due time.
func (m *matter) judgeFired() {
	fired := map[string]int{}
	for _, o := range m.occurrences {
		if o.outcome != "fired" || o.kind == "stop" {
			continue
		}
		fired[o.run]++
		r, ok := m.runs[o.run]
		if !ok || r.dag != o.dag || !r.due.Equal(o.due) || !r.scheduled() || r.superseded() {
			m.find("%s at %s fired, and its run %q is %+v", o.dag, o.due, o.run, r)
		}
	}
	for id, r := range m.runs {
		if r.scheduled() && !r.superseded() && fired[id] != 1 {
			m.find("run %s of %s, due at %s, was fired %d times", id, r.dag, r.due, fired[id])
		}
	}
}

func (r run) superseded() bool { return r.status == "aborted" && r.reason == "superseded" }

// interrupted tells that an attempt was cut short by the end of its process.
func (a attempt) interrupted() bool {
	return a.status == "failed" && a.reason == "worker_lost" || a.status == "aborted" && a.reason == "shutdown"
}

// judgeRuns finds runs that are open, or were attempted more often than their policy says.
func (m *matter) judgeRuns() {
	attempts := map[string][]attempt{}
	for _, a := range m.attempts {
		attempts[a.run] = append(attempts[a.run], a)
	}
	for id, r := range m.runs {
		list, p := attempts[id], m.plans[r.dag]
		stopped := r.status == "aborted" && r.reason == "stopped" && (p.stops || r.dag == "manual")
		if len(list) == 0 && (r.superseded() || stopped) {
			continue
		}
		if len(list) == 0 || len(list) > p.tries || len(list) != r.attempt || r.superseded() {
			m.find("run %s of %s is %s %s after %d attempts, of which %d are recorded", id, r.dag, r.status, r.reason, r.attempt, len(list))
			continue
		}
		m.judgeAttempts(r, p, list)
		last := list[len(list)-1]
		poison := r.status == "failed" && r.reason == "poison" && last.interrupted()
		if last.status != r.status && !poison && !stopped || last.interrupted() && p.again && len(list) < 2 && !stopped {
			m.find("run %s of %s is %s %s, and its attempt %d of %d was %s %s", id, r.dag, r.status, r.reason, last.number, p.tries, last.status, last.reason)
		}
	}
}

// judgeAttempts finds attempts that ended as they must not.
func (m *matter) judgeAttempts(r run, p plan, list []attempt) {
	for i, a := range list {
		last := i == len(list)-1
		well := a.interrupted() || last && a.status == "succeeded" && !p.hopeless ||
			a.status == "failed" && (!last && p.fails || last && p.hopeless && a.number == p.tries) ||
			last && a.status == "aborted" && a.reason == "stopped" && (p.stops || r.dag == "manual")
		if a.number != i+1 || !well {
			m.find("run %s of %s: attempt %d, the %dth of %d, ended %s %s", r.id, r.dag, a.number, i+1, len(list), a.status, a.reason)
		}
		if i > 0 && !list[i-1].interrupted() {
			m.judgePause(r, list[i-1].finished.Add(p.wait), a.started)
		}
		handled := m.evidence[key{r.id, a.id, failed}].count("start")
		if final := a.number == p.tries; handled > 0 && !final || handled == 0 && final && p.hopeless && !a.interrupted() {
			m.find("run %s of %s: the failure handler ran %d times after attempt %d of %d", r.id, r.dag, handled, a.number, p.tries)
		}
	}
}

// judgePause finds a retry that came before its policy says.
func (m *matter) judgePause(r run, from, started time.Time) {
	if started.Before(from.Add(-slack)) {
		m.find("run %s of %s was retried at %s, which was to be from %s on", r.id, r.dag, started, from)
	}
}

// judgeGiven finds runs that were enqueued by hand and lost, or never asked for.
func (m *matter) judgeGiven() {
	for _, g := range m.given {
		r, ok := m.runs[g.id]
		if g.acked && (!ok || g.ran && r.status != "succeeded") {
			m.find("run %s was asked for and done, and is %s", g.id, r.status)
		}
	}
	for id, r := range m.runs {
		if !r.scheduled() && !slices.ContainsFunc(m.given, func(g given) bool { return g.id == id }) {
			m.find("run %s of %s was never asked for", id, r.dag)
		}
	}
}

// judgeLost finds an attempt that was closed as that of a dead process although the
// one that started its steps lived.
func (m *matter) judgeLost(lost attempt) {
	for k, t := range m.evidence {
		if k.run != lost.run || k.attempt != lost.id {
			continue
		}
		for _, l := range m.lives {
			if l.pid == t[0].parent && l.from.Before(lost.begun) && l.to.After(lost.finished) {
				m.find("run %s was closed as lost at %s, and its process %d lived until %s", lost.run, lost.finished, l.pid, l.to)
			}
		}
	}
}

// judgeOwners finds runs that were closed as those of a dead process which lived:
// after the first of them nothing more was begun by it.
func (m *matter) judgeOwners() {
	if m.owners != 0 {
		m.find("%d owners are left", m.owners)
	}
	for _, lost := range m.attempts {
		if lost.reason != "worker_lost" {
			continue
		}
		m.judgeLost(lost)
		for _, a := range m.attempts {
			if a.owner == lost.owner && (a.begun.After(lost.finished) || a.reason != "worker_lost" && a.finished.After(lost.finished)) {
				m.find("run %s was closed as lost with its process at %s, which had run %s from %s to %s", lost.run, lost.finished, a.run, a.begun, a.finished)
			}
		}
	}
}
