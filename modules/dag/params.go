package dag

import (
	"encoding/json"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// paramList are the declarations of one file.
type paramList struct {
	params []Param
	// lines says where each name is declared.
	lines map[string]int
	draft *draft
	// schema tells that there is a JSON schema in place of declarations.
	schema bool
}

// decodeParams decodes the declarations of parameters: a text of words, a JSON
// text, a map sorted by key, a list of texts, single-entry maps and typed
// declarations, or a JSON schema. One of the base file that has the same name is
// replaced, in its place. A schema and declarations replace each other.
func decodeParams(d *draft, n node) {
	own := paramList{lines: make(map[string]int), draft: d}
	if own.decode(n); own.schema {
		return
	}
	d.dag.ParamSchema, d.dag.ParamSchemaFrom, d.dag.ParamValues = nil, "", nil
	inherited := make(map[string]int, len(d.dag.Params))
	for i, p := range d.dag.Params {
		if p.Name != "" {
			inherited[p.Name] = i
		}
	}
	d.dag.Params = slices.Clone(d.dag.Params)
	for _, p := range own.params {
		if i, ok := inherited[p.Name]; ok {
			d.dag.Params[i] = p
			continue
		}
		d.dag.Params = append(d.dag.Params, p)
	}
}

func (l *paramList) decode(n node) {
	switch n.Kind {
	case yaml.MappingNode:
		l.decodeMap(n)
	case yaml.SequenceNode:
		for _, item := range n.items() {
			l.decodeItem(item)
		}
	default:
		l.decodeText(n)
	}
}

// add adds a declaration; n is where its name stands.
func (l *paramList) add(n node, p Param) {
	if line, ok := l.lines[p.Name]; ok && p.Name != "" {
		n.failHere("params: %s is already declared at line %d", p.Name, line)
		return
	}
	l.lines[p.Name] = n.line
	l.params = append(l.params, p)
}

// decodeMap decodes the form of a map, which is also the form of a JSON Schema.
func (l *paramList) decodeMap(n node) {
	all := n.entries()
	if l.schema = isSchema(all); l.schema {
		l.draft.decodeSchema(n, all)
		return
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	for i := range all {
		l.addNamed(&all[i])
	}
}

// decodeItem decodes one entry of a list.
func (l *paramList) decodeItem(n node) {
	switch {
	case n.Kind == yaml.MappingNode:
		all := n.entries()
		if len(all) > 1 && all.get("name") != nil {
			l.addTyped(n)
			return
		}
		if len(all) != 1 {
			n.fail("params: an entry must be a text, a map with one key, or a map with name and type or another property; found %d keys", len(all))
			return
		}
		l.addNamed(&all[0])
	case n.null():
	case n.scalar():
		l.addWord(n, n.plain())
	default:
		n.fail("params: an entry must be a text or a map, not %s", n.kind())
	}
}

// addWord adds a parameter from "NAME=default" or a positional default.
func (l *paramList) addWord(n node, word string) {
	name, text, named := strings.Cut(word, "=")
	switch {
	case !named:
		l.add(n, Param{Type: ParamString, Default: &word})
	case !validName(name):
		n.fail("params name %q must match %s", name, namePattern)
	default:
		l.add(n, Param{Name: name, Type: ParamString, Default: &text})
	}
}

// addNamed adds a parameter from "NAME: default".
func (l *paramList) addNamed(e *entry) {
	if !validName(e.key) {
		e.keyNode.failHere("params name %q must match %s", e.key, namePattern)
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
	l.add(e.keyNode, p)
}

// decodeText decodes the form of a text: JSON, or words.
func (l *paramList) decodeText(n node) {
	text := strings.TrimSpace(n.plain())
	if text != "" && json.Valid([]byte(text)) && strings.ContainsAny(text[:1], "{[") {
		l.decode(n.embedded(text))
		return
	}
	words, err := splitWords(text)
	if err != nil {
		n.fail("params: %s", err)
		return
	}
	for _, word := range words {
		l.addWord(n, word)
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
