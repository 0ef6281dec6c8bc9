package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// The formats of data.
const (
	formatJSON = "json"
	formatYAML = "yaml"
	formatCSV  = "csv"
	formatTSV  = "tsv"
	formatText = "text"
)

func formats() []string { return []string{formatJSON, formatYAML, formatCSV, formatTSV, formatText} }

// dataConvert turns data of one format into another.
func dataConvert() *Definition {
	return &Definition{
		Name:    "data.convert",
		Summary: "Convert data between JSON, YAML, CSV, TSV and text, and write it to stdout.",
		Fields: append([]Field{
			{Name: "from", Kind: KindText, Required: true, OneOf: formats(), Doc: "The format that is read."},
			{Name: "to", Kind: KindText, Required: true, OneOf: formats(), Doc: "The format that is written. JSON is written on one line, with sorted keys."},
		}, append(dataFields(), tableFields()...)...),
		Check: func(with Values) []Problem {
			return append(exclusive(with, "data", "input"), checkTable(with)...)
		},
		Run: func(_ context.Context, c *Call) error {
			value, err := c.decoded()
			if err != nil {
				return err
			}
			return c.encode(value, c.With.Text("to"))
		},
	}
}

// dataPick takes a part of data.
func dataPick() *Definition {
	return &Definition{
		Name:    "data.pick",
		Summary: "Take a part of JSON, YAML, CSV, TSV or text, and write it to stdout.",
		Fields: append([]Field{
			{Name: "from", Kind: KindText, Required: true, OneOf: formats(), Doc: "The format that is read."},
			{Name: "select", Kind: KindText, Required: true, Doc: "The jq path of what is taken, such as .items[0].name; the first dot may be left out."},
			{Name: "raw", Kind: KindBoolean, Doc: "Write texts without quotes and everything else as JSON on one line."},
			{Name: "to", Kind: KindText, OneOf: formats(), Doc: "The format that is written; json by default."},
		}, append(dataFields(), tableFields()...)...),
		Check: func(with Values) []Problem {
			problems := append(exclusive(with, "data", "input"), checkTable(with)...)
			if with.Bool("raw") && with.Has("to") {
				problems = append(problems, Problem{Key: "to", Message: "cannot stand beside raw"})
			}
			return problems
		},
		Run: runPick,
	}
}

// runPick writes what the path selects: a value, or several one after the other.
func runPick(ctx context.Context, c *Call) error {
	path := c.With.Text("select")
	if !strings.HasPrefix(strings.TrimSpace(path), ".") {
		path = "." + strings.TrimSpace(path)
	}
	code, err := c.compile(path)
	if err != nil {
		return err
	}
	value, err := c.decoded()
	if err != nil {
		return err
	}
	for picked, failure := range results(ctx, code, plain(value.value)) {
		switch {
		case failure != nil:
			err = fmt.Errorf("select %s: %w", path, failure)
		case c.With.Bool("raw"):
			var text []byte
			if text, err = rawJSON(picked); err == nil {
				err = writeLine(c.Stdout, text)
			}
		default:
			err = c.encode(table{value: picked}, c.With.TextOr("to", formatJSON))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// decoded returns what data or input holds, read as from says.
func (c *Call) decoded() (table, error) {
	given, err := c.given()
	if err != nil {
		return table{}, err
	}
	from := c.With.Text("from")
	if text, ok := given.(string); ok && (from == formatCSV || from == formatTSV) {
		return c.readTable(text, from)
	}
	value, err := valueOf(from, given)
	return table{value: value}, err
}

// valueOf decodes a text; what is no text is taken for the value itself.
func valueOf(format string, given any) (any, error) {
	text, ok := given.(string)
	switch {
	case ok && format == formatText:
		if !utf8.ValidString(text) {
			return nil, errors.New("the data is not UTF-8 text")
		}
		return text, nil
	case ok && format == formatYAML:
		return decodeYAML(text)
	case ok && format == formatJSON:
		return decodeJSON(text)
	case format == formatJSON, format == formatYAML, isScalar(given):
		return plain(given), nil
	}
	return nil, fmt.Errorf("data must be a text in the format %s, not %s", format, describe(given))
}

// encode writes a value to stdout.
func (c *Call) encode(t table, format string) error {
	switch format {
	case formatCSV, formatTSV:
		return c.writeTable(t, format)
	case formatYAML:
		text, err := encodeYAML(t.value)
		if err != nil {
			return err
		}
		return writeOut(c.Stdout, text)
	case formatText:
		text, err := scalarText(t.value)
		if err != nil {
			return err
		}
		return writeLine(c.Stdout, []byte(strings.TrimSuffix(text, "\n")))
	default:
		text, err := compact(t.value)
		if err != nil {
			return err
		}
		return writeLine(c.Stdout, text)
	}
}

// writeLine writes a text and a line break.
func writeLine(w io.Writer, text []byte) error { return writeOut(w, append(text, '\n')) }

func writeOut(w io.Writer, text []byte) error {
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("write stdout: %w", err)
	}
	return nil
}
