package action_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// fill makes a table with two rows.
const fill = "CREATE TABLE t (n INTEGER, s TEXT, f REAL); INSERT INTO t VALUES (1, 'a;b', 1.5), (2, NULL, 2.0);"

func TestSQLite(t *testing.T) {
	t.Parallel()
	checkCases(t, "sqlite.query", nil, map[string]outcome{
		"lines":             {`{dsn: ":memory:", query: "` + fill + ` SELECT s, n, f FROM t ORDER BY n"}`, `{"f":1.5,"n":1,"s":"a;b"}` + "\n" + `{"f":2,"n":2,"s":null}` + "\n", ""},
		"array":             {`{dsn: ":memory:", output_format: json, query: "` + fill + ` SELECT n, s FROM t ORDER BY n"}`, `[{"n":1,"s":"a;b"},{"n":2,"s":null}]` + "\n", ""},
		"empty array":       {`{dsn: ":memory:", output_format: json, query: "SELECT 1 WHERE 0"}`, "[]\n", ""},
		"no line":           {`{dsn: ":memory:", query: "SELECT 1 WHERE 0"}`, "", ""},
		"csv":               {`{dsn: ":memory:", output_format: csv, query: "` + fill + ` SELECT s, n FROM t ORDER BY n"}`, "a;b,1\nnull,2\n", ""},
		"csv with headers":  {`{dsn: ":memory:", output_format: csv, headers: true, null_string: "-", query: "SELECT 'x,y' AS b, NULL AS a"}`, "b,a\n\"x,y\",-\n", ""},
		"headers, no row":   {`{dsn: ":memory:", output_format: csv, headers: true, query: "SELECT 1 AS a WHERE 0"}`, "a\n", ""},
		"null is nothing":   {`{dsn: ":memory:", output_format: csv, null_string: "", query: "SELECT NULL, 1"}`, ",1\n", ""},
		"named parameters":  {`{dsn: ":memory:", query: "SELECT :a AS a, :b AS b, :c AS c, :d AS d", params: {a: x'y, ":b": 2, c: true, d: ~}}`, `{"a":"x'y","b":2,"c":1,"d":null}` + "\n", ""},
		"listed parameters": {`{dsn: ":memory:", query: "SELECT ? AS a, ? AS b", params: [1.5, "2"]}`, `{"a":1.5,"b":"2"}` + "\n", ""},
		"for each":          {`{dsn: ":memory:", query: "SELECT :a AS x; SELECT :b AS x", params: {a: 1, b: 2}}`, `{"x":1}` + "\n" + `{"x":2}` + "\n", ""},
		"parameter missing": {`{dsn: ":memory:", query: "SELECT :a AS a", params: {b: 1}}`, "", "missing named argument"},
		"most rows":         {`{dsn: ":memory:", max_rows: 1, query: "` + fill + ` SELECT n FROM t ORDER BY n"}`, `{"n":1}` + "\n", ""},
		"all rows":          {`{dsn: ":memory:", max_rows: 0, query: "` + fill + ` SELECT n FROM t ORDER BY n"}`, `{"n":1}` + "\n" + `{"n":2}` + "\n", ""},
		"times":             {`{dsn: ":memory:", query: "CREATE TABLE d (at DATETIME); INSERT INTO d VALUES ('2026-01-02 03:04:05'); SELECT at FROM d"}`, `{"at":"2026-01-02T03:04:05Z"}` + "\n", ""},
		"bytes":             {`{dsn: ":memory:", query: "SELECT x'6869' AS a, x'ff00' AS b"}`, `{"a":"hi","b":"/wA="}` + "\n", ""},
		"returning":         {`{dsn: ":memory:", query: "CREATE TABLE t (n); INSERT INTO t VALUES (1), (2) RETURNING n; SELECT count(*) AS c FROM t"}`, `{"n":1}` + "\n" + `{"n":2}` + "\n" + `{"c":2}` + "\n", ""},
		"trigger":           {`{dsn: ":memory:", query: "CREATE TABLE t (n); CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET n = CASE WHEN n = 1 THEN 5 ELSE n END; DELETE FROM t WHERE n = 2; END; INSERT INTO t VALUES (1), (2); SELECT n FROM t"}`, `{"n":5}` + "\n", ""},
		"comments":          {"dsn: ':memory:'\nquery: |\n  -- a; comment\n  SELECT 'it''s;' AS a; /* ; */\n  ;;\n  SELECT 2 AS \"b;\" -- the end", `{"a":"it's;"}` + "\n" + `{"b;":2}` + "\n", ""},
		"nothing at all":    {`{dsn: ":memory:", query: "-- nothing"}`, "", ""},
		"stops at an error": {`{dsn: ":memory:", query: "SELECT 1 AS a; SELECT * FROM none; SELECT 2 AS a"}`, `{"a":1}` + "\n", "no such table: none"},
		"further fields":    {`{dsn: ":memory:", streaming: true, query: "SELECT 1 AS a"}`, `{"a":1}` + "\n", ""},
		"bad SQL":           {`{dsn: ":memory:", query: "SELEC 1"}`, "", "syntax error"},
		"bad format":        {`{dsn: ":memory:", query: "SELECT 1", output_format: xml}`, "", "with.output_format must be jsonl or json or csv"},
		"bad parameters":    {`{dsn: ":memory:", query: "SELECT 1", params: x}`, "", "with.params must be a map or a list"},
		"nested parameters": {`{dsn: ":memory:", query: "SELECT 1", params: [[1]]}`, "", "with.params must hold texts, numbers, booleans and nulls, not a list"},
		"no time":           {`{dsn: ":memory:", query: "SELECT 1", timeout: 0}`, "", "with.timeout must be more than 0"},
		"fewer than none":   {`{dsn: ":memory:", query: "SELECT 1", max_rows: -1}`, "", "with.max_rows must not be negative"},
		"no query":          {`{dsn: ":memory:"}`, "", "query is required"},
		"no dsn":            {`{query: "SELECT 1"}`, "", "dsn is required"},
		"no such directory": {`{dsn: "none/x.db", query: "SELECT 1"}`, "", "unable to open database file"},
		"without end":       {`{dsn: ":memory:", timeout: 0.05, query: "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r"}`, "", "the query timed out after 50ms"},
	})
}

// TestSQLiteFiles holds where databases are.
func TestSQLiteFiles(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ dsn, file string }{
		"relative":       {"x.db", "x.db"},
		"odd characters": {"a b%20#c.db", "a b%20#c.db"},
		"URI":            {"file:x.db?mode=rwc", "x.db"},
		"options":        {"x.db?_pragma=foreign_keys(1)", "x.db"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTrial(t)
			require.NoError(t, s.do(t, "sqlite.query", `{dsn: "`+tt.dsn+`", query: "`+fill+`"}`))
			require.NoError(t, s.do(t, "sqlite.query", `{dsn: "`+filepath.Join(s.dir, tt.file)+`", query: "SELECT count(*) AS n FROM t"}`))
			require.Equal(t, `{"n":2}`+"\n", s.stdout.String())
			require.FileExists(t, filepath.Join(s.dir, tt.file))
		})
	}
	t.Run("absolute URI, only read", func(t *testing.T) {
		t.Parallel()
		s := newTrial(t)
		require.NoError(t, s.do(t, "sqlite.query", `{dsn: x.db, query: "`+fill+`"}`))
		require.ErrorContains(t, s.do(t, "sqlite.query", `{dsn: "file:`+filepath.Join(s.dir, "x.db")+`?mode=ro", query: "DELETE FROM t"}`), "readonly")
		require.Error(t, s.do(t, "sqlite.query", `{dsn: "file:none.db?mode=ro", query: "SELECT 1"}`))
		_, err := os.Stat(filepath.Join(s.dir, "none.db"))
		require.ErrorIs(t, err, os.ErrNotExist)
	})
}

// TestSQLiteTransaction holds that a transaction takes effect as a whole, and that without
// one what came before an error stays.
func TestSQLiteTransaction(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ transaction, left string }{{"true", `{"n":2}`}, {"false", `{"n":0}`}} {
		s := newTrial(t)
		require.NoError(t, s.do(t, "sqlite.query", `{dsn: x.db, transaction: true, query: "`+fill+`"}`))
		require.Error(t, s.do(t, "sqlite.query", `{dsn: x.db, transaction: `+tt.transaction+`, query: "DELETE FROM t; SELECT * FROM none"}`))
		require.NoError(t, s.do(t, "sqlite.query", `{dsn: x.db, query: "SELECT count(*) AS n FROM t"}`))
		require.Equal(t, tt.left+"\n", s.stdout.String())
	}
}

// TestSQLiteTellsOfFurtherRows holds that rows which are left out are not left out silently.
func TestSQLiteTellsOfFurtherRows(t *testing.T) {
	t.Parallel()
	s := newTrial(t)
	require.NoError(t, s.do(t, "sqlite.query", `{dsn: ":memory:", max_rows: 2, query: "SELECT 1 AS n UNION ALL SELECT 2"}`))
	require.Empty(t, s.stderr.String())
	require.NoError(t, s.do(t, "sqlite.query", `{dsn: ":memory:", max_rows: 1, query: "SELECT 1 AS n UNION ALL SELECT 2"}`))
	require.Contains(t, s.stderr.String(), "only the first 1 rows")
}
