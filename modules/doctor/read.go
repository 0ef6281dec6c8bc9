package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v4"
)

// InputError says why a file cannot be examined.
type InputError struct {
	// File is the name of the input; Line and Column count from 1, and are 0
	// where the file as a whole is wrong.
	File         string
	Line, Column int
	// Message says what is wrong.
	Message string
}

func (e *InputError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// parse cuts a file into its documents; empty ones are left out.
func parse(in Input) ([]node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(in.Text))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", in.Name, err)
	}
	var documents []node
	for {
		var n yaml.Node
		if err := loader.Load(&n); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, notYAML(in, err)
		}
		if len(n.Content) == 0 {
			continue
		}
		document := node{file: in.Name}.at(n.Content[0], n.Content[0])
		if !document.exists() {
			continue
		}
		if err := readable(document); err != nil {
			return nil, err
		}
		documents = append(documents, document)
	}
	if len(documents) == 0 {
		return nil, &InputError{File: in.Name, Message: "there is nothing in it"}
	}
	return documents, nil
}

func notYAML(in Input, err error) error {
	wrong := &InputError{File: in.Name, Message: "not valid YAML: " + err.Error()}
	if fault, ok := errors.AsType[*yaml.LoadError](err); ok {
		wrong.Line, wrong.Column = max(fault.Mark.Line, 1), max(fault.Mark.Column, 1)
		wrong.Message = "not valid YAML: " + fault.Message
	}
	if bytes.Contains(in.Text, []byte("{{")) {
		wrong.Message += "; a template has to be rendered first, as by helm template"
	}
	return wrong
}

// readable tells whether a document is of one of the two languages, and says
// everything once.
func readable(n node) error {
	if !n.get("kind").exists() && n.get("services").value == nil {
		return &InputError{
			File: n.file, Line: n.line, Column: n.column,
			Message: "neither a Kubernetes manifest, which has a kind, nor a compose file, which has services",
		}
	}
	return unique(n.file, n.value)
}

// unique refuses keys that are given twice, of which each reader takes another.
func unique(file string, n *yaml.Node) error {
	if n.Kind == yaml.MappingNode {
		lines := make(map[string]int, len(n.Content)/2)
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			if first := lines[key.Value]; first != 0 && key.ShortTag() != "!!merge" {
				return &InputError{
					File: file, Line: key.Line, Column: key.Column,
					Message: fmt.Sprintf("the key %q is given twice, first in line %d", key.Value, first),
				}
			}
			lines[key.Value] = key.Line
		}
	}
	for _, child := range n.Content {
		if err := unique(file, child); err != nil {
			return err
		}
	}
	return nil
}
