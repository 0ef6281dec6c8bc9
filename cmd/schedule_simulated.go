package cmd

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/scheduler"
	"dagu/modules/store"
)

const (
	// maxPeaks is how many of the busiest minutes are told.
	maxPeaks = 10
	// maxPeakNames is the width of the table's column of their DAGs.
	maxPeakNames = 80
)

// simulation is what comes of a made-up time.
type simulation struct {
	From time.Time      `json:"from"`
	To   time.Time      `json:"to"`
	Due  int            `json:"due"`
	DAGs []simulatedDAG `json:"dags"`
	// Peaks are the minutes in which most DAGs start, the busiest first.
	Peaks []simulatedPeak   `json:"peaks"`
	Clock []simulatedChange `json:"clock_changes"`
}

type simulatedDAG struct {
	DAG string `json:"dag"`
	Due int    `json:"due"`
	// Policy is the DAG's own.
	Policy   string            `json:"overlap_policy"`
	Seconds  float64           `json:"duration_seconds"`
	Policies []simulatedPolicy `json:"policies"`
}

type simulatedPolicy struct {
	Policy string `json:"overlap_policy"`
	// Live is with a scheduler that runs all the time, Down with one that was down until the end.
	Live simulatedSums `json:"live"`
	Down simulatedSums `json:"after_downtime"`
}

type simulatedSums struct {
	Fired   int            `json:"fired"`
	Skipped int            `json:"skipped"`
	Missed  int            `json:"missed"`
	Reasons map[string]int `json:"reasons"`
	Queued  int            `json:"most_queued"`
}

type simulatedPeak struct {
	At     time.Time `json:"at"`
	Starts int       `json:"starts"`
	DAGs   []string  `json:"dags"`
}

type simulatedChange struct {
	DAG      string      `json:"dag"`
	Kind     string      `json:"kind"`
	Schedule string      `json:"schedule"`
	Zone     string      `json:"zone"`
	Change   clockChange `json:"change"`
}

// count counts what is due, and finds the busiest minutes and the changes of the clocks.
func (s *simulation) count(dags []catalog.Entry) error {
	due := make(map[string]int, len(dags))
	var minute simulatedPeak
	scheduler.Ahead(dags, s.From, func(c scheduler.Coming) bool {
		if c.Due.After(s.To) || s.Due == maxSimulated {
			return false
		}
		s.Due++
		due[c.DAG]++
		if at := c.Due.Truncate(time.Minute); !at.Equal(minute.At) {
			s.peak(minute)
			minute = simulatedPeak{At: at}
		}
		if c.Kind != store.KindStop {
			minute.Starts++
			minute.DAGs = append(minute.DAGs, c.DAG)
		}
		return true
	})
	s.peak(minute)
	if s.Due == maxSimulated {
		return fmt.Errorf("more than %d due times: take a shorter time, or one DAG", maxSimulated-1)
	}
	for i := range dags {
		e := &dags[i]
		s.DAGs = append(s.DAGs, simulatedDAG{DAG: e.Name, Due: due[e.Name], Policy: string(e.Overlap)})
		for _, spec := range e.Schedules {
			for _, shift := range spec.Spec.Shifts(s.From, s.To) {
				s.Clock = append(s.Clock, simulatedChange{e.Name, string(spec.Kind), spec.Text, spec.Spec.Zone(), changeOf(shift)})
			}
		}
	}
	return nil
}

// peak keeps a minute that is among the busiest so far.
func (s *simulation) peak(minute simulatedPeak) {
	if minute.Starts == 0 {
		return
	}
	at, _ := slices.BinarySearchFunc(s.Peaks, minute, func(a, b simulatedPeak) int {
		return cmp.Or(cmp.Compare(b.Starts, a.Starts), a.At.Compare(b.At))
	})
	s.Peaks = slices.Insert(s.Peaks, at, minute)
	s.Peaks = s.Peaks[:min(len(s.Peaks), maxPeaks)]
}

// simulate lets the planner decide with each overlap policy.
func (s *simulation) simulate(dags []catalog.Entry, takes func(string) time.Duration, threshold time.Duration) {
	for i := range dags {
		m := scheduler.Made{From: s.From, To: s.To, Duration: takes(dags[i].Name), MisfireThreshold: threshold}
		s.DAGs[i].Seconds = m.Duration.Seconds()
		for _, policy := range []dag.Overlap{dag.OverlapSkip, dag.OverlapAll, dag.OverlapLatest} {
			with, down := scheduler.WithOverlap(dags[i], policy), m
			down.Down = true
			s.DAGs[i].Policies = append(s.DAGs[i].Policies, simulatedPolicy{
				Policy: string(policy), Live: sumsOf(scheduler.Simulate(with, m)), Down: sumsOf(scheduler.Simulate(with, down)),
			})
		}
	}
}

func sumsOf(s scheduler.Sums) simulatedSums {
	sums := simulatedSums{Fired: s.Fired, Skipped: s.Skipped, Missed: s.Missed, Queued: s.Queued, Reasons: make(map[string]int, len(s.Reasons))}
	for reason, n := range s.Reasons {
		sums.Reasons[string(reason)] = n
	}
	return sums
}

// print writes the simulation for people.
func (s *simulation) print(w io.Writer) error {
	parts := []string{fmt.Sprintf("%d due times after %s up to %s UTC", s.Due, clock(s.From), clock(s.To))}
	if len(s.DAGs) > 0 {
		t := newTable("DAG NAME", "DUE", "RUNS TAKE", "POLICY", "FIRED", "SKIPPED", "MOST QUEUED", "AFTER A DOWNTIME")
		for _, d := range s.DAGs {
			for _, p := range d.Policies {
				name := p.Policy
				if name == d.Policy {
					name += " (its own)"
				}
				t.AppendRow([]any{
					d.DAG, d.Due, span(time.Duration(d.Seconds * float64(time.Second))), name, p.Live.Fired, p.Live.Skipped, p.Live.Queued,
					fmt.Sprintf("%d fired, %d skipped, %d missed", p.Down.Fired, p.Down.Skipped, p.Down.Missed),
				})
			}
		}
		parts = append(parts, t.Render())
	}
	if len(s.Peaks) > 0 {
		t := newTable("BUSIEST MINUTES (UTC)", "STARTS", "DAGS")
		for _, p := range s.Peaks {
			t.AppendRow([]any{clock(p.At), p.Starts, text.Snip(strings.Join(p.DAGs, " "), maxPeakNames, "…")})
		}
		parts = append(parts, t.Render())
	}
	if len(s.Clock) > 0 {
		t := newTable("DAG NAME", "KIND", "SCHEDULE", "ZONE", "CHANGE OF THE CLOCK")
		for _, c := range s.Clock {
			t.AppendRow([]any{c.DAG, c.Kind, c.Schedule, c.Zone, c.Change.told()})
		}
		parts = append(parts, t.Render())
	}
	_, err := fmt.Fprintln(w, strings.Join(parts, "\n\n"))
	return err
}
