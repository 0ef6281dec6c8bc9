package dag

import (
	"slices"
	"strings"

	"dagu/modules/dag/value"
)

// waiting is a text whose references are judged once all names of the document
// are known.
type waiting struct {
	node
	text string
	role role
	// list is the env that an entry stands in, and index its place there.
	list  *envList
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

// envList are the names of one env field, with where each stands first.
type envList struct {
	first map[string]int
}

// reference returns a text that may hold references, see check.
func (n *node) reference() (string, bool) {
	text, ok := n.text()
	if ok {
		n.check(text)
	}
	return text, ok
}

// check records the references of a text that is resolved when it is used.
func (n *node) check(text string) {
	if !strings.Contains(text, "${") {
		return
	}
	if strings.Contains(text, ".") || strings.Contains(text, string(value.NamespaceParams)) {
		n.report.waiting = append(n.report.waiting, waiting{node: *n, text: text, role: roleField})
	}
}

// checkEnv is check for an entry of env.
func (n *node) checkEnv(text string, list *envList, index int) {
	if strings.Contains(text, "$") {
		n.report.waiting = append(n.report.waiting, waiting{node: *n, text: text, role: roleEnv, list: list, index: index})
	}
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

// checkReferences judges the references of the document, and of the base file it was
// decoded over.
func (d *draft) checkReferences(l *loading) {
	all := slices.Concat(l.base.waiting, l.report.waiting)
	l.report.waiting = nil
	if l.strict && len(all) > 0 {
		l.notices.judge(d, l, all)
	}
}
