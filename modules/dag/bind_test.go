package dag_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag"
	"dagu/modules/dag/value"
)

func ptr[T any](v T) *T { return &v }

// declared is the params of a DAG: "first K=v", and typed ones.
func declared() []dag.Param {
	return []dag.Param{
		{Type: dag.ParamString, Default: ptr("first")},
		{Name: "K", Type: dag.ParamString, Default: ptr("v")},
		{Name: "count", Type: dag.ParamInteger, Default: ptr("3"), Minimum: ptr(1.0), Maximum: ptr(9.0)},
		{Name: "ratio", Type: dag.ParamNumber},
		{Name: "dry", Type: dag.ParamBoolean, Default: ptr("false")},
		{Name: "mode", Type: dag.ParamString, Enum: []string{"a", "b"}, Default: ptr("a")},
	}
}

// show renders what was bound in one line.
func show(p value.Params) string {
	words := append([]string{}, p.Positional...)
	for _, n := range p.Named {
		words = append(words, n.Name+"="+n.Value)
	}
	return strings.Join(words, "|")
}

func TestBindParams(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		words []string
		want  string
	}{
		{"defaults; without one there is no value", nil, "first|K=v|count=3|dry=false|mode=a"},
		{"named in any order", []string{"count=5", "K=x"}, "first|K=x|count=5|dry=false|mode=a"},
		{"the last of a name wins", []string{"K=x", "K=y"}, "first|K=y|count=3|dry=false|mode=a"},
		{"bare words fill in order", []string{"one", "two", "7", "1.5", "TRUE", "b"}, "one|K=two|count=7|ratio=1.5|dry=true|mode=b"},
		{"bare words pass by what is named", []string{"K=x", "one", "7"}, "one|K=x|count=7|dry=false|mode=a"},
		{"booleans in any case", []string{"dry=TrUe"}, "first|K=v|count=3|dry=true|mode=a"},
		{"an equals sign within", []string{"K=a=b"}, "first|K=a=b|count=3|dry=false|mode=a"},
		{"an empty value", []string{"K="}, "first|K=|count=3|dry=false|mode=a"},
		{"no name before the equals sign", []string{"https://x/?a=b"}, "https://x/?a=b|K=v|count=3|dry=false|mode=a"},
		{"never resolved", []string{"K=${params.count} $HOME"}, "first|K=${params.count} $HOME|count=3|dry=false|mode=a"},
		{"a JSON object", []string{` {"count": 5, "ratio": 2.50, "dry": true, "K": "x\ny"} `}, "first|K=x\ny|count=5|ratio=2.50|dry=true|mode=a"},
		{"nested JSON stays JSON", []string{`{"K": {"a": [1, "b"]}}`}, `first|K={"a": [1, "b"]}|count=3|dry=false|mode=a`},
		{"null is absent", []string{`{"K": null}`}, "first|K=v|count=3|dry=false|mode=a"},
		{"broken JSON is a word", []string{`{"K": 1`}, `{"K": 1|K=v|count=3|dry=false|mode=a`},
		{"more than an object is a word", []string{`{"K":1} {}`}, `{"K":1} {}|K=v|count=3|dry=false|mode=a`},
		{"two objects are words", []string{`{}`, `{"K":1}`}, `{}|K={"K":1}|count=3|dry=false|mode=a`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := dag.BindParams(declared(), c.words, nil)
			require.NoError(t, err)
			require.Equal(t, c.want, show(got))
		})
	}
}

func TestBindParamsRefuses(t *testing.T) {
	t.Parallel()
	required := []dag.Param{
		{Name: "who", Type: dag.ParamString, Required: true, MinLength: ptr(2), MaxLength: ptr(4), Pattern: "^[a-z]+$"},
	}
	for _, c := range []struct {
		name  string
		decl  []dag.Param
		words []string
		want  []string
	}{
		{"unknown", declared(), []string{"x=1", "y=2", "K=v"}, []string{`unknown parameter(s): "x", "y"; accepted parameters are: K, count, ratio, dry, mode`}},
		{"unknown in JSON", declared(), []string{`{"x": 1}`}, []string{`unknown parameter(s): "x"; accepted parameters are: K`}},
		{"JSON without a name", declared(), []string{`{"": 1}`}, []string{`unknown parameter(s): ""`}},
		{"nothing declared", nil, []string{"x=1"}, []string{`unknown parameter(s): "x"; accepted parameters are: none`}},
		{"names are case-sensitive", declared(), []string{"k=1"}, []string{`unknown parameter(s): "k"`}},
		{"too many", declared(), []string{"1", "2", "3", "4", "true", "a", "7"}, []string{"too many positional params: expected at most 6, got 7"}},
		{"too many beside a named one", declared(), []string{"K=v", "1", "3", "4", "true", "a", "7"}, []string{"too many positional params: expected at most 5, got 6"}},
		{"too many of none", nil, []string{"a"}, []string{"too many positional params: expected at most 0, got 1"}},
		{"integer", declared(), []string{"count=1.5"}, []string{"cannot coerce", "count", "integer"}},
		{"number", declared(), []string{"ratio=NaN"}, []string{"cannot coerce", "ratio", "number"}},
		{"boolean", declared(), []string{"dry=yes"}, []string{"cannot coerce", "dry", "boolean"}},
		{"minimum", declared(), []string{"count=0"}, []string{"parameter validation failed", "count"}},
		{"maximum", declared(), []string{"count=10"}, []string{"parameter validation failed", "count"}},
		{"enum", declared(), []string{"mode=c"}, []string{"parameter validation failed", "mode"}},
		{"several at once", declared(), []string{"mode=c", "count=x"}, []string{"cannot coerce", "; parameter validation failed"}},
		{"required", required, nil, []string{`parameter validation failed: "who" is required`}},
		{"min_length", required, []string{"a"}, []string{"parameter validation failed", "who"}},
		{"max_length", required, []string{"abcde"}, []string{"parameter validation failed", "who"}},
		{"pattern", required, []string{"AB"}, []string{"parameter validation failed", "who"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := dag.BindParams(c.decl, c.words, nil)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
		})
	}
}

func TestBindParamsPayload(t *testing.T) {
	t.Parallel()
	got, err := dag.BindParams(declared(), []string{"<a>", "K=\"é"}, nil)
	require.NoError(t, err)
	require.Equal(t, `{"1":"<a>","K":"\"é","count":"3","dry":"false","mode":"a"}`, got.JSON)

	got, err = dag.BindParams(declared(), []string{` {"count": 5} `}, nil)
	require.NoError(t, err)
	require.Equal(t, `{"count": 5}`, got.JSON, "the caller's own JSON is kept as it is")

	for name, decl := range map[string][]dag.Param{"none": nil, "none with a value": {{Name: "a", Type: dag.ParamString}}} {
		got, err = dag.BindParams(decl, nil, nil)
		require.NoError(t, err, name)
		require.Empty(t, got.JSON, name)
	}
}

func TestBindParamsEvaluates(t *testing.T) {
	t.Parallel()
	decl := []dag.Param{
		{Name: "a", Type: dag.ParamString, Default: ptr("1")},
		{Name: "b", Type: dag.ParamInteger, Eval: "$a+1"},
		{Name: "c", Type: dag.ParamString, Eval: "broken", Default: ptr("fallback")},
		{Name: "d", Type: dag.ParamString, Eval: "$b"},
		{Name: "e", Type: dag.ParamString, Default: ptr("late")},
	}
	var seen []string
	eval := func(expr string, earlier value.Params) (string, error) {
		seen = append(seen, expr+" after "+show(earlier)+" "+earlier.JSON)
		if expr == "broken" {
			return "", errors.New("exit status 7")
		}
		return "42", nil
	}
	got, err := dag.BindParams(decl, []string{"e=given"}, eval)
	require.NoError(t, err)
	require.Equal(t, "a=1|b=42|c=fallback|d=42|e=given", show(got))
	require.Equal(t, []string{
		`$a+1 after a=1 {"a":"1"}`,
		`broken after a=1|b=42 {"a":"1","b":"42"}`,
		`$b after a=1|b=42|c=fallback {"a":"1","b":"42","c":"fallback"}`,
	}, seen)

	seen = nil
	got, err = dag.BindParams(decl, []string{"b=7", "c=x", "d=y"}, eval)
	require.NoError(t, err)
	require.Equal(t, "a=1|b=7|c=x|d=y|e=late", show(got))
	require.Empty(t, seen, "what the caller gave is not evaluated")
}

func TestBindParamsEvalFails(t *testing.T) {
	t.Parallel()
	cause := errors.New("exit status 7")
	fail := func(string, value.Params) (string, error) { return "", cause }
	decl := []dag.Param{{Name: "a", Type: dag.ParamString, Eval: "$(x)", Required: true}}
	_, err := dag.BindParams(decl, nil, fail)
	require.ErrorIs(t, err, cause)
	require.ErrorContains(t, err, `params: eval failed for "a"`)

	_, err = dag.BindParams(decl, nil, nil)
	require.ErrorContains(t, err, "eval failed")

	text := func(string, value.Params) (string, error) { return "many", nil }
	_, err = dag.BindParams([]dag.Param{{Name: "n", Type: dag.ParamInteger, Eval: "x", Default: ptr("1")}}, nil, text)
	require.ErrorContains(t, err, "cannot coerce", "a result is checked like a caller's text")

	calls := 0
	count := func(string, value.Params) (string, error) { calls++; return "", nil }
	_, err = dag.BindParams([]dag.Param{{Name: "n", Type: dag.ParamInteger}, decl[0]}, []string{"n=x"}, count)
	require.ErrorContains(t, err, "cannot coerce")
	require.NotContains(t, err.Error(), "required")
	require.Zero(t, calls, "nothing is evaluated for a run that cannot start")
}

func TestSplitParams(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		``:                        nil,
		`  `:                      nil,
		`a b K=v`:                 {"a", "b", "K=v"},
		`"a b K=v"`:               {"a", "b", "K=v"},
		`'a b'`:                   {"a", "b"},
		`"a b" c`:                 {"a b", "c"},
		`"a b" "c d"`:             {"a b", "c d"},
		`K="a b" L='c d'`:         {"K=a b", "L=c d"},
		`"K="a b""`:               {"K=a b"},
		`K="say \"hi\""`:          {`K=say "hi"`},
		`"K=\"a\""`:               {`K="a"`},
		` {"K": "a b"} `:          {`{"K": "a b"}`},
		`'{"K": "a b"}'`:          {`{"K": "a b"}`},
		`K='${params.x} $(date)'`: {"K=${params.x} $(date)"},
		`""`:                      nil,
		`"a"b`:                    {"ab"},
		`a "" b`:                  {"a", "", "b"},
	} {
		got, err := dag.SplitParams(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	for _, in := range []string{`"`, `a "b`, `'`, `"a\"`} {
		_, err := dag.SplitParams(in)
		require.ErrorContains(t, err, "quote", in)
	}
}

func FuzzBindParams(f *testing.F) {
	for _, text := range []string{`"a b K=v"`, `{"K":"v","count":5}`, `K="a b" 'x`, `{`, `"\`, `{"K":1}{}`, "é=ü \xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words, err := dag.SplitParams(text)
		if err != nil {
			return
		}
		got, err := dag.BindParams(declared(), words, nil)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.True(t, json.Valid([]byte(got.JSON)), got.JSON)
		require.Len(t, got.Positional, 1)
	})
}
