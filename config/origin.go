package config

import (
	"fmt"
	"path/filepath"
	"strings"
)

// Source is a kind of place that values come from.
type Source int

// The sources, weakest first.
const (
	// FromDefault is a value that nobody gave.
	FromDefault Source = iota
	// FromFile is the configuration file.
	FromFile
	// FromEnvironment is an environment variable.
	FromEnvironment
	// FromFlag is a flag of the command line.
	FromFlag
)

// Origin is the place that a value came from.
type Origin struct {
	Source Source
	// Name is the flag with its dashes, the variable, or the absolute path of the file.
	Name string
	// Line counts from 1 in a file; 0 is the file as a whole.
	Line int
}

// String is the short form: "default", "flag --port", "environment DAGU_PORT" or
// "config.yaml:12".
func (o Origin) String() string {
	if o.Source == FromFile {
		o.Name = filepath.Base(o.Name)
	}
	return o.place()
}

// place is String with the whole path of a file, for messages.
func (o Origin) place() string {
	switch o.Source {
	case FromFlag:
		return "flag " + o.Name
	case FromEnvironment:
		return "environment " + o.Name
	case FromFile:
		if o.Line > 0 {
			return fmt.Sprintf("%s:%d", o.Name, o.Line)
		}
		return o.Name
	default:
		return "default"
	}
}

// Value is one key with the value that is in force.
type Value struct {
	// Key is the dotted name, such as "scheduler.port".
	Key string
	// Text is the value for people; that of a secret is masked, and "" when there is none.
	Text string
	// Secret says that Text does not show the value.
	Secret bool
	// Origin is where the value came from.
	Origin Origin
}

// Warning is something that was found and does no harm.
type Warning struct {
	Origin  Origin
	Message string
}

// String is the place and the message.
func (w Warning) String() string { return w.Origin.place() + ": " + w.Message }

// Error is one thing that is wrong with what the user has set.
type Error struct {
	Origin Origin
	// Key is the dotted name; "" when the place as a whole is wrong.
	Key string
	// Found is what was written; "" when it is secret, or when the message says it.
	Found string
	// Message says what is wrong or what is allowed.
	Message string
}

// Error is one line: the place, the key, what was found, and what is allowed.
func (e *Error) Error() string {
	parts := make([]string, 0, 3)
	if e.Origin.Source != FromDefault {
		parts = append(parts, e.Origin.place())
	}
	if e.Key != "" {
		parts = append(parts, e.Key)
	}
	message := e.Message
	if e.Found != "" {
		message = "found " + quote(e.Found) + ", " + message
	}
	return strings.Join(append(parts, message), ": ")
}

// Errors is everything that is wrong, those of the file first, by line.
type Errors []*Error

// Error is the one error, or a list with a line for each.
func (e Errors) Error() string {
	if len(e) == 1 {
		return e[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "the configuration has %d errors:", len(e))
	for _, err := range e {
		b.WriteString("\n- " + err.Error())
	}
	return b.String()
}

// Unwrap gives errors.As every single error.
func (e Errors) Unwrap() []error {
	list := make([]error, len(e))
	for i, err := range e {
		list[i] = err
	}
	return list
}

// quote makes what a user wrote fit into one line of a message.
func quote(text string) string {
	const limit = 80
	if runes := []rune(text); len(runes) > limit {
		text = string(runes[:limit]) + "..."
	}
	return fmt.Sprintf("%q", text)
}
