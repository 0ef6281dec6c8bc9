package chaos_test

import (
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestChaos kills one scheduler, and each of two, at random instants.
func TestChaos(t *testing.T) {
	t.Logf("make chaos SEED=%d makes these choices again", settings.seed)
	for _, processes := range []int{1, 2} {
		t.Run(strconv.Itoa(processes)+" at once", func(t *testing.T) {
			t.Parallel()
			h := newHome(t, settings.seed, beginning(settings.seed, processes))
			h.storm(processes, settings.kills)
			now := h.settle()
			m := h.matter(now)
			findings := slices.Concat(m.judge(), h.audit(), h.judgeOutside())
			m.sum(t)
			require.Empty(t, findings, strings.Join(findings, "\n"))
		})
	}
}

// beginning is a time at which clocks do something, or do not. Those before now are
// avoided: what is old is not kept.
func beginning(seed uint64, processes int) time.Time {
	year := time.Now().Year() + 1
	last := func(month time.Month) time.Time { // hours before the clocks of Europe change
		at := time.Date(year, month, 31, 23, 30, 0, 0, time.UTC)
		for at.Weekday() != time.Saturday {
			at = at.AddDate(0, 0, -1)
		}
		return at
	}
	times := []time.Time{last(time.March), last(time.October), time.Date(year, time.December, 31, 23, 40, 0, 0, time.UTC)}
	return times[(seed+uint64(processes))%uint64(len(times))]
}

// storm has lives killed, as many altogether, while things happen.
func (h *home) storm(processes, kills int) {
	h.writeWork()
	plans := map[string]plan{}
	for _, p := range h.plans() {
		h.dag(p.name, p.text())
		plans[p.name] = p
	}
	end := make(chan struct{})
	var others, slots sync.WaitGroup
	e := &events{home: h, random: rand.New(rand.NewPCG(h.seed, 100)), plans: plans}
	others.Go(func() { e.run(end) })
	deaths := make([]map[string]int, processes)
	for i := range processes {
		deaths[i] = map[string]int{}
		s := &slot{home: h, name: strconv.Itoa(i), random: rand.New(rand.NewPCG(h.seed, uint64(i))), deaths: deaths[i]}
		n := kills / processes
		slots.Go(func() { s.run(n) })
	}
	slots.Wait()
	close(end)
	others.Wait()
	for i, d := range deaths {
		for _, how := range slices.Sorted(maps.Keys(d)) {
			h.tb.Logf("process %d: %3d times %s", i, d[how], how)
		}
	}
}

// settle stops the clock of schedules and has a last life finish what is open. It
// returns what the clock shows.
func (h *home) settle() time.Time {
	now := h.clock.freeze()
	l := h.start("last", "", 0)
	eventually(h.tb, func() bool { return h.settled(now, l.cmd.Process.Pid) }, "all that is due is decided and has run")
	l.stop()
	return now
}

// sum logs what there was to judge.
func (m *matter) sum(tb testing.TB) {
	tb.Helper()
	counts := map[string]int{}
	for _, o := range m.occurrences {
		counts["due times "+strings.TrimSpace(o.outcome+" "+o.reason)] += o.count
	}
	for _, a := range m.attempts {
		counts["attempts "+strings.TrimSpace(a.status+" "+a.reason)]++
	}
	for _, v := range m.versions {
		s := v.schedule(tb)
		for next := s.Next(v.mark); !v.to.IsZero() && !next.IsZero() && !next.After(v.to); next = s.Next(next) {
			counts["due times undecided, of schedules that went"]++
		}
	}
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		tb.Logf("%5d %s", counts[what], what)
	}
	tb.Logf("runs alive at once: %v", m.fullest)
}
