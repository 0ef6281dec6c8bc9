package dag

import (
	"strings"
	"unicode"

	yaml "go.yaml.in/yaml/v4"
)

// Bytes that the parts of a label may have.
const (
	maxLabelKey   = 63
	maxLabelValue = 255
)

// decodeLabels decodes labels: a list of "key" and "key=value", a text of them
// split at blanks and commas, or a map.
func decodeLabels(d *draft, n node) {
	d.dag.Labels = clip(d.dag.Labels)
	if n.Kind == yaml.MappingNode {
		for _, e := range n.entries() {
			switch {
			case e.value.null():
				d.addLabel(e.keyNode, e.key)
			case e.value.scalar():
				d.addLabel(e.keyNode, e.key+"="+e.value.plain())
			default:
				e.value.fail("a label must be a text, not %s", e.value.kind())
			}
		}
		return
	}
	list := n.Kind == yaml.SequenceNode
	n.each("a text, a list of texts or a map", func(item node) {
		if !item.scalar() {
			item.fail("a label must be a text, not %s", item.kind())
			return
		}
		words := []string{item.plain()}
		if !list {
			words = strings.FieldsFunc(words[0], func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
		}
		for _, word := range words {
			d.addLabel(item, word)
		}
	})
}

func (d *draft) addLabel(n node, label string) {
	key, value, _ := strings.Cut(strings.ToLower(strings.TrimSpace(label)), "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	switch {
	case key == "":
		n.fail("a label must have a key")
		return
	case len(key) > maxLabelKey:
		n.fail("the key of a label must be at most %d bytes long", maxLabelKey)
		return
	case len(value) > maxLabelValue:
		n.fail("the value of a label must be at most %d bytes long", maxLabelValue)
		return
	}
	if value != "" {
		key += "=" + value
	}
	d.dag.Labels = append(d.dag.Labels, key)
}
