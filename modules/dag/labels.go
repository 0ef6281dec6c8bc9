package dag

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
)

// Characters that the parts of a label may have.
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

func (d *draft) addLabel(n node, text string) {
	label, err := CleanLabel(text)
	if err != nil {
		n.fail("%s", err)
		return
	}
	d.dag.Labels = append(d.dag.Labels, label)
}

// CleanLabel returns a label as a DAG has it: "key" or "key=value" in lower case,
// without blanks around either and without an empty value. The error says that
// there is no key, or that a part is too long.
func CleanLabel(text string) (string, error) {
	key, value, _ := strings.Cut(strings.ToLower(text), "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	switch {
	case key == "":
		return "", errors.New("a label must be key or key=value")
	case utf8.RuneCountInString(key) > maxLabelKey:
		return "", fmt.Errorf("the key of a label must be at most %d characters long", maxLabelKey)
	case utf8.RuneCountInString(value) > maxLabelValue:
		return "", fmt.Errorf("the value of a label must be at most %d characters long", maxLabelValue)
	case value == "":
		return key, nil
	}
	return key + "=" + value, nil
}
