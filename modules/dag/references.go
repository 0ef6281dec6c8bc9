package dag

import (
	"regexp"
	"slices"
	"strings"

	"dagu/modules/dag/value"
)

// waiting is a text whose references are judged once all names of the document
// are known: which of them are older ones, such as ${build.stdout}, and which
// will not be resolved.
type waiting struct {
	node
	text string
	role role
	// index is the place of an entry of env among those of its file.
	index int
	// missing are the constants that a constant names and that do not stand before it.
	missing map[string]bool
}

// role says what kind of field a text stands in.
type role int

const (
	roleField role = iota
	// roleEnv is an entry of env, in which we expand $NAME.
	roleEnv
	// roleConst is a constant, in which nothing but constants is resolved.
	roleConst
)

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
	if strings.Contains(text, ".") || strings.Contains(text, string(value.NamespaceParams)) {
		n.report.waiting = append(n.report.waiting, waiting{node: *n, text: text, role: roleField})
	}
}

// checkEnv is check for an entry of env.
func (n *node) checkEnv(text string, index int) {
	if !strings.Contains(text, "$") {
		return
	}
	if found, ok := value.Unsupported(text); ok {
		n.unsupported("the reference " + found)
		return
	}
	n.report.waiting = append(n.report.waiting, waiting{node: *n, text: text, role: roleEnv, index: index})
}

// checkConst records the references of a constant. Values are those of the
// constants that it can use.
func (n *node) checkConst(text string, values map[string]string) {
	missing := make(map[string]bool)
	refs := value.References(text)
	for _, ref := range refs {
		if _, ok := values[ref.Name]; ref.Namespace == value.NamespaceConsts && !ok {
			missing[ref.Name] = true
		}
	}
	if len(refs) > 0 {
		n.report.waiting = append(n.report.waiting, waiting{node: *n, text: text, role: roleConst, missing: missing})
	}
}

// dotted matches ${NAME.rest}, with the backslashes before it.
var dotted = regexp.MustCompile(`(\\*)(\$\{[ \t]*([A-Za-z_][A-Za-z0-9_]*)\.([^}]*)\})`)

// ofStep matches what may follow the id of a step in an older reference.
var ofStep = regexp.MustCompile(`^(stdout|stderr|exit_code|exitCode|output|outputs)([.:\[].*)?[ \t]*$`)

// older returns the first older reference of a text to a step by its id, or
// into the JSON of a variable; "" when there is none.
func older(text string, ids, variables map[string]bool) string {
	for _, at := range dotted.FindAllStringSubmatchIndex(text, -1) {
		part := func(i int) string { return text[at[2*i]:at[2*i+1]] }
		slashes, found, name, rest := part(1), part(2), part(3), part(4)
		if len(slashes)%2 == 1 || len(value.References(found)) > 0 {
			continue
		}
		if variables[name] || (ids[name] && ofStep.MatchString(rest)) {
			return found
		}
	}
	return ""
}

// checkReferences records the older references of the document, and of the
// base file it was decoded over.
func (d *draft) checkReferences(l *loading) {
	all := slices.Concat(l.base.waiting, l.report.waiting)
	l.report.waiting = nil
	if len(all) == 0 {
		return
	}
	if l.strict {
		l.notices.judge(d, l, all)
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
	judged := make(map[string]string) // aliases repeat texts
	for i := range all {
		n := &all[i]
		if n.role == roleConst {
			continue
		}
		found, known := judged[n.text]
		if !known {
			found = older(n.text, ids, variables)
			judged[n.text] = found
		}
		if found != "" {
			// The report of a base file is shared and therefore not written to.
			l.report.add(&Error{
				File: n.report.file, Line: n.line, Column: n.column, Field: n.path(),
				Message: notSupported("the reference " + found),
			})
		}
	}
}
