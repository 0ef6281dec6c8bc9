package cmd

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// tell writes a line for people. Whether it could be written is of no use to anybody.
func tell(w io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(w, format+"\n", args...)
}

// clock is an instant for people, in UTC; "-" is none.
func clock(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.UTC().Format(time.DateTime)
}

// span is a duration for people: as exact as its length deserves.
func span(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	default:
		return d.Round(time.Second).String()
	}
}

// elapsed is the time from start to end, or until now while there is no end;
// false when there is no start.
func elapsed(start, end, now time.Time) (time.Duration, bool) {
	switch {
	case start.IsZero():
		return 0, false
	case end.IsZero():
		return max(now.Sub(start), 0), true
	default:
		return max(end.Sub(start), 0), true
	}
}

// quoted joins words so that each can be told from the next, and fits into a line.
func quoted(words []string) string {
	list := make([]string, len(words))
	for i, word := range words {
		list[i] = word
		if word == "" || strings.ContainsFunc(word, func(r rune) bool {
			return unicode.IsSpace(r) || !unicode.IsPrint(r) || r == '"' || r == '\''
		}) {
			list[i] = strconv.Quote(word)
		}
	}
	return strings.Join(list, " ")
}

// printableLines is printable for a text of several lines.
func printableLines(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return strings.Join(lines, "\n")
}

// printable takes out what could control a terminal.
func printable(line string) string {
	return strings.Map(func(r rune) rune {
		if r != '\t' && !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, line)
}
