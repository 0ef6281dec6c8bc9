package chaos_test

import "slices"

// scheduled tells that a due time caused the run.
func (r run) scheduled() bool { return r.cause == "scheduler" || r.cause == "catchup" }

// judgeFired finds due times that fired without a run, or one run for two of them,
// and runs that no due time fired.
func (m *matter) judgeFired() {
	fired := map[string]int{}
	for _, o := range m.occurrences {
		if o.outcome != "fired" {
			continue
		}
		fired[o.run]++
		r, ok := m.runs[o.run]
		if !ok || r.dag != o.dag || !r.due.Equal(o.due) || !r.scheduled() {
			m.find("%s at %s fired, and its run %q is %+v", o.dag, o.due, o.run, r)
		}
	}
	for id, r := range m.runs {
		if r.scheduled() && fired[id] != 1 {
			m.find("run %s of %s, due at %s, was fired %d times", id, r.dag, r.due, fired[id])
		}
	}
}

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
		list := attempts[id]
		if r.dag == "manual" && r.status == "aborted" && r.reason == "stopped" {
			continue // as it was told to
		}
		most := 1
		if m.plans[r.dag].retries {
			most = 2
		}
		if len(list) == 0 || len(list) > most || len(list) != r.attempt {
			m.find("run %s of %s is %s %s after %d attempts, of which %d are recorded", id, r.dag, r.status, r.reason, r.attempt, len(list))
			continue
		}
		for i, a := range list {
			if a.number != i+1 {
				m.find("run %s of %s: attempt %d is the %dth", id, r.dag, a.number, i+1)
			}
			if !a.interrupted() && (a.status != "succeeded" || i < len(list)-1) {
				m.find("run %s of %s: attempt %d of %d ended %s %s", id, r.dag, a.number, len(list), a.status, a.reason)
			}
		}
		if last := list[len(list)-1]; last.status != r.status || last.interrupted() && len(list) < most {
			m.find("run %s of %s is %s, and its attempt %d of %d was %s %s", id, r.dag, r.status, last.number, most, last.status, last.reason)
		}
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
		for _, a := range m.attempts {
			if a.owner == lost.owner && (a.begun.After(lost.finished) || a.reason != "worker_lost" && a.finished.After(lost.finished)) {
				m.find("run %s was closed as lost with its process at %s, which had run %s from %s to %s", lost.run, lost.finished, a.run, a.begun, a.finished)
			}
		}
	}
}
