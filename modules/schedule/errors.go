package schedule

import (
	"fmt"
	"strings"
)

// ParseError says what is wrong with an expression, and where.
type ParseError struct {
	// Text is the whole expression as it was given, cut where it is too long.
	Text string
	// Field names the part at fault: "minute", "hour", "day of month", "month",
	// "day of week", "time zone", or "" where it is the expression as a whole.
	Field string
	// Column counts characters of the given text from 1, up to Value.
	Column int
	// Value is the piece of Text at fault.
	Value string
	// Message says what is wrong with Value, and what is allowed.
	Message string
	// Suggestion is the nearest valid spelling of Value, or "".
	Suggestion string
}

// Error tells all of it in one line.
func (e *ParseError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "cron expression %q: ", e.Text)
	if e.Field != "" {
		fmt.Fprintf(&b, "%s, ", e.Field)
	}
	fmt.Fprintf(&b, "column %d: %s", e.Column, e.Message)
	if e.Suggestion != "" {
		fmt.Fprintf(&b, "; did you mean %q?", e.Suggestion)
	}
	return b.String()
}
