package faults_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// results collects what the rows showed.
var results report //nolint:gochecknoglobals // of all tests

// report is the table of results.md.
type report struct {
	mu    sync.Mutex // guards what follows
	lines []string
	held  []string // of the second table
}

func (r *report) line(cells ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, "| "+strings.Join(cells, " | ")+" |")
}

func (r *report) skip(of row, v variant, why string) {
	r.line(of.fault, v.name, "not run: "+why, "", "", "")
}

func (r *report) add(of row, v variant, verdicts map[string]verdict) {
	var red, back []string
	var slowest time.Duration
	outcome := "as wanted"
	for _, endpoint := range endpoints() {
		got, wanted := verdicts[endpoint], of.red[endpoint]
		slowest = max(slowest, got.slowest)
		if wanted.within > 0 {
			red = append(red, fmt.Sprintf("%s %.1f s (%.0f s)", endpoint, got.first.Seconds(), wanted.within.Seconds()))
			back = append(back, fmt.Sprintf("%.1f s (%.0f s)", got.recovery.Seconds(), wanted.recovers.Seconds()))
		}
		if len(got.wrong) > 0 {
			outcome = fmt.Sprintf("%s: %s", endpoint, strings.Join(got.wrong, ", "))
		}
	}
	if len(red) == 0 {
		red = []string{"none"}
	}
	r.line(of.fault, v.name, outcome, strings.Join(red, ", "), strings.Join(back, ", "), slowest.Round(100*time.Microsecond).String())
}

// hold tells what answers took while a lock was held.
func (r *report) hold(held string, f figures) {
	r.mu.Lock()
	defer r.mu.Unlock()
	text := func(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }
	answers := "green"
	if f.red {
		answers = "some are red"
	}
	r.held = append(r.held, "| "+strings.Join([]string{
		held, answers, text(f.kept.median), text(f.kept.slowest), text(f.fresh.median), text(f.fresh.slowest),
	}, " | ")+" |")
}

// write prints the tables, and keeps those of a full run.
func (r *report) write() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.Sort(r.lines)
	text := table("# What the probes answer to each fault\n\n"+
		"Written by `make faults`. Times are from the fault to the first red answer, and from its end to the last that is not\n"+
		"green, with the limits in brackets. Every probe is asked each 100 ms; those that are not named were green throughout.\n\n"+
		"| fault | made by | outcome | red after | green again after | slowest answer |\n|---|---|---|---|---|---|\n", r.lines) +
		table(fmt.Sprintf("\n# What answers take while a lock is held\n\n"+
			"Measured before the faults are made: %d probes of each endpoint, over a connection that is kept, and over a new one each. The\n"+
			"figures are those of the slowest endpoint. The medians are held to 10 ms; the slowest answer tells of the machine as well.\n\n"+
			"| lock held | answers | kept: median | slowest | new: median | slowest |\n|---|---|---|---|---|---|\n", asks), r.held)
	if text == "" {
		return nil
	}
	if _, err := fmt.Fprint(os.Stdout, text); err != nil || !settings.full {
		return err
	}
	return os.WriteFile("results.md", []byte(text), 0o644)
}

// table is "" without lines.
func table(head string, lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return head + strings.Join(lines, "\n") + "\n"
}
