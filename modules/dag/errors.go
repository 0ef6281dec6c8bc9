package dag

import (
	"errors"
	"fmt"
	"strings"
)

// ErrSource is what every [Errors] is: the file is wrong, not the machine.
var ErrSource = errors.New("the DAG file is not valid")

// Error is one problem of a file.
type Error struct {
	// File is the path of the file: the DAG's or the base file's.
	File string
	// Line and Column count from 1.
	Line, Column int
	// Field is the path of the field, such as "steps[0].run"; "" when the
	// problem is not one of a field.
	Field string
	// Message says what is wrong and what is allowed.
	Message string
	// Value is what was found, shortened; "" when there is nothing to show.
	Value string
}

// Error returns "FILE:LINE:COLUMN: field 'FIELD': MESSAGE (value: VALUE)",
// without the parts that are empty.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: ", e.File, e.Line, e.Column)
	if e.Field != "" {
		fmt.Fprintf(&b, "field '%s': ", e.Field)
	}
	b.WriteString(e.Message)
	if e.Value != "" {
		fmt.Fprintf(&b, " (value: %s)", e.Value)
	}
	return b.String()
}

// Errors are all problems of a file, in the order of its lines. It matches
// [ErrSource] and each of its entries.
type Errors []*Error

// Error joins the problems with "; ".
func (e Errors) Error() string {
	texts := make([]string, len(e))
	for i, one := range e {
		texts[i] = one.Error()
	}
	return strings.Join(texts, "; ")
}

// Is reports whether target is ErrSource.
func (e Errors) Is(target error) bool {
	return target == ErrSource
}

// Unwrap returns the problems for errors.As.
func (e Errors) Unwrap() []error {
	all := make([]error, len(e))
	for i, one := range e {
		all[i] = one
	}
	return all
}

// Warning is a notice about a file that is not an error.
type Warning struct {
	// File is the path of the file: the DAG's or the base file's.
	File string
	// Line and Column count from 1.
	Line, Column int
	// Message is the notice.
	Message string
}

// String returns "FILE:LINE:COLUMN: MESSAGE".
func (w Warning) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", w.File, w.Line, w.Column, w.Message)
}
