package doctor

import (
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// node is a value of a file together with its place. A missing one has no value,
// and the place of what it is missing in.
type node struct {
	file         string
	value        *yaml.Node
	line, column int
}

// entry is a key of a mapping with its value.
type entry struct {
	key   string
	value node
}

func (n node) exists() bool { return n.value != nil }

// at is a child whose place is the key's, unless the value stands on its own.
func (n node) at(key, value *yaml.Node) node {
	place := key
	for value.Kind == yaml.AliasNode {
		value = value.Alias
	}
	if value.Kind == yaml.ScalarNode {
		if value.ShortTag() == "!!null" {
			value = nil
		} else {
			place = value
		}
	}
	return node{file: n.file, value: value, line: place.Line, column: place.Column}
}

// get follows keys down.
func (n node) get(keys ...string) node {
	for _, key := range keys {
		found := node{file: n.file, line: n.line, column: n.column}
		for _, e := range n.entries() {
			if e.key == key && e.value.exists() {
				found = e.value
				break
			}
		}
		n = found
	}
	return n
}

// entries are those of a mapping; none of anything else. What << brings in comes
// last, so that the mapping's own keys are found first.
func (n node) entries() []entry { return n.merged(map[*yaml.Node]bool{}) }

// merged visits each mapping once, however often it is merged.
func (n node) merged(seen map[*yaml.Node]bool) []entry {
	if !n.exists() || n.value.Kind != yaml.MappingNode || seen[n.value] {
		return nil
	}
	seen[n.value] = true
	var own, brought []entry
	content := n.value.Content
	for i := 0; i+1 < len(content); i += 2 {
		child := n.at(content[i], content[i+1])
		if content[i].ShortTag() != "!!merge" {
			own = append(own, entry{content[i].Value, child})
			continue
		}
		for _, source := range append(child.items(), child) {
			brought = append(brought, source.merged(seen)...)
		}
	}
	return append(own, brought...)
}

// items are those of a list; none of anything else.
func (n node) items() []node {
	if !n.exists() || n.value.Kind != yaml.SequenceNode {
		return nil
	}
	list := make([]node, len(n.value.Content))
	for i, item := range n.value.Content {
		list[i] = n.at(item, item)
	}
	return list
}

// text is a scalar as it is written; "" of anything else.
func (n node) text() string {
	if !n.exists() || n.value.Kind != yaml.ScalarNode {
		return ""
	}
	return n.value.Value
}

// number is a whole number, or what is given where there is none.
func (n node) number(otherwise int) int {
	i, err := strconv.Atoi(strings.TrimSpace(n.text()))
	if err != nil {
		return otherwise
	}
	return i
}

// is tells whether a scalar is this word, in any case.
func (n node) is(word string) bool { return strings.EqualFold(n.text(), word) }

// texts are the scalars of a list; a scalar is a list of one.
func (n node) texts() []string {
	if text := n.text(); text != "" {
		return []string{text}
	}
	var list []string
	for _, item := range n.items() {
		list = append(list, item.text())
	}
	return list
}

// named finds the item of a list by its name.
func (n node) named(name string) node {
	items := n.items()
	i := slices.IndexFunc(items, func(item node) bool { return item.get("name").text() == name })
	if i < 0 {
		return node{file: n.file, line: n.line, column: n.column}
	}
	return items[i]
}
