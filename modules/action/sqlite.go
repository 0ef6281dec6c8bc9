package action

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// sqliteQuery runs SQL on an SQLite database. Nothing keeps a workflow from naming our
// own database: like its shell commands, it may do there what the user may.
func sqliteQuery() *Definition {
	return &Definition{
		Name:    "sqlite.query",
		Older:   []string{"sqlite"},
		Summary: "Run SQL on an SQLite database and write the rows to stdout.",
		Fields: []Field{
			{Name: "dsn", Kind: KindText, Required: true, Doc: "The path of the database, a file: URI, or :memory:. A file that is missing is made. The database of dagu itself is none for workflows."},
			{Name: "query", Kind: KindText, Required: true, Doc: "One statement, or several with semicolons between them."},
			{Name: "params", Kind: KindAny, Doc: "The values of :name as a map, or of ? as a list, the same for each statement.", Check: checkSQLParams},
			{Name: "output_format", Kind: KindText, OneOf: []string{"jsonl", formatJSON, formatCSV}, Doc: "jsonl, an object a line with sorted keys; json, an array; or csv. jsonl by default."},
			{Name: "timeout", Kind: KindNumber, Doc: "Seconds until all of it fails; 60 by default.", Check: checkPositive},
			{Name: "headers", Kind: KindBoolean, Doc: "Whether CSV begins with the names of the columns; false by default."},
			{Name: "null_string", Kind: KindText, Doc: `What NULL is in CSV; "null" by default.`},
			{Name: "max_rows", Kind: KindInteger, Doc: "How many rows are written at most; 0, the default, is all.", Check: checkNotNegative},
			{Name: "transaction", Kind: KindBoolean, Doc: "Whether all statements take effect together or not at all; false by default."},
		},
		Open: true,
		Run:  querySQLite,
	}
}

func checkSQLParams(v any) error {
	var all []any
	switch v := v.(type) {
	case map[string]any:
		all = slices.Collect(maps.Values(v))
	case []any:
		all = v
	default:
		return errors.New("must be a map or a list, not " + describe(v))
	}
	for _, item := range all {
		if item != nil && !isScalar(item) {
			return fmt.Errorf("must hold texts, numbers, booleans and nulls, not %s", describe(item))
		}
	}
	return nil
}

func checkPositive(v any) error {
	if f, _ := number(v); f <= 0 {
		return errors.New("must be more than 0")
	}
	return nil
}

func checkNotNegative(v any) error {
	if i, _ := integer(v); i < 0 {
		return errors.New("must not be negative")
	}
	return nil
}

const defaultSQLTimeout = 60 // seconds

// querier is a connection or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// querySQLite opens the database for one connection, so that :memory: and temporary
// tables last for all statements.
func querySQLite(ctx context.Context, c *Call) error {
	timeout := time.Duration(min(c.With.Number("timeout", defaultSQLTimeout), 1e9) * float64(time.Second))
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := c.withDatabase(limited, timeout, func(q querier) error { return c.runSQL(limited, q) })
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return fmt.Errorf("the query timed out after %s: %w", timeout, err)
	}
	return err
}

func (c *Call) withDatabase(ctx context.Context, wait time.Duration, use func(querier) error) error {
	db, err := sql.Open("sqlite", c.sqliteName(wait))
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { _ = db.Close() }() // what was to be kept is committed
	conn, err := db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { _ = conn.Close() }() // likewise
	if !c.With.Bool("transaction") {
		return use(conn)
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	if err = use(tx); err != nil {
		return errors.Join(err, ignoreDone(tx.Rollback()))
	}
	if err = tx.Commit(); err != nil {
		return fmt.Errorf("commit transaction: %w", err)
	}
	return nil
}

// ignoreDone takes the end of a transaction that has ended by itself for none.
func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) {
		return nil
	}
	return err
}

// sqliteName returns the data source as the driver wants it: a URI with an absolute path.
// A lock of others is waited for as long as the query may take.
func (c *Call) sqliteName(wait time.Duration) string {
	name, options, _ := strings.Cut(strings.TrimSpace(c.With.Text("dsn")), "?")
	name, uri := strings.CutPrefix(name, "file:")
	switch {
	case name == ":memory:":
	case uri && !filepath.IsAbs(name):
		name = (&url.URL{Path: c.Dir}).EscapedPath() + "/" + name
	case !uri:
		name = (&url.URL{Path: c.Path(name)}).EscapedPath()
	}
	if options != "" {
		options = "&" + options
	}
	return fmt.Sprintf("file:%s?_busy_timeout=%d%s", name, wait.Milliseconds(), options)
}

// sqlArguments are the values of params.
func (c *Call) sqlArguments() []any {
	if list, ok := c.With["params"].([]any); ok {
		return list
	}
	named := c.With.Map("params")
	arguments := make([]any, 0, len(named))
	for _, name := range slices.Sorted(maps.Keys(named)) {
		arguments = append(arguments, sql.Named(strings.TrimLeft(name, ":@$"), named[name]))
	}
	return arguments
}
