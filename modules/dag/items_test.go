package dag_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag"
)

func TestSplitItems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`["a", 1, 2.50, 1e21, 12345678901234567890, true, null, {"k": "v", "a": [1, 2]}, [1]]`: {
			"a", "1", "2.5", "1000000000000000000000", "12345678901234567890", "true", "", `{"k":"v","a":[1,2]}`, "[1]",
		},
		` {"b": 1, "a": "x"} `:       {`{"b":1,"a":"x"}`},
		"[]":                         {},
		"[a, b]":                     {"[a", "b]"},
		"{a b":                       {"{a", "b"},
		"a b\n c,d \n\n\"e f\"\r\ng": {"a b", "c,d", `"e f"`, "g"},
		"a b\n":                      {"a b"},
		`a "b c"  "d,e"x f`:          {"a", "b c", "d,ex", "f"},
		`"" a`:                       {"a"},
		`a" b,c`:                     {`a" b`, "c"},
		"a b\tc d\te":                {"a b", "c d", "e"},
		"a|b|c;d":                    {"a", "b", "c;d"},
		"a;b;c|d|e":                  {"a;b;c", "d", "e"},
		"a,b|c;d,e":                  {"a", "b|c;d", "e"},
		"a , b,,c":                   {"a", "b", "c"},
		" a  b ":                     {"a", "b"},
		"one":                        {"one"},
		"":                           {},
		" \n ":                       {},
		"{\"a\": 1} {\"b\": 2}":      {"{a:", "1}", "{b:", "2}"},
		"2031-05-01T04:30:00Z x":     {"2031-05-01T04:30:00Z", "x"},
	} {
		got := dag.SplitItems(text)
		if len(want) == 0 {
			require.Empty(t, got, text)
			continue
		}
		require.Equal(t, want, got, text)
	}
}

func TestItemText(t *testing.T) {
	t.Parallel()
	for want, v := range map[string]any{
		"x":                           "x",
		"":                            nil,
		"7":                           int64(7),
		"0.1":                         0.1,
		"1000000000000000000000":      1e21,
		"true":                        true,
		`{"a":"<&>","b":1,"c":false}`: map[string]any{"b": int64(1), "a": "<&>", "c": false},
	} {
		require.Equal(t, want, dag.ItemText(v))
	}
}

func TestCallParams(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		params any
		words  []string
		text   string
		says   string
	}{
		"nothing":              {nil, nil, "", ""},
		"text":                 {` A=1 "b c" `, []string{"A=1", "b c"}, `A=1 "b c"`, ""},
		"number":               {int64(5), []string{"5"}, "5", ""},
		"map":                  {map[string]any{"B": int64(2), "A": `1 "x" \`, "C": nil}, []string{`A=1 "x" \`, "B=2"}, `A="1 \"x\" \\" B="2"`, ""},
		"nested":               {map[string]any{"A": []any{"x", int64(1)}}, []string{`A=["x",1]`}, `A="[\"x\",1]"`, ""},
		"list":                 {[]any{map[string]any{"Z": "1 2"}, "A=b c", "d e", "", 1.5}, []string{"Z=1 2", "A=b c", "d e", "", "1.5"}, `Z="1 2" A="b c" "d e" "" 1.5`, ""},
		"an object":            {`{"a": 1}`, []string{`{"a": 1}`}, `{"a": 1}`, ""},
		"open quote":           {`A="1`, nil, `A="1`, "a quote is not closed"},
		"bad name":             {map[string]any{"a-b": 1}, nil, "", `params name "a-b" must match`},
		"bad name in a list":   {[]any{map[string]any{"1": 1}}, nil, "", `params name "1"`},
		"two keys in a list":   {[]any{map[string]any{"a": 1, "b": 2}}, nil, "", "params[0] must be a text or a map with one key"},
		"a list in the list":   {[]any{[]any{"x"}}, []string{`["x"]`}, `"[\"x\"]"`, ""},
		"text of a resolved 1": {"$HOME `x`", []string{"$HOME", "`x`"}, "$HOME `x`", ""},
	} {
		words, text, err := dag.CallParams(tt.params)
		if tt.says != "" {
			require.ErrorContains(t, err, tt.says, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, tt.words, words, name)
		require.Equal(t, tt.text, text, name)
	}
}

// What CallParams writes for people is what a text of parameters would be.
func TestCallParamsSplitAgain(t *testing.T) {
	t.Parallel()
	words, text, err := dag.CallParams([]any{map[string]any{"A": `a "b" \ 'c' $X ${Y} `}, "x y", `q"r`, ""})
	require.NoError(t, err)
	again, err := dag.SplitParams(text)
	require.NoError(t, err)
	require.Equal(t, words, again)
}

func TestParallelIsLoaded(t *testing.T) {
	t.Parallel()
	load := func(parallel string) *dag.Parallel {
		t.Helper()
		text := "steps:\n  - action: dag.enqueue\n    with: {dag: x}\n    parallel: " + parallel + "\n"
		d, err := dag.Load(dag.Source{File: "/a.yaml", Text: []byte(text)}, dag.Options{})
		require.NoError(t, err, parallel)
		return d.Steps[0].Parallel
	}
	require.Equal(t, &dag.Parallel{MaxConcurrent: 10, Items: []any{
		"a", int64(1), 1.5, "0644", "2031-05-01", map[string]any{"x": "${V}", "n": int64(2), "b": true},
	}}, load("[a, 1, 1.5, 0644, 2031-05-01, {x: '${V}', n: 2, b: true}]"))
	require.Equal(t, &dag.Parallel{MaxConcurrent: 10, Text: "${LIST}"}, load("${LIST}"))
	require.Equal(t, &dag.Parallel{MaxConcurrent: 3, Text: "a b"}, load("{items: a b, max_concurrent: 3}"))
	require.Equal(t, &dag.Parallel{MaxConcurrent: 1000, Items: []any{}}, load("{items: [], maxConcurrent: '1000'}"))
	require.Equal(t, &dag.Parallel{MaxConcurrent: 10, Items: []any{}}, load("''"))
}

func TestParallelErrors(t *testing.T) {
	t.Parallel()
	const call = "steps:\n  - action: dag.run\n    with: {dag: x}\n    parallel: "
	for text, says := range map[string][]string{
		call + "{items: [a], other: 1}":             {"parallel", "invalid keys: other"},
		call + "{max_concurrent: 2}":                {"parallel", "items"},
		call + "{items: {a: b}}":                    {"parallel.items", "list or a text"},
		call + "5":                                  {"parallel", "list or a text"},
		call + "[[a]]":                              {"parallel[0]", "a list"},
		call + "[{a: [b]}]":                         {"parallel[0].a", "a list"},
		call + "[{a: {b: c}}]":                      {"parallel[0].a", "a map"},
		call + "[{a: null}]":                        {"parallel[0].a", "null"},
		call + "[true]":                             {"parallel[0]", "a boolean"},
		call + "[null]":                             {"parallel[0]", "null"},
		call + "{items: [a], max_concurrent: 1.5}":  {"parallel.max_concurrent", "integer"},
		call + "{items: [a], max_concurrent: x}":    {"parallel.max_concurrent", "integer"},
		call + "{items: [a], max_concurrent: []}":   {"parallel.max_concurrent", "integer"},
		call + "{items: [a], max_concurrent: 0}":    {"parallel.max_concurrent", "1000"},
		call + "{items: [a], max_concurrent: 1001}": {"parallel.max_concurrent", "1000"},
		"steps: [{run: x, parallel: [a]}]":          {"parallel", "dag.run", "dag.enqueue"},
		"steps: [{action: noop, parallel: [a]}]":    {"parallel", "dag.run"},
		"steps: [{action: dag.run, with: {dag: x, params: [{a: 1, b: 2}]}}]": {"params", "entry 0", "one key"},
		"steps: [{action: dag.run, with: {dag: x, params: [[a]]}}]":          {"params", "a list"},
		"steps: [{action: dag.run, with: {dag: x, queue: q}}]":               {"invalid keys: queue"},
		"steps: [{action: dag.enqueue, with: {params: x}}]":                  {"dag is required"},
	} {
		_, err := dag.Load(dag.Source{File: "/a.yaml", Text: []byte(text)}, dag.Options{})
		require.Error(t, err, text)
		for _, words := range says {
			require.Contains(t, err.Error(), words, text)
		}
	}
}

const documents = `
handler_on: {exit: {run: own}}
steps: [{run: a}]
---
name: one
working_dir: x
steps: [{run: b}]
---
name: two
handler_on: {success: {run: own}}
steps: [{run: c}]
`

// A later document can be the DAG. It is another source than its file, does not have
// the base file's handlers, and calls its like.
func TestDocument(t *testing.T) {
	t.Parallel()
	source := dag.Source{
		File: "/dags/main.yaml", Text: []byte(documents), Name: "called-so", BaseFile: "/base.yaml",
		Base: []byte("env: [{A: base}]\nhandler_on: {abort: {run: base}}"),
	}
	whole, err := dag.Load(source, dag.Options{})
	require.NoError(t, err)
	require.Equal(t, "called-so", whole.Name)
	require.NotNil(t, whole.Handlers.Abort)

	two := whole.Callee("two")
	require.Equal(t, "two", two.Name)
	require.Equal(t, "two", two.Source.Document)
	require.NotEqual(t, whole.Source.Hash(), two.Source.Hash())
	require.NotEqual(t, whole.Callee("one").Source.Hash(), two.Source.Hash())
	require.Equal(t, "one", two.Callee("one").Name)
	require.Equal(t, "two", two.Callee("two").Name)
	require.Nil(t, two.Callee("main"))
	require.Nil(t, two.Callee("called-so"))
	require.Nil(t, whole.Callee(""))
	require.Nil(t, two.Handlers.Abort)
	require.NotNil(t, two.Handlers.Success)
	require.Equal(t, []dag.Var{{Name: "A", Value: "base"}}, two.Env)
	require.Equal(t, "/dags", whole.Callee("one").WorkingDirBase)

	loaded, err := dag.Load(two.Source, dag.Options{})
	require.NoError(t, err)
	require.Equal(t, two, loaded, "the source of a local DAG loads to it")
	source.Document = "none"
	_, err = dag.Load(source, dag.Options{})
	require.ErrorContains(t, err, "no later document of the name none")
}

// A DAG that a step calls has its own handlers, and not those of the base file.
func TestCalledDAGHasNoBaseHandlers(t *testing.T) {
	t.Parallel()
	source := dag.Source{
		File: "/main.yaml", Text: []byte(documents), BaseFile: "/base.yaml",
		Base: []byte("handler_on: {exit: {run: base}, abort: {run: base}}"),
	}
	called, err := dag.Load(source, dag.Options{Called: true})
	require.NoError(t, err)
	require.Nil(t, called.Handlers.Abort)
	require.True(t, strings.HasPrefix(called.Handlers.Exit.Run.Text, "own"))
}
