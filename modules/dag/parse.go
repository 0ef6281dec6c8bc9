package dag

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// maxDepth bounds the nesting of a file; the language needs far less.
const maxDepth = 64

// maxNodes bounds what a file holds once its aliases are written out. A file
// of the largest size without aliases stays below.
const maxNodes = 200_000

// document is one document of a file.
type document struct {
	// root is its content; an empty document has none.
	root *yaml.Node
	// key begins the paths of its fields; "" for the first document.
	key string
	// index counts the documents of the file from 0, empty ones included.
	index        int
	line, column int
}

// empty reports whether there is nothing in the document.
func (d document) empty() bool {
	return d.root == nil || (d.root.Kind == yaml.ScalarNode && d.root.Tag == tagNull) ||
		(d.root.Kind == yaml.MappingNode && len(d.root.Content) == 0)
}

// parse cuts a text into its documents. A text that is no YAML is a failure,
// and the documents before the fault are returned.
func (r *report) parse(text []byte) []document {
	if !r.readable(text) {
		return nil
	}
	// The library knows the directive of version 1.1 only, and heeds neither.
	if bytes.HasPrefix(text, []byte("%YAML 1.2")) {
		text = slices.Concat([]byte("%YAML 1.1"), text[len("%YAML 1.1"):])
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		r.fail(1, 1, "invalid yaml: %s", err)
		return nil
	}
	aliases := bytes.IndexByte(text, '*') >= 0 && bytes.IndexByte(text, '&') >= 0
	var documents []document
	for {
		var n yaml.Node
		if err := loader.Load(&n); err != nil {
			if !errors.Is(err, io.EOF) {
				r.notYAML(text, err)
			}
			return documents
		}
		d := document{index: len(documents), line: max(n.Line, 1), column: max(n.Column, 1)}
		if len(n.Content) == 1 {
			d.root = n.Content[0]
		}
		if aliases && d.root != nil && !r.bounded(d.root) {
			return documents
		}
		documents = append(documents, d)
	}
}

// readable reports whether a text is small enough and made of characters that
// YAML allows; otherwise the first fault is recorded.
func (r *report) readable(text []byte) bool {
	if len(text) > MaxFileSize {
		r.fail(1, 1, "the file is larger than %d bytes", MaxFileSize)
		return false
	}
	line, start := 1, 0
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case c == '\n':
			line, start = line+1, i+1
			i++
		case c >= ' ' && c < 0x7f, c == '\t', c == '\r':
			i++
		case c < ' ', c == 0x7f:
			r.fail(line, 1+utf8.RuneCount(text[start:i]), "invalid yaml: the control character 0x%02x is not allowed", c)
			return false
		default:
			_, size := utf8.DecodeRune(text[i:])
			if size == 1 {
				r.fail(line, 1+utf8.RuneCount(text[start:i]), "invalid yaml: the byte 0x%02x is not UTF-8", c)
				return false
			}
			i += size
		}
	}
	return true
}

// notYAML records a fault of the syntax.
func (r *report) notYAML(text []byte, err error) {
	var fault *yaml.LoadError
	if !errors.As(err, &fault) {
		r.fail(1, 1, "invalid yaml: %s", err)
		return
	}
	message := fault.Message
	if fault.ContextMsg != "" {
		message = fault.ContextMsg + ": " + message
	}
	line := max(fault.Mark.Line, 1)
	if tabbed(text, line) {
		message += "; indent with blanks, not with tabs"
	}
	r.fail(line, max(fault.Mark.Column, 1), "invalid yaml: %s", message)
}

// tabbed reports whether a line, counted from 1, is indented with a tab.
func tabbed(text []byte, line int) bool {
	for ; line > 1; line-- {
		_, text, _ = bytes.Cut(text, []byte("\n"))
	}
	indent := text[:len(text)-len(bytes.TrimLeft(text, " \t"))]
	return bytes.IndexByte(indent, '\t') >= 0
}

// bounded reports whether a document with aliases stays small when they are
// written out, and holds no alias inside its own anchor.
func (r *report) bounded(root *yaml.Node) bool {
	sizes := make(map[*yaml.Node]int)
	const open = -1
	var size func(n *yaml.Node) int
	size = func(n *yaml.Node) int {
		if n.Kind == yaml.AliasNode {
			total, counted := sizes[n.Alias]
			if total == open {
				r.fail(n.Line, n.Column, "invalid yaml: the alias *%s stands inside its own anchor", n.Value)
				return maxNodes + 1
			}
			if counted {
				return total
			}
			return size(n.Alias)
		}
		sizes[n] = open
		total := 1
		for _, child := range n.Content {
			if total += size(child); total > maxNodes {
				return total
			}
		}
		sizes[n] = total
		return total
	}
	if size(root) <= maxNodes {
		return true
	}
	if len(r.errors) == 0 {
		r.fail(root.Line, root.Column, "invalid yaml: aliases expand the file to more than %d nodes", maxNodes)
	}
	return false
}
