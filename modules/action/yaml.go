package action

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// The limits of YAML that is read as data.
const (
	// maxYAML is in bytes: the parser takes long for what is large.
	maxYAML = 4 << 20
	// maxYAMLDepth bounds the nesting.
	maxYAMLDepth = 200
	// maxYAMLNodes bounds what there is once aliases are written out.
	maxYAMLNodes = 2_000_000
)

// decodeYAML returns the value of a text that is one YAML document. Dates are texts,
// keys are made texts.
func decodeYAML(text string) (any, error) {
	if len(text) > maxYAML {
		return nil, fmt.Errorf("the YAML exceeded maximum size limit of %d bytes", maxYAML)
	}
	limits := loaderlimits.New(loaderlimits.DepthValue(maxYAMLDepth))
	loader, err := yaml.NewLoader(strings.NewReader(text), yaml.WithPlugin(limits))
	if err != nil {
		return nil, fmt.Errorf("read YAML: %w", err)
	}
	var root, next yaml.Node
	switch err = loader.Load(&root); {
	case errors.Is(err, io.EOF):
		return nil, nil
	case err == nil:
		if err = loader.Load(&next); err == nil {
			err = fmt.Errorf("line %d: a second document begins", next.Line)
		}
	}
	if !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the data is not valid YAML: %w", err)
	}
	left := maxYAMLNodes
	v, err := (&yamlReader{left: &left}).value(root.Content[0])
	if err != nil {
		return nil, fmt.Errorf("the data is not valid YAML: %w", err)
	}
	return plain(v), nil
}

// yamlReader turns nodes into values. Aliases are written out, so that a short text
// could become a huge value: left counts down.
type yamlReader struct {
	left *int
	// open are the anchors that are being read.
	open []*yaml.Node
}

func (r *yamlReader) value(n *yaml.Node) (any, error) {
	if *r.left--; *r.left < 0 {
		return nil, fmt.Errorf("line %d: aliases expand it to more than %d nodes", n.Line, maxYAMLNodes)
	}
	switch n.Kind {
	case yaml.AliasNode:
		if slices.Contains(r.open, n.Alias) {
			return nil, fmt.Errorf("line %d: the alias *%s stands inside its own anchor", n.Line, n.Value)
		}
		r.open = append(r.open, n.Alias)
		defer func() { r.open = r.open[:len(r.open)-1] }()
		return r.value(n.Alias)
	case yaml.SequenceNode:
		list := make([]any, 0, len(n.Content))
		for _, item := range n.Content {
			v, err := r.value(item)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, nil
	case yaml.MappingNode:
		return r.mapping(n)
	default:
		return scalar(n)
	}
}

// mapping reads a map. Keys of its own come before those that it merges.
func (r *yamlReader) mapping(n *yaml.Node) (any, error) {
	m := make(map[string]any, len(n.Content)/2)
	var merged []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, item := n.Content[i], n.Content[i+1]
		if key.Tag == "!!merge" {
			merged = append(merged, item)
			continue
		}
		name, err := r.value(key)
		if err != nil {
			return nil, err
		}
		text := key.Value
		switch name.(type) {
		case nil:
		case []any, map[string]any:
			return nil, fmt.Errorf("line %d: a key must be a text, not %s", key.Line, describe(name))
		default:
			text = textOf(name)
		}
		if _, again := m[text]; again {
			return nil, fmt.Errorf("line %d: the key %q is there twice", key.Line, text)
		}
		if m[text], err = r.value(item); err != nil {
			return nil, err
		}
	}
	for _, item := range merged {
		if err := r.merge(m, item); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// merge adds the keys of a map, or of the maps of a list, that are not there yet.
func (r *yamlReader) merge(m map[string]any, item *yaml.Node) error {
	v, err := r.value(item)
	if err != nil {
		return err
	}
	sources, ok := v.([]any)
	if !ok {
		sources = []any{v}
	}
	for _, source := range sources {
		from, ok := source.(map[string]any)
		if !ok {
			return fmt.Errorf("line %d: a merge key takes maps", item.Line)
		}
		for key, v := range from {
			if _, has := m[key]; !has {
				m[key] = v
			}
		}
	}
	return nil
}

// scalar returns a text, number, boolean or nil.
func scalar(n *yaml.Node) (any, error) {
	switch n.Tag {
	case "!!null":
		return nil, nil
	case "!!bool", "!!int", "!!float":
		var v any
		if err := n.Decode(&v); err != nil {
			return nil, fmt.Errorf("line %d: %w", n.Line, err)
		}
		return v, nil
	case "!!str", "!!timestamp", "!!merge":
		return n.Value, nil
	}
	return nil, fmt.Errorf("line %d: a value with the tag %s cannot be read", n.Line, n.Tag)
}

// encodeYAML returns the YAML of a value, with sorted keys and two blanks for each level.
func encodeYAML(v any) ([]byte, error) {
	if err := Measure(v); err != nil {
		return nil, fmt.Errorf("encode YAML: %w", err)
	}
	text, err := yaml.Dump(v)
	if err != nil {
		return nil, fmt.Errorf("encode YAML: %w", err)
	}
	if len(text) == 0 {
		return nil, errors.New("encode YAML: nothing came of it")
	}
	return text, nil
}
