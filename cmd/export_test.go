package cmd

import (
	"time"

	"dagu/modules/store"
)

// Picture draws the display of a run, without colours.
func Picture(run store.Run, steps []store.Step, now time.Time, width, height int) []string {
	p := progress{run: run, steps: steps}
	return p.lines(now, width, height)
}

// Bounds are the ends of a period.
func Bounds(from, to, last string, now time.Time) (start, end time.Time, err error) {
	return period{from: from, to: to, last: last}.bounds(now)
}

// Span is a duration for people.
func Span(d time.Duration) string { return span(d) }

// Quoted joins words.
func Quoted(words []string) string { return quoted(words) }

// Printable takes out what could control a terminal.
func Printable(line string) string { return printable(line) }

// DidYouMean is the end of a message about an unknown word.
func DidYouMean(word string, allowed []string) string { return didYouMean(word, allowed) }
