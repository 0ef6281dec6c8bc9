package dag

import (
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// decodeContainer decodes the container that a document or a step is to run in: the
// name of a running one, or a map. There are no containers here, so that a file with
// one is right and cannot be run, see [Load].
func decodeContainer(_ *draft, n node) {
	n.report.containers = append(n.report.containers, n)
	if n.Kind != yaml.MappingNode {
		if name, ok := n.reference(); ok && strings.TrimSpace(name) == "" {
			n.fail("container must not be blank")
		}
		return
	}
	all := n.entries()
	for i := range all {
		switch e := &all[i]; {
		case e.value.null():
		case e.key == "env":
			decodeEnv(e.value)
		default:
			e.value.tree(true)
		}
	}
}

// refuseContainers records what keeps the DAG from being run.
func (l *loading) refuseContainers() {
	for _, list := range [...][]node{l.base.containers, l.report.containers} {
		for i := range list {
			n := &list[i]
			l.report.add(&Error{
				File: n.report.file, Line: n.line, Column: n.column, Field: n.path(), Message: notSupported("container") + "; use run with a command such as docker run",
			})
		}
	}
}
