package dag

import (
	yaml "go.yaml.in/yaml/v4"
)

// entry is one key of a map with its value.
type entry struct {
	// key is the present name of the field.
	key string
	// keyNode is where the key stands, with the spelling of the file.
	keyNode node
	// value is a null node for an explicit null.
	value node
}

// entries are the keys of a map, in the order of the file.
type entries []entry

// get returns the entry of a key, also when its value is null; nil when the
// map does not have the key.
func (e entries) get(key string) *entry {
	for i := range e {
		if e[i].key == key {
			return &e[i]
		}
	}
	return nil
}

// given returns the entry of a key with a value other than null; nil without one.
func (e entries) given(key string) *entry {
	if found := e.get(key); found != nil && !found.value.null() {
		return found
	}
	return nil
}

// has reports whether the map has the key with a value other than null.
func (e entries) has(key string) bool { return e.given(key) != nil }

// indexedKeys is the size from which an index finds a repeated key faster
// than a comparison with all keys.
const indexedKeys = 32

// mapping gathers the entries of one map.
type mapping struct {
	all  entries
	seen map[string]int
}

func (m *mapping) get(key string) *entry {
	if m.seen == nil {
		return m.all.get(key)
	}
	if i, ok := m.seen[key]; ok {
		return &m.all[i]
	}
	return nil
}

func (m *mapping) add(e entry) {
	m.all = append(m.all, e)
	if m.seen != nil {
		m.seen[e.key] = len(m.all) - 1
		return
	}
	if len(m.all) == indexedKeys {
		m.seen = make(map[string]int, 2*indexedKeys)
		for i := range m.all {
			m.seen[m.all[i].key] = i
		}
	}
}

// entries returns the keys of a map in the order of the file. A repeated key
// is a failure. The maps behind a merge key (<<) come last and give what the
// map itself does not have.
func (n *node) entries() entries {
	m := mapping{all: make(entries, 0, len(n.Content)/2)}
	merged := false
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.at(n.Content[i], n.Content[i].Value, 0)
		switch {
		case key.Kind != yaml.ScalarNode:
			key.fail("a key must be a text, not %s", key.kind())
		case key.Tag == tagMerge:
			merged = true
		default:
			key.key = key.Value
			if earlier := m.get(key.Value); earlier != nil {
				key.failHere("%s is already defined at line %d", key.Value, earlier.keyNode.line)
				continue
			}
			m.add(entry{key: key.Value, keyNode: key, value: n.at(n.Content[i+1], key.Value, 0)})
		}
	}
	if merged {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if key := n.at(n.Content[i], "<<", 0); key.Tag == tagMerge {
				n.merge(&m, n.at(n.Content[i+1], "<<", 0))
			}
		}
	}
	return m.all
}

// merge adds the keys of a merged map, or of each map of a list, that are not there yet.
func (n *node) merge(m *mapping, source node) {
	switch source.Kind {
	case yaml.MappingNode:
		for _, e := range source.entries() {
			if m.get(e.key) == nil {
				e.keyNode.parent, e.value.parent = n, n
				m.add(e)
			}
		}
	case yaml.SequenceNode:
		for _, item := range source.items() {
			if item.Kind != yaml.MappingNode {
				item.fail("a merge key takes maps, not %s", item.kind())
				continue
			}
			n.merge(m, item)
		}
	default:
		source.fail("a merge key takes a map or a list of maps, not %s", source.kind())
	}
}
