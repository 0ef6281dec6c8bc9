package dag

import "strings"

// reference returns a text that may hold references, after a check that this
// release knows what they refer to.
func (n *node) reference() (string, bool) {
	text, ok := n.text()
	if ok {
		n.check(text)
	}
	return text, ok
}

// check looks at the references of a text that is resolved when it is used.
func (n *node) check(text string) {
	if !strings.Contains(text, "${") {
		return
	}
	n.report.references = append(n.report.references, *n)
}
