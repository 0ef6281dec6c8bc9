package dag

import (
	"slices"
	"strings"

	"dagu/modules/dag/value"

	yaml "go.yaml.in/yaml/v4"
)

// maxConsts bounds what the constants of a DAG come to, in bytes: each may repeat
// the ones before it. Those of the largest files without references stay below.
const maxConsts = 1 << 20

// decodeConsts decodes constants. Each may use the ones before it, those of
// the base file included, and replaces the one of the base file that has its
// name.
func decodeConsts(d *draft, n node) {
	if n.Kind != yaml.SequenceNode {
		n.fail("consts must be a list of single-entry mappings, not %s", n.kind())
		return
	}
	values, total := make(map[string]string), 0
	for _, v := range d.dag.Consts {
		values[v.Name] = v.Value
		total += len(v.Value)
	}
	lines := make(map[string]int)
	var own []Var
	for i, item := range n.items() {
		e, ok := item.constant(i)
		if !ok {
			continue
		}
		if line, ok := lines[e.key]; ok {
			e.keyNode.failHere("consts: %s is already defined at line %d", e.key, line)
			continue
		}
		lines[e.key] = e.keyNode.line
		text := e.value.plain()
		if strings.Contains(text, "$") {
			e.value.checkConst(text, values)
			text = value.Scope{Consts: values}.Refs(text)
		}
		if total += len(text); total > maxConsts {
			e.value.failHere("consts come to more than %d bytes with this one", maxConsts)
			break
		}
		values[e.key] = text
		own = append(own, Var{Name: e.key, Value: text})
	}
	inherited := slices.DeleteFunc(slices.Clone(d.dag.Consts), func(v Var) bool { return lines[v.Name] > 0 })
	d.dag.Consts = append(inherited, own...)
}

// constant returns the only entry of a map in consts, after a check.
func (n *node) constant(index int) (*entry, bool) {
	if n.Kind != yaml.MappingNode {
		n.fail("consts[%d] must be one of single-entry mappings, not %s", index, n.kind())
		return nil, false
	}
	all := n.entries()
	if len(all) != 1 {
		n.fail("consts[%d] must have exactly one key, not %d", index, len(all))
		return nil, false
	}
	e := &all[0]
	_, finite := e.value.float()
	switch {
	case !validName(e.key):
		e.keyNode.failHere("consts key %q is invalid; it must match %s", e.key, namePattern)
	case !e.value.scalar():
		e.value.fail("a const must be a literal string, number, or boolean, not %s", e.value.kind())
	case e.value.Tag == tagFloat && !finite:
		e.value.fail("a const must be finite")
	default:
		return e, true
	}
	return nil, false
}
