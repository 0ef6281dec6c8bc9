package dag

import (
	"encoding/json"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// decodeParams decodes the declarations of parameters: a text of words, a JSON
// text, a map sorted by key, or a list of texts, single-entry maps and typed
// declarations.
func decodeParams(d *draft, n node) {
	before := len(d.dag.Params)
	d.dag.Params = clip(d.dag.Params)
	switch {
	case n.Kind == yaml.MappingNode:
		d.paramMap(n)
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.items() {
			d.param(item)
		}
	case n.scalar():
		d.paramText(n)
	default:
		n.fail("params must be a text, a list or a map, not %s", n.kind())
	}
	d.inheritParams(n, before)
}

// inheritParams lets the declarations from index own on replace those of the
// base file that have the same name, at the place of the latter.
func (d *draft) inheritParams(n node, own int) {
	params := d.dag.Params
	kept := slices.Clone(params[:own])
	for i, p := range params[own:] {
		if p.Name == "" {
			kept = append(kept, p)
			continue
		}
		same := func(q Param) bool { return q.Name == p.Name }
		if slices.ContainsFunc(params[own:own+i], same) {
			n.fail("params: %s is declared twice", p.Name)
			continue
		}
		if at := slices.IndexFunc(kept, same); at >= 0 {
			kept[at] = p
			continue
		}
		kept = append(kept, p)
	}
	d.dag.Params = kept
}

// paramMap decodes the form of a map, which is also the form of a JSON Schema.
func (d *draft) paramMap(n node) {
	all := n.entries()
	if all.has("schema") || (all.has("type") && all.has("properties")) {
		n.unsupported("a JSON Schema in params")
		return
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	for i := range all {
		d.namedParam(&all[i])
	}
}

// param decodes one entry of a list.
func (d *draft) param(n node) {
	switch {
	case n.Kind == yaml.MappingNode:
		all := n.entries()
		if len(all) > 1 && all.get("name") != nil {
			d.typedParam(n)
			return
		}
		if len(all) != 1 {
			n.fail("params: an entry must be a text, a map with one key, or a map with name and type or another property; found %d keys", len(all))
			return
		}
		d.namedParam(&all[0])
	case n.null():
	case n.scalar():
		d.addParam(n, n.plain())
	default:
		n.fail("params: an entry must be a text or a map, not %s", n.kind())
	}
}

// addParam adds a parameter from "NAME=default" or a positional default.
func (d *draft) addParam(n node, word string) {
	name, text, named := strings.Cut(word, "=")
	switch {
	case !named:
		d.dag.Params = append(d.dag.Params, Param{Type: ParamString, Default: &word})
	case !validName(name):
		n.fail("params name %q must match %s", name, namePattern)
	default:
		d.dag.Params = append(d.dag.Params, Param{Name: name, Type: ParamString, Default: &text})
	}
}

// namedParam adds a parameter from "NAME: default".
func (d *draft) namedParam(e *entry) {
	if !validName(e.key) {
		e.keyNode.fail("params name %q must match %s", e.key, namePattern)
		return
	}
	p := Param{Name: e.key, Type: ParamString}
	if !e.value.null() {
		text, ok := e.value.anyText()
		if !ok {
			return
		}
		p.Default = &text
	}
	d.dag.Params = append(d.dag.Params, p)
}

// paramText decodes the form of a text: JSON, or words.
func (d *draft) paramText(n node) {
	text := strings.TrimSpace(n.plain())
	if text != "" && json.Valid([]byte(text)) && strings.ContainsAny(text[:1], "{[") {
		decodeParams(d, n.embedded(text))
		return
	}
	words, err := splitWords(text)
	if err != nil {
		n.fail("params: %s", err)
		return
	}
	for _, word := range words {
		d.addParam(n, word)
	}
}

// embedded returns the content of a JSON text, all of it at the place of n.
// JSON is read as the YAML that it also is.
func (n *node) embedded(text string) node {
	var content yaml.Node
	inner := *n
	if err := yaml.Load([]byte(text), &content, yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth)))); err != nil || len(content.Content) != 1 {
		n.fail("must be JSON: %v", err)
		inner.Node = &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		return inner
	}
	inner.Node = content.Content[0]
	inner.place(inner.Node)
	return inner
}

// place gives a tree of nodes the position of n.
func (n *node) place(tree *yaml.Node) {
	tree.Line, tree.Column = n.line, n.column
	for _, child := range tree.Content {
		n.place(child)
	}
}
