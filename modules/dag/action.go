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
var actionRows = []row[stepDraft]{
	{"action", func(*stepDraft, node) {}}, // with their neighbours, see execution
	{"call", func(_ *stepDraft, n node) { n.deprecated("use action: dag.run and with.dag") }},
	{"params", func(_ *stepDraft, n node) { n.deprecated("use with.params") }},
	{"exec", func(_ *stepDraft, n node) { n.deprecated("use action: exec") }},
	{"type", func(_ *stepDraft, n node) { n.deprecated("use action") }},
	{"config", func(_ *stepDraft, n node) { n.deprecated("use with") }},
	{"executor", func(_ *stepDraft, n node) {
		if n.Kind == yaml.MappingNode {
			n.deprecated("use action and with")
			return
		}
		n.deprecated("use action")
	}},
}

// decodeAction decodes an action with its with, which may be nil. More are fields that
// stand elsewhere in older files.
func decodeAction(name node, with *entry, more ...entry) *Action {
	text, ok := name.text()
	if !ok {
		return nil
	}
	definition, ok := action.Lookup(text)
	if !ok {
		name.unknownAction(text)
		return nil
	}
	a := &Action{Name: definition.Name, With: make(map[string]any)}
	at, fields := name, entries(nil)
	if with != nil && !with.value.null() {
		if len(definition.Fields) == 0 && !definition.Open {
			with.keyNode.failHere("action %s takes no with", text)
			return a
		}
		if with.value.Kind != yaml.MappingNode {
			with.value.fail("%s must be a map, not %s", with.key, with.value.kind())
			return a
		}
		at, fields = with.value, with.value.entries()
		fields.respell(definition)
	}
	for i := range more {
		if other := fields.get(more[i].key); other != nil {
			other.keyNode.failHere("%s already says what %s is", more[i].keyNode.Value, more[i].key)
			continue
		}
		fields = append(fields, more[i])
	}
	for i := range fields {
		e := &fields[i]
		a.With[e.key] = e.value.tree(!definition.Raw(e.key))
	}
	at.judgeWith(definition, a.With, fields)
	return a
}

// respell gives the fields that have the spelling of older releases the present one.
func (e entries) respell(definition *action.Definition) {
	for i := range e {
		present, ok := definition.Present(e[i].key)
		if !ok {
			continue
		}
		if other := e.get(present); other != nil {
			e[i].keyNode.failHere("%s and %s are two spellings of one field; use %s", other.keyNode.Value, e[i].key, present)
		}
		e[i].keyNode.deprecated("use " + present)
		e[i].key, e[i].value.key = present, present
	}
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
	if use, ok := action.Unsupported(name); ok {
		n.failHere("action %q is not supported; use %s", name, use)
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
