package dag

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Reason says why a reference is not resolved.
type Reason string

// The reasons of notices.
const (
	// ReasonNamespace is given for what no field of this kind ever has, and for
	// what exists only during a run.
	ReasonNamespace    Reason = "namespace_unavailable"
	ReasonContextField Reason = "unknown_context_field"
	ReasonConst        Reason = "unknown_const_name"
	ReasonEnv          Reason = "unknown_env_binding"
	ReasonStep         Reason = "unknown_step_id"
	ReasonSelf         Reason = "self_reference"
	ReasonOutput       Reason = "unknown_output_name"
	ReasonDependency   Reason = "missing_dependency"
	// ReasonNone is that of parameters without a value.
	ReasonNone Reason = ""
)

// Notice tells of a reference that has no value as far as the file says, so that
// it will be left as it is written. That is never an error.
type Notice struct {
	// File is the path of the file: the DAG's or the base file's.
	File string
	// Line and Column count from 1 and are those of the field.
	Line, Column int
	// Field is the path of the field, such as "steps[0].run".
	Field string
	// Reference is as written, such as "${consts.x}".
	Reference string
	Reason    Reason
	// Why is the reason in words.
	Why string
	// RunTime says that a run may well have the value; otherwise the file is at fault.
	RunTime bool
}

// Message returns the notice as a sentence.
func (n Notice) Message() string {
	return fmt.Sprintf("%s was left unchanged because %s when %s was evaluated.", n.Reference, n.Why, n.Field)
}

// String returns "FILE:LINE:COLUMN: MESSAGE reason=REASON", without the last
// part when there is no reason.
func (n Notice) String() string {
	text := fmt.Sprintf("%s:%d:%d: %s", n.File, n.Line, n.Column, n.Message())
	if n.Reason != ReasonNone {
		text += " reason=" + string(n.Reason)
	}
	return text
}

// The limits of one file, against texts that are repeated by aliases: the
// notices of each class, and the bytes that are looked at.
const (
	maxNotices     = 500
	maxNoticeBytes = 4 << 20
)

// notices collects those of all documents of a file.
type notices struct {
	all    []Notice
	seen   map[[2]string]bool
	counts map[bool]int
	looked int
}

// add adds a notice, once for each field and reference.
func (c *notices) add(n Notice) {
	if c.seen == nil {
		c.seen, c.counts = make(map[[2]string]bool), make(map[bool]int)
	}
	key := [2]string{n.File + ":" + n.Field, n.Reference}
	if c.seen[key] || c.counts[n.RunTime] == maxNotices {
		return
	}
	c.seen[key] = true
	c.counts[n.RunTime]++
	c.all = append(c.all, n)
}

// sorted returns the notices in the order of the files and lines.
func (c *notices) sorted() []Notice {
	slices.SortStableFunc(c.all, func(a, b Notice) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column)
	})
	return c.all
}
