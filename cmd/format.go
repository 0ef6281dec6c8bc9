package cmd

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"
)

// Output formats.
const (
	formatText  = "text"
	formatTable = "table"
	formatJSON  = "json"
	formatCSV   = "csv"
)

// format is the value of a --format flag that knows what is allowed.
type format struct {
	value   string
	allowed []string
}

// formatFlag adds --format; the first format is the default.
func formatFlag(c *cobra.Command, allowed ...string) *format {
	f := &format{value: allowed[0], allowed: allowed}
	c.Flags().Var(f, "format", "output format: "+strings.Join(allowed, ", "))
	complete(c, "format", allowed...)
	return f
}

// String, Set and Type are pflag.Value.
func (f *format) String() string { return f.value }

// Type names the kind of value in the help.
func (f *format) Type() string { return "format" }

// Set takes an allowed format.
func (f *format) Set(text string) error {
	if err := oneOf(text, f.allowed); err != nil {
		return err
	}
	f.value = text
	return nil
}

// printJSON prints a value for scripts.
func printJSON(w io.Writer, value any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(value)
}

// newTable is a plain table: no borders, so that lines can be cut and searched.
func newTable(header ...any) table.Writer {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	t.AppendHeader(header)
	t.SuppressTrailingSpaces()
	return t
}
