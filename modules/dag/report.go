package dag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// report collects what is found out about one file.
type report struct {
	file     string
	errors   Errors
	warnings []Warning
	// untold counts the errors and warnings beyond the limits.
	untoldErrors, untoldWarnings int
	// waiting are judged once all names of the document are known.
	waiting []waiting
	// containers are errors unless the file is only validated.
	containers []node
	// custom are the names of the base file's actions.
	custom map[string]bool
	// isDAG tells whether a text is the name of a DAG; nil tells nothing.
	isDAG func(name string) bool
}

// maxReports bounds the errors, and the warnings, that are told of one file.
const maxReports = 100

// maxMessage bounds a message and a field path, in characters: a file may
// have keys of any length.
const maxMessage = 300

// full reports whether no more errors are told.
func (r *report) full() bool {
	return len(r.errors) >= maxReports
}

// shorten returns the first characters of a text.
func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	count := 0
	for i := range text {
		if count == limit {
			return text[:i] + "…"
		}
		count++
	}
	return text
}

// add records an error of the file.
func (r *report) add(e *Error) {
	if r.full() {
		r.untoldErrors++
		return
	}
	if e.File == "" {
		e.File = r.file
	}
	e.Message, e.Field = shorten(e.Message, maxMessage), shorten(e.Field, maxMessage)
	r.errors = append(r.errors, e)
}

// fail records a problem of the file that is not one of a field.
func (r *report) fail(line, column int, format string, args ...any) {
	r.add(&Error{Line: line, Column: column, Message: fmt.Sprintf(format, args...)})
}

// warn records a notice about the file.
func (r *report) warn(w Warning) {
	if len(r.warnings) == maxReports {
		r.untoldWarnings++
		return
	}
	if w.File == "" {
		w.File = r.file
	}
	w.Message = shorten(w.Message, maxMessage)
	r.warnings = append(r.warnings, w)
}

// allErrors returns the errors in the order of the lines, and how many there are besides.
func (r *report) allErrors() Errors {
	slices.SortStableFunc(r.errors, func(a, b *Error) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column)
	})
	if r.untoldErrors == 0 {
		return r.errors
	}
	last := r.errors[len(r.errors)-1]
	return append(clip(r.errors), &Error{
		File: r.file, Line: last.Line, Column: last.Column, Message: fmt.Sprintf("and %d more errors", r.untoldErrors),
	})
}

// allWarnings returns the warnings in the order of the lines, and how many there are besides.
func (r *report) allWarnings() []Warning {
	slices.SortStableFunc(r.warnings, func(a, b Warning) int {
		return cmp.Or(a.Line-b.Line, a.Column-b.Column)
	})
	if r.untoldWarnings == 0 {
		return r.warnings
	}
	last := r.warnings[len(r.warnings)-1]
	return append(clip(r.warnings), Warning{
		File: r.file, Line: last.Line, Column: last.Column, Message: fmt.Sprintf("and %d more warnings", r.untoldWarnings),
	})
}
