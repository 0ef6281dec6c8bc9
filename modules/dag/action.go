package dag

import (
	"fmt"
	"strconv"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"dagu/modules/action"
)

// actionRows are the fields of a step that name an action, with its successors'
// older spellings.
//
//nolint:gochecknoglobals // a constant in all but name
var actionRows = append([]row[stepDraft]{
	{"action", func(*stepDraft, node) {}}, // with its neighbours, see execution
}, unsupported[stepDraft]("call", "config", "exec", "executor", "params", "type")...)

// decodeAction decodes an action with its with, which may be nil.
func decodeAction(name node, with *entry) *Action {
	text, ok := name.text()
	if !ok {
		return nil
	}
	definition, ok := action.Lookup(text)
	if !ok {
		name.unknownAction(text)
		return nil
	}
	a := &Action{Name: definition.Name}
	if with == nil || with.value.null() {
		a.With = make(map[string]any)
		name.judgeWith(definition, a.With, nil)
		return a
	}
	if len(definition.Fields) == 0 && !definition.Open {
		with.keyNode.failHere("action %s takes no with", text)
		return a
	}
	if with.value.Kind != yaml.MappingNode {
		with.value.fail("with must be a map, not %s", with.value.kind())
		return a
	}
	fields := with.value.entries()
	a.With = make(map[string]any, len(fields))
	for i := range fields {
		e := &fields[i]
		a.With[e.key] = e.value.tree(!definition.Raw(e.key))
	}
	with.value.judgeWith(definition, a.With, fields)
	return a
}

// unknownAction records an action that there is not.
func (n *node) unknownAction(name string) {
	root := n
	for root.parent != nil {
		root = root.parent
	}
	if n.report.custom[name] || root.custom()[name] {
		n.unsupported(fmt.Sprintf("action %q, a custom one,", name))
		return
	}
	if action.Unsupported(name) {
		n.failHere("action %q is not supported", name)
		return
	}
	n.failHere("action %q is unknown%s", name, n.didYouMean(name, action.Names()))
}

// judgeWith records what is wrong with the fields of an action.
func (n *node) judgeWith(d *action.Definition, with map[string]any, fields entries) {
	for _, p := range d.Problems(with, false) {
		at := fields.get(p.Key)
		switch {
		case at == nil:
			n.failHere("action %s: %s", d.Name, p.Message)
		case p.Unknown:
			at.keyNode.invalidKey(d.Names())
		default:
			at.value.fail("%s %s", p.Key, p.Message)
		}
	}
}

// tree returns a value as plain data, see Action.With. Resolved tells that its texts
// may hold references, which are looked at then.
func (n *node) tree(resolved bool) any {
	switch {
	case n.Kind == yaml.MappingNode:
		all := n.entries()
		m := make(map[string]any, len(all))
		for i := range all {
			m[all[i].key] = all[i].value.tree(resolved)
		}
		return m
	case n.Kind == yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.items() {
			list = append(list, item.tree(resolved))
		}
		return list
	case n.null():
		return nil
	case n.Kind == yaml.ScalarNode && n.Tag == tagBool:
		return strings.EqualFold(n.Value, "true")
	case n.Kind == yaml.ScalarNode && (n.Tag == tagInt || n.Tag == tagFloat):
		return n.numeral()
	case !n.textual():
		n.fail("must be a text, number, boolean, list or map, not %s", n.kind())
		return nil
	}
	if resolved {
		n.check(n.Value)
	}
	return n.Value
}

// numeral returns a number as int64 or float64. One that YAML 1.1 and 1.2 read
// differently, such as 0644, and one that JSON has no form for, is a text.
func (n *node) numeral() any {
	text := n.plain()
	if i, err := strconv.ParseInt(text, 10, 64); err == nil && strconv.FormatInt(i, 10) == text {
		return i
	}
	if f, ok := n.float(); ok && n.Tag == tagFloat {
		return f
	}
	return n.Value
}
