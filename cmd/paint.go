package cmd

import (
	"io"
	"os"

	"github.com/jedib0t/go-pretty/v6/text"
	"golang.org/x/term"

	"dagu/modules/health"
	"dagu/modules/logging"
	"dagu/modules/store"
)

// paint colours words where the reader can see colours.
type paint bool

// paintFor colours for terminals, unless NO_COLOR is set.
func paintFor(w io.Writer) paint { return paint(logging.Colored(w, os.Getenv)) }

func (p paint) with(color text.Color, word string) string {
	if !p {
		return word
	}
	return color.EscapeSeq() + word + text.Reset.EscapeSeq()
}

// status is the word of the state of a run, a step or a check.
func (p paint) status(word string) string {
	if p {
		return p.with(statusColor(word), word)
	}
	return word
}

func statusColor(word string) text.Color {
	switch word {
	case string(store.StatusSucceeded), string(health.StatusHealthy):
		return text.FgGreen
	case string(store.StatusFailed), string(health.StatusUnhealthy):
		return text.FgRed
	case string(store.StatusRunning), string(store.StepRetrying):
		return text.FgCyan
	case string(store.StatusPartiallySucceeded), string(store.StatusAborted):
		return text.FgYellow
	default:
		return text.FgHiBlack
	}
}

// terminal is the file behind w if it is a terminal that can move its cursor.
func terminal(w io.Writer) (*os.File, bool) {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("TERM") == "dumb" || !term.IsTerminal(int(file.Fd())) {
		return nil, false
	}
	return file, true
}
