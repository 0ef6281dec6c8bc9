package action

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// runSQL runs the statements one after the other and writes their rows.
func (c *Call) runSQL(ctx context.Context, q querier) error {
	out := bufio.NewWriter(c.Stdout)
	w := &rowWriter{call: c, out: out, left: c.With.Int("max_rows", 0)}
	w.bounded = w.left > 0
	arguments := c.sqlArguments()
	for _, statement := range statements(c.With.Text("query")) {
		if err := w.run(ctx, q, statement, arguments); err != nil {
			return errors.Join(err, out.Flush())
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write rows: %w", err)
	}
	if w.more {
		if _, err := fmt.Fprintf(c.Stderr, "only the first %d rows are written, as max_rows says\n", c.With.Int("max_rows", 0)); err != nil {
			return fmt.Errorf("write stderr: %w", err)
		}
	}
	return nil
}

// rowWriter writes the rows of statements.
type rowWriter struct {
	call *Call
	out  *bufio.Writer
	// left is how many rows may still be written, where that is bounded. More tells
	// that there were others.
	left          int64
	bounded, more bool
}

func (w *rowWriter) run(ctx context.Context, q querier, statement string, arguments []any) (err error) {
	rows, err := q.QueryContext(ctx, statement, arguments...)
	if err != nil {
		return fmt.Errorf("run SQL: %w", err)
	}
	defer func() {
		if e := rows.Close(); e != nil && err == nil {
			err = fmt.Errorf("run SQL: %w", e)
		}
	}()
	columns, err := rows.Columns()
	if err != nil {
		return fmt.Errorf("read columns: %w", err)
	}
	form := w.form(columns)
	if len(columns) == 0 {
		form = discard{}
	}
	if err = form.begin(); err != nil {
		return err
	}
	if err = w.rows(rows, len(columns), form); err != nil {
		return err
	}
	return form.end()
}

func (w *rowWriter) rows(rows *sql.Rows, width int, form rowForm) error {
	values, into := make([]any, width), make([]any, width)
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if w.bounded && w.left == 0 {
			w.more = true
			return nil
		}
		w.left--
		if err := rows.Scan(into...); err != nil {
			return fmt.Errorf("read row: %w", err)
		}
		for i := range values {
			values[i] = sqlValue(values[i])
		}
		if err := form.row(values); err != nil {
			return fmt.Errorf("write row: %w", err)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("run SQL: %w", err)
	}
	return nil
}

// sqlValue returns a value of the database as one of ours: times as RFC 3339, bytes as
// text, and in base64 where they are none.
func sqlValue(v any) any {
	switch v := v.(type) {
	case []byte:
		if utf8.Valid(v) {
			return string(v)
		}
		return base64.StdEncoding.EncodeToString(v)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	}
	return v
}

// rowForm is how the rows of one statement are written.
type rowForm interface {
	begin() error
	row(values []any) error
	end() error
}

func (w *rowWriter) form(columns []string) rowForm {
	switch w.call.With.Text("output_format") {
	case formatCSV:
		return &csvRows{
			out: csv.NewWriter(w.out), columns: columns, header: w.call.With.Bool("headers"),
			null: w.call.With.TextOr("null_string", "null"),
		}
	case formatJSON:
		return &jsonRows{out: w.out, columns: columns, open: "[", between: ",", close: "]\n"}
	default:
		return &jsonRows{out: w.out, columns: columns, after: "\n"}
	}
}

// discard is for statements that have no rows.
type discard struct{}

func (discard) begin() error    { return nil }
func (discard) row([]any) error { return nil }
func (discard) end() error      { return nil }

// jsonRows writes each row as an object.
type jsonRows struct {
	out                         *bufio.Writer
	columns                     []string
	open, between, after, close string
	started                     bool
}

func (j *jsonRows) begin() error { return j.text(j.open) }
func (j *jsonRows) end() error   { return j.text(j.close) }

func (j *jsonRows) row(values []any) error {
	if j.started {
		if err := j.text(j.between); err != nil {
			return err
		}
	}
	j.started = true
	object := make(map[string]any, len(values))
	for i, name := range j.columns {
		object[name] = values[i]
	}
	text, err := compact(object)
	if err != nil {
		return err
	}
	if _, err = j.out.Write(text); err != nil {
		return err
	}
	return j.text(j.after)
}

func (j *jsonRows) text(text string) error {
	_, err := j.out.WriteString(text)
	return err
}

// csvRows writes each row as a line of CSV.
type csvRows struct {
	out     *csv.Writer
	columns []string
	header  bool
	null    string
}

func (r *csvRows) begin() error {
	if !r.header {
		return nil
	}
	return r.out.Write(r.columns)
}

func (r *csvRows) row(values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		if cells[i] = textOf(v); v == nil {
			cells[i] = r.null
		}
	}
	return r.out.Write(cells)
}

func (r *csvRows) end() error {
	r.out.Flush()
	return r.out.Error()
}
