package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v4"
)

// pair is an entry of a mapping.
type pair struct{ key, value *yaml.Node }

// section reads a mapping whose keys begin with prefix.
func (f *file) section(node *yaml.Node, prefix string) {
	seen := map[string]*yaml.Node{}
	for _, p := range pairs(node) {
		name, ok := f.spelling(p.key, prefix, f.children(prefix))
		if !ok {
			continue
		}
		if first := seen[name]; first != nil {
			f.fail(&Error{
				Origin: f.at(p.key.Line), Key: name,
				Message: fmt.Sprintf("given twice, as %s in line %d and as %s here; keep one", quote(first.Value), first.Line, quote(p.key.Value)),
			})
			continue
		}
		seen[name] = p.key
		f.entry(name, p)
	}
}

// entry reads the value of a key, or the section of that name.
func (f *file) entry(name string, p pair) {
	value := follow(p.value)
	if isNull(value) {
		return
	}
	k, ok := f.key(name)
	if !ok {
		if value.Kind != yaml.MappingNode {
			// What stands there may be a secret in the wrong place.
			f.reject(p.key.Line, key{name: name}, kindOf(value), "want a mapping of keys to values")
			return
		}
		f.section(value, name+".")
		return
	}
	origin := f.at(p.key.Line)
	if k.list != nil {
		if value.Kind != yaml.SequenceNode {
			f.reject(p.key.Line, k, found(value), "want a list")
			return
		}
		f.set[name] = setting{value: k.list(f, k, value), origin: origin}
		return
	}
	if value.Kind != yaml.ScalarNode {
		f.reject(value.Line, k, found(value), "want a single value")
		return
	}
	f.scalar(f.set, k, given{text: value.Value, origin: f.at(value.Line), from: f.from})
}

// spelling finds which of the names below prefix a key means. Names are compared
// without case and underscores, so that camelCase is understood.
func (f *file) spelling(node *yaml.Node, prefix string, names []string) (string, bool) {
	node = follow(node)
	for _, name := range names {
		if fold(node.Value) != fold(name) {
			continue
		}
		if node.Value != name {
			f.warn(f.at(node.Line), fmt.Sprintf("%s: the key is spelled %s", prefix+node.Value, prefix+name))
		}
		return prefix + name, true
	}
	message := "unknown key " + quote(prefix+node.Value) + " is ignored"
	if near := f.nearest(prefix, node.Value, names); near != "" {
		message += "; did you mean " + near + "?"
	}
	f.warn(f.at(node.Line), message)
	return "", false
}

// children lists the keys and sections directly below prefix.
func (f *file) children(prefix string) []string {
	var names []string
	seen := map[string]bool{}
	for _, k := range f.keys {
		rest, ok := strings.CutPrefix(k.name, prefix)
		if !ok {
			continue
		}
		name, _, _ := strings.Cut(rest, ".")
		if !seen[name] {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}

// reject reports a value that cannot be used.
func (f *file) reject(line int, k key, what, want string) {
	f.broken[k.name] = true
	f.fail(&Error{Origin: f.at(line), Key: k.name, Found: what, Message: want})
}

// pairs lists the entries of a mapping, those that << brings in last and only
// where the mapping has none of that name itself (https://yaml.org/type/merge.html).
func pairs(node *yaml.Node) []pair {
	var own, merged []pair
	for i := 0; i+1 < len(node.Content); i += 2 {
		p := pair{key: node.Content[i], value: node.Content[i+1]}
		if p.key.ShortTag() != "!!merge" {
			own = append(own, p)
			continue
		}
		from := []*yaml.Node{p.value}
		if list := follow(p.value); list.Kind == yaml.SequenceNode {
			from = list.Content
		}
		for _, n := range from {
			merged = append(merged, pairs(follow(n))...)
		}
	}
	have := map[string]bool{}
	for _, p := range own {
		have[p.key.Value] = true
	}
	for _, p := range merged {
		if !have[p.key.Value] {
			have[p.key.Value] = true
			own = append(own, p)
		}
	}
	return own
}

// follow replaces an alias by what it stands for.
func follow(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode && node.Alias != nil {
		node = node.Alias
	}
	return node
}

func isNull(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && node.ShortTag() == "!!null"
}

// found is a node as a message shows it.
func found(node *yaml.Node) string {
	if node.Kind == yaml.ScalarNode {
		return node.Value
	}
	return kindOf(node)
}

func kindOf(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	default:
		return "a single value"
	}
}

func fold(name string) string { return strings.ToLower(strings.ReplaceAll(name, "_", "")) }
