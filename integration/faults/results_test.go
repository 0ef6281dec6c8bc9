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
	mu    sync.Mutex // guards lines
	lines []string
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

// write prints the table, and keeps the one of a full run.
func (r *report) write() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.Sort(r.lines)
	text := "# What the probes answer to each fault\n\n" +
		"Written by `make faults`. Times are from the fault to the first red answer, and from its end to the last that is not\n" +
		"green, with the limits in brackets. Every probe is asked each 100 ms; those that are not named were green throughout.\n\n" +
		"| fault | made by | outcome | red after | green again after | slowest answer |\n|---|---|---|---|---|---|\n" +
		strings.Join(r.lines, "\n") + "\n"
	if len(r.lines) == 0 {
		return nil
	}
	if _, err := fmt.Fprint(os.Stdout, text); err != nil || !settings.full {
		return err
	}
	return os.WriteFile("results.md", []byte(text), 0o644)
}
