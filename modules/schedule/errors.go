package schedule

import (
	"fmt"
	"strings"
)

// ParseError says what is wrong with an expression, and where.
type ParseError struct {
	// Text is the expression as it was given, shortened where it is very long.
	Text string
	// Field names the part at fault: "minute", "hour", "day of month", "month",
	// "day of week", "time zone", or "" where it is the expression as a whole.
	Field string
	// Column is where Value begins: characters of the given text, counted from 1.
	Column int
	// Value is the piece of the text at fault; "" where something is missing.
	Value string
	// Message says what is wrong with Value, and what is allowed.
	Message string
	// Suggestion is the nearest valid spelling of Value, or of the field where
	// Value is empty; "" where there is none.
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

// suggest adds the nearest valid spelling, and returns the error.
func (e *ParseError) suggest(text string) *ParseError {
	e.Suggestion = text
	return e
}

// clip makes a copy that is short enough for a message, and keeps no larger text alive.
func clip(text string) string {
	const enough = 100
	if len(text) <= enough {
		return strings.Clone(text)
	}
	return strings.ToValidUTF8(text[:enough], "") + "…"
}
