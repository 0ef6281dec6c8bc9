package cmd

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"

	"dagu/modules/store"
)

// Control sequences of terminals (ECMA-48).
const eraseBelow = "\x1b[J"

func cursorUp(lines int) string { return "\x1b[" + strconv.Itoa(lines) + "A" }

// maxShown is how many steps are shown at once.
const maxShown = 15

// progress is the picture of a run that is on its way.
type progress struct {
	paint paint
	run   store.Run
	// steps are in the order of their index.
	steps []store.Step
}

// lines draws the picture for a terminal of this size.
func (p *progress) lines(now time.Time, width, height int) []string {
	shown := p.choose(max(min(maxShown, height-3), 1))
	wide := 0
	for _, i := range shown {
		wide = max(wide, text.StringWidth(p.steps[i].Name))
	}
	spinner := spin(now)
	lines := []string{p.head(spinner, now)}
	for _, i := range shown {
		lines = append(lines, p.step(&p.steps[i], spinner, min(wide, width/2), now))
	}
	if hidden := len(p.steps) - len(shown); hidden > 0 {
		lines = append(lines, p.paint.with(text.Faint, fmt.Sprintf("    and %d more", hidden)))
	}
	for i, line := range lines {
		lines[i] = cut(line, width)
	}
	return lines
}

// head is the line about the run as a whole.
func (p *progress) head(spinner string, now time.Time) string {
	line := p.paint.with(text.FgCyan, spinner) + " " + p.paint.with(text.Bold, p.run.DAG) + " " + p.paint.with(text.Faint, p.run.ID)
	over, failed := 0, 0
	for i := range p.steps {
		switch p.steps[i].Status {
		case store.StepNotStarted, store.StepRunning, store.StepRetrying:
		case store.StepFailed:
			failed++
			over++
		default:
			over++
		}
	}
	if len(p.steps) > 0 {
		line += fmt.Sprintf("  %d/%d", over, len(p.steps))
	}
	if failed > 0 {
		line += "  " + p.paint.with(text.FgRed, fmt.Sprintf("%d failed", failed))
	}
	return line + "  " + span(now.Sub(p.run.Started).Truncate(frame))
}

// step is the line about a step.
func (p *progress) step(s *store.Step, spinner string, wide int, now time.Time) string {
	mark := map[store.StepStatus]string{
		store.StepNotStarted: "·", store.StepRunning: spinner, store.StepRetrying: "↻",
		store.StepSucceeded: "✓", store.StepPartiallySucceeded: "✓",
		store.StepFailed: "✗", store.StepAborted: "■", store.StepSkipped: "-",
	}[s.Status]
	line := "  " + p.paint.with(statusColor(string(s.Status)), mark) + " " + text.Pad(cut(printable(s.Name), wide), wide, ' ')
	if d, ok := elapsed(s.Started, s.Finished, now); ok {
		if s.Finished.IsZero() {
			d = d.Truncate(frame)
		}
		line += "  " + span(d)
	}
	switch s.Status {
	case store.StepRetrying:
		line += fmt.Sprintf("  try %d failed, waiting", s.Tries)
	case store.StepRunning:
		if s.Tries > 1 {
			line += fmt.Sprintf("  try %d", s.Tries)
		}
	case store.StepFailed, store.StepSkipped, store.StepAborted:
		reason, _, _ := strings.Cut(s.Error, "\n")
		line += "  " + p.paint.with(text.Faint, printable(reason))
	default:
	}
	return strings.TrimRight(line, " ")
}

// choose selects the steps that fit: the active ones, then failed ones, then those
// that ended last, then those to come. They stay in their order.
func (p *progress) choose(fit int) []int {
	all := make([]int, len(p.steps))
	for i := range all {
		all[i] = i
	}
	if len(all) <= fit {
		return all
	}
	slices.SortStableFunc(all, func(a, b int) int {
		x, y := &p.steps[a], &p.steps[b]
		if d := urgency(x) - urgency(y); d != 0 {
			return d
		}
		return y.Finished.Compare(x.Finished)
	})
	shown := all[:fit]
	slices.Sort(shown)
	return shown
}

func urgency(s *store.Step) int {
	switch s.Status {
	case store.StepRunning, store.StepRetrying:
		return 0
	case store.StepFailed:
		return 1
	case store.StepNotStarted:
		return 3
	default:
		return 2
	}
}

// spin is the picture of a wheel at a time.
func spin(now time.Time) string {
	wheel := []rune("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
	return string(wheel[int(now.UnixMilli()/frame.Milliseconds())%len(wheel)])
}

// cut shortens a line to a width; colours do not count.
func cut(line string, width int) string {
	if text.StringWidthWithoutEscSequences(line) <= width {
		return line
	}
	return text.Snip(line, width, "…")
}
