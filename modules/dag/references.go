package dag

import (
	"regexp"
	"slices"
	"strings"

	"dagu/modules/dag/value"
)

// waiting is a text with what may be an older reference, such as
// ${build.stdout}. Whether it is one depends on the names of the whole file.
type waiting struct {
	node
	text string
}

// reference returns a text that may hold references, see check.
func (n *node) reference() (string, bool) {
	text, ok := n.text()
	if ok {
		n.check(text)
	}
	return text, ok
}

// check records a reference to what this release cannot resolve. The text is
// one that is resolved when it is used.
func (n *node) check(text string) {
	if !strings.Contains(text, "${") {
		return
	}
	if found, ok := value.Unsupported(text); ok {
		n.unsupported("the reference " + found)
		return
	}
	if strings.Contains(text, ".") {
		n.report.waiting = append(n.report.waiting, waiting{*n, text})
	}
}

// dotted matches ${NAME.rest}, with the backslashes before it.
var dotted = regexp.MustCompile(`(\\*)(\$\{[ \t]*([A-Za-z_][A-Za-z0-9_]*)\.([^}]*)\})`)

// ofStep matches what may follow the id of a step in an older reference.
var ofStep = regexp.MustCompile(`^(stdout|stderr|exit_code|exitCode|output|outputs)([.:\[].*)?[ \t]*$`)

// older returns the first older reference of a text to a step by its id, or
// into the JSON of a variable.
func older(text string, ids, variables map[string]bool) (string, bool) {
	for _, at := range dotted.FindAllStringSubmatchIndex(text, -1) {
		part := func(i int) string { return text[at[2*i]:at[2*i+1]] }
		slashes, found, name, rest := part(1), part(2), part(3), part(4)
		if len(slashes)%2 == 1 || len(value.References(found)) > 0 {
			continue
		}
		if variables[name] || (ids[name] && ofStep.MatchString(rest)) {
			return found, true
		}
	}
	return "", false
}

// checkReferences records the older references of the document, and of the
// base file it was decoded over.
func (d *draft) checkReferences(l *loading) {
	all := slices.Concat(l.base.waiting, l.report.waiting)
	l.report.waiting = nil
	if len(all) == 0 {
		return
	}
	ids, variables := make(map[string]bool), make(map[string]bool)
	note := func(vars []Var) {
		for _, v := range vars {
			variables[v.Name] = true
		}
	}
	note(d.dag.Env)
	note(d.defaults.env)
	for _, p := range d.dag.Params {
		variables[p.Name] = true
	}
	for _, s := range d.steps {
		ids[s.ID], variables[s.Output] = true, true
		note(s.Env)
	}
	for i := range all {
		n := &all[i]
		if found, ok := older(n.text, ids, variables); ok {
			// The report of a base file is shared and therefore not written to.
			l.report.add(&Error{
				File: n.report.file, Line: n.line, Column: n.column, Field: n.path(),
				Message: notSupported("the reference " + found),
			})
		}
	}
}
