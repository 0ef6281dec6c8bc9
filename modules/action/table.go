package action

import (
	"encoding/csv"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// table is a value, and the order of its columns where it was read as CSV or TSV.
type table struct {
	value   any
	columns []string
}

// tableFields are those that say how CSV and TSV are read and written.
func tableFields() []Field {
	return []Field{
		{Name: "has_header", Kind: KindBoolean, Doc: "Whether the first row that is read has the names of the columns; where none is read, whether such a row is written. True by default, and false beside a list of headers."},
		{Name: "headers", Kind: KindAny, Doc: "The names of the columns where no row has them; or true or false: whether a row with the names is written.", Check: checkHeaders},
		{Name: "delimiter", Kind: KindText, Doc: "What separates the columns of CSV: one character, a comma by default.", Check: checkDelimiter},
		{Name: "columns", Kind: KindTexts, Doc: "The columns that are kept, in this order; all by default."},
	}
}

func checkHeaders(v any) error {
	if list, ok := v.([]any); ok {
		return scalars(list)
	}
	if _, ok := boolean(v); ok {
		return nil
	}
	return errors.New("must be a list of names, or true or false")
}

func checkDelimiter(v any) error {
	r, size := utf8.DecodeRuneInString(textOf(v))
	if size != len(textOf(v)) || size == 0 || r == '\n' || r == '\r' || r == '"' || r == utf8.RuneError {
		return errors.New("must be one character that is no quote and no line break")
	}
	return nil
}

// checkTable judges fields that say something about CSV where there is none.
func checkTable(with Values) []Problem {
	for _, format := range []string{with.Text("from"), with.Text("to")} {
		if format == formatCSV || format == formatTSV || strings.Contains(format, "$") {
			return nil
		}
	}
	for _, f := range tableFields() {
		if with.Has(f.Name) {
			return []Problem{{Key: f.Name, Message: "is for csv and tsv"}}
		}
	}
	return nil
}

// tabular tells whether a field names a format with columns.
func (c *Call) tabular(field string) bool {
	format := c.With.Text(field)
	return format == formatCSV || format == formatTSV
}

// delimiter is what separates the columns. The field is about CSV; where only TSV is
// read and written, about that.
func (c *Call) delimiter(format string) rune {
	r, _ := utf8.DecodeRuneInString(c.With.Text("delimiter"))
	csvToo := c.With.Text("from") == formatCSV || c.With.Text("to") == formatCSV
	switch {
	case c.With.Has("delimiter") && (format == formatCSV || !csvToo):
		return r
	case format == formatCSV:
		return ','
	default:
		return '\t'
	}
}

// headers returns the names that the fields give to the columns, in their order.
func (c *Call) headers() []string {
	if _, ok := c.With["headers"].([]any); ok {
		return c.With.Texts("headers")
	}
	return nil
}

// readTable reads CSV or TSV: as a list of maps by the names of the columns, and as a
// list of lists where they have none. All values are texts.
func (c *Call) readTable(text, format string) (table, error) {
	reader := csv.NewReader(strings.NewReader(strings.TrimPrefix(text, "\ufeff")))
	reader.Comma = c.delimiter(format)
	reader.LazyQuotes = format == formatTSV
	rows, err := reader.ReadAll()
	if err != nil {
		return table{}, fmt.Errorf("the data is not valid %s: %w", format, err)
	}
	names := c.headers()
	if c.With.BoolOr("has_header", names == nil) && len(rows) > 0 {
		if names == nil {
			names = rows[0]
		}
		rows = rows[1:]
	}
	if names == nil {
		return c.unnamed(rows)
	}
	return c.named(names, rows)
}

// unnamed makes a list of lists of rows without names.
func (c *Call) unnamed(rows [][]string) (table, error) {
	if c.With.Has("columns") {
		return table{}, errors.New("columns needs names: has_header or headers")
	}
	list := make([]any, len(rows))
	for i, row := range rows {
		cells := make([]any, len(row))
		for at, cell := range row {
			cells[at] = cell
		}
		list[i] = cells
	}
	return table{value: list}, nil
}

// named makes a list of maps of rows.
func (c *Call) named(names []string, rows [][]string) (table, error) {
	index := make(map[string]int, len(names))
	for i, name := range names {
		if _, again := index[name]; again {
			return table{}, fmt.Errorf("two columns have the name %q", name)
		}
		index[name] = i
	}
	kept := names
	if c.With.Has("columns") {
		kept = c.With.Texts("columns")
	}
	for _, name := range kept {
		if _, ok := index[name]; !ok {
			return table{}, fmt.Errorf("there is no column %q; there are: %s", name, strings.Join(names, ", "))
		}
	}
	list := make([]any, len(rows))
	for i, row := range rows {
		if len(row) != len(names) {
			return table{}, fmt.Errorf("a row has %d columns, not %d", len(row), len(names))
		}
		m := make(map[string]any, len(kept))
		for _, name := range kept {
			m[name] = row[index[name]]
		}
		list[i] = m
	}
	return table{value: list, columns: kept}, nil
}

// writeTable writes a value as CSV or TSV: a list of maps or of lists, or one of them as
// the only row; of anything else a row with one column.
func (c *Call) writeTable(t table, format string) error {
	rows, ok := t.value.([]any)
	if !ok {
		rows = []any{t.value}
	}
	columns := c.outColumns(t, rows)
	writer := csv.NewWriter(c.Stdout)
	writer.Comma = c.delimiter(format)
	if c.writesHeader() && len(columns) > 0 {
		_ = writer.Write(columns) // Error has it
	}
	for _, row := range rows {
		cells, err := cellsOf(row, columns)
		if err != nil {
			return err
		}
		_ = writer.Write(cells) // Error has it
	}
	writer.Flush()
	if err := writer.Error(); err != nil {
		return fmt.Errorf("write %s: %w", format, err)
	}
	return nil
}

// writesHeader tells whether the names of columns are written.
func (c *Call) writesHeader() bool {
	if written, ok := boolean(c.With["headers"]); ok {
		return written
	}
	return c.tabular("from") || c.With.BoolOr("has_header", true)
}

// outColumns are the names of the columns that are written, none where rows are lists.
func (c *Call) outColumns(t table, rows []any) []string {
	switch {
	case c.With.Has("columns"):
		return c.With.Texts("columns")
	case t.columns != nil:
		return t.columns
	case c.headers() != nil:
		return c.headers()
	}
	names := make(map[string]bool)
	for _, row := range rows {
		m, _ := row.(map[string]any)
		for name := range m {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// cellsOf returns the texts of a row.
func cellsOf(row any, columns []string) ([]string, error) {
	var values []any
	switch row := row.(type) {
	case map[string]any:
		for _, name := range columns {
			values = append(values, row[name])
		}
	case []any:
		values = row
	default:
		values = []any{row}
	}
	cells := make([]string, len(values))
	for i, v := range values {
		var err error
		if cells[i], err = scalarText(v); err != nil {
			return nil, err
		}
	}
	return cells, nil
}
