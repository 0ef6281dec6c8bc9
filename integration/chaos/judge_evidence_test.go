package chaos_test

import (
	"cmp"
	"slices"
	"time"
)

// judgeEvidence finds steps that ran without a record, or more or less often than it says.
func (m *matter) judgeEvidence() {
	known := map[[2]string]attempt{}
	for _, a := range m.attempts {
		known[[2]string{a.run, a.id}] = a
	}
	for k, t := range m.evidence {
		if _, ok := known[[2]string{k.run, k.attempt}]; !ok {
			m.find("step %s of run %s ran in attempt %s, which is not recorded", k.step, k.run, k.attempt)
		}
		// What a step does is written a moment later; of a life that died then it is not known.
		if s, ok := m.steps[k]; ok && s.status == "not_started" && known[[2]string{k.run, k.attempt}].reason != "worker_lost" {
			m.find("step %s of run %s ran in attempt %s and is recorded as %s", k.step, k.run, k.attempt, s.status)
		}
		if t.count("start") > 1 || t.count("end") > 1 {
			m.find("step %s of run %s ran twice in attempt %s: %v", k.step, k.run, k.attempt, t)
		}
	}
	for k, s := range m.steps {
		a := known[[2]string{k.run, k.attempt}]
		carried := !s.started.IsZero() && s.started.Before(a.started)
		if t := m.evidence[k]; s.status == "succeeded" && !carried && (t.count("start") != 1 || t.count("end") != 1) {
			m.find("step %s of run %s succeeded in attempt %d, and wrote %v", k.step, k.run, a.number, t)
		}
	}
}

// judgeTimes finds steps that were alive outside of the time of their attempt.
func (m *matter) judgeTimes() {
	alive := m.evidence.attempts()
	for _, a := range m.attempts {
		i, ok := alive[[2]string{a.run, a.id}]
		if !ok {
			continue
		}
		from, to := m.boot.Add(i.from), m.boot.Add(i.to)
		if a.begun.IsZero() || from.Before(a.begun.Add(-slack)) || to.After(a.finished.Add(slack)) {
			m.find("run %s: steps of attempt %d were alive from %s to %s, and it is recorded from %s to %s", a.run, a.number, from, to, a.begun, a.finished)
		}
	}
}

// judgeLimits finds queues that were fuller than their limit, by what steps saw of
// themselves: the time before the first and after the last of it is not counted.
func (m *matter) judgeLimits() {
	type change struct {
		at time.Duration
		by int
		id [2]string
	}
	queues := map[string][]change{}
	limits := map[string]int{}
	for id, i := range m.evidence.attempts() {
		p := m.plans[m.runs[id[0]].dag]
		limits[p.queue] = p.limit
		queues[p.queue] = append(queues[p.queue], change{i.from, 1, id}, change{i.to, -1, id})
	}
	for name, list := range queues {
		// At one instant those that end come first, but for one that came and went in it.
		slices.SortFunc(list, func(a, b change) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.by, b.by)) })
		alive := 0
		for _, c := range list {
			alive += c.by
			m.fullest[name] = max(m.fullest[name], alive)
			if alive > limits[name] {
				m.find("queue %s has a limit of %d, and run %s was the %dth at %s", name, limits[name], c.id[0], alive, c.at)
			}
		}
	}
}
