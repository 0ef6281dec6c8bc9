package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// templateRender renders a Go text/template.
func templateRender() *Definition {
	return &Definition{
		Name:    "template.render",
		Older:   []string{"template"},
		Summary: "Render a Go text/template and write the text to stdout or to a file.",
		Fields: []Field{
			{Name: "template", Kind: KindText, Raw: true, Doc: "The template. References in it are text; a key that data does not have fails the step."},
			{Name: "template_ref", Kind: KindText, Reference: true, Doc: "One whole reference to a text that is the template, such as ${steps.fetch.outputs.page}."},
			{Name: "data", Kind: KindAny, Blank: true, Doc: "What the template can name, as . and .KEY. A parameter without a value is empty here. JSON objects and lists in a text are read."},
			{Name: "output", Kind: KindText, Check: named, Doc: "The path of the file that the text is written to instead of stdout. It can be read by its owner only, and is never seen half written."},
		},
		Open:  true,
		Check: func(with Values) []Problem { return exclusive(with, "template", "template_ref") },
		Run:   render,
	}
}

// maxRendered bounds, in bytes, the text of a file, which is held in memory.
const maxRendered = 64 << 20

func render(ctx context.Context, c *Call) error {
	text := c.With.TextOr("template", c.With.Text("template_ref"))
	parsed, err := template.New("template").Option("missingkey=error").Parse(text)
	if err != nil {
		return fmt.Errorf("parse template: %w", err)
	}
	for _, one := range parsed.Templates() {
		if one.Tree != nil {
			writeOften(one.Root)
			writeFirst(one.Root)
		}
	}
	data := templateData(c.With["data"])
	if !c.With.Has("output") {
		if err = parsed.Execute(&interruptible{ctx: ctx, to: c.Stdout}, data); err != nil {
			return fmt.Errorf("render template: %w", err)
		}
		return nil
	}
	var b strings.Builder
	if err = parsed.Execute(&interruptible{ctx: ctx, to: &b, most: maxRendered}, data); err != nil {
		return fmt.Errorf("render template: %w", err)
	}
	path := c.Path(c.With.Text("output"))
	if err = replaceFile(path, strings.NewReader(b.String())); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// writeOften has each turn of a loop in the list begin with a write, if only of nothing:
// what looks at the end of ctx is the writer.
func writeOften(list *parse.ListNode) {
	if list == nil {
		return
	}
	for _, n := range list.Nodes {
		switch n := n.(type) {
		case *parse.IfNode:
			writeOften(n.List)
			writeOften(n.ElseList)
		case *parse.WithNode:
			writeOften(n.List)
			writeOften(n.ElseList)
		case *parse.RangeNode:
			writeOften(n.List)
			writeOften(n.ElseList)
			writeFirst(n.List)
		}
	}
}

func writeFirst(list *parse.ListNode) {
	if list != nil {
		list.Nodes = slices.Insert(list.Nodes, 0, parse.Node(&parse.TextNode{NodeType: parse.NodeText}))
	}
}

// templateData returns what a template can name; without data that is an empty map, in
// which every key is missing.
func templateData(v any) any {
	switch v := v.(type) {
	case nil:
		return map[string]any{}
	case string:
		if trimmed := strings.TrimSpace(v); strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
			if decoded, err := decodeJSON(trimmed); err == nil {
				return decoded
			}
		}
	}
	return v
}

// interruptible fails writes once ctx has ended, or most bytes were written; 0 is any
// number.
type interruptible struct {
	ctx     context.Context //nolint:containedctx // a writer has no other way to get it
	to      io.Writer
	most    int
	written int
}

// Write writes p.
func (w *interruptible) Write(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	if len(p) == 0 {
		return 0, nil
	}
	if w.written += len(p); w.most > 0 && w.written > w.most {
		return 0, errors.New("the text is too large: " + fmt.Sprintf("it exceeded maximum size limit of %d bytes", w.most))
	}
	return w.to.Write(p)
}
