package action_test

import (
	"errors"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/action"
)

// kinds is an action with a field of every kind.
func kinds() *action.Definition {
	return &action.Definition{
		Name: "test.kinds",
		Fields: []action.Field{
			{Name: "text", Kind: action.KindText, Required: true},
			{Name: "integer", Kind: action.KindInteger},
			{Name: "number", Kind: action.KindNumber},
			{Name: "boolean", Kind: action.KindBoolean},
			{Name: "list", Kind: action.KindList},
			{Name: "map", Kind: action.KindMap},
			{Name: "texts", Kind: action.KindTexts},
			{Name: "any", Kind: action.KindAny},
			{Name: "choice", Kind: action.KindText, OneOf: []string{"red", "green"}},
			{Name: "checked", Kind: action.KindText, Check: func(any) error { return errors.New("is never good") }},
			{Name: "raw", Kind: action.KindInteger, Raw: true},
		},
	}
}

// messages are the problems of a field beside a good text.
func messages(key string, v any, final bool) []string {
	with := action.Values{"text": "x"}
	with[key] = v
	var all []string
	for _, p := range kinds().Problems(with, final) {
		all = append(all, p.Error())
	}
	return all
}

func TestKinds(t *testing.T) {
	t.Parallel()
	list, object := []any{"a", int64(1), true, 1.5}, map[string]any{"a": []any{}}
	for _, test := range []struct {
		key  string
		good []any
		bad  map[string]any
	}{
		{"text", []any{"", "x", int64(1), 1.5, true}, map[string]any{
			"with.text must be a text, not a list": list, "with.text must be a text, not a map": object,
		}},
		{"integer", []any{int64(-1), "7", " 7 "}, map[string]any{
			"with.integer must be an integer, not 1.5": 1.5, `with.integer must be an integer, not "x"`: "x",
			"with.integer must be an integer, not a boolean": true, `with.integer must be an integer, not ""`: "",
		}},
		{"number", []any{int64(1), 1.5, "1.5", "1e3"}, map[string]any{
			"with.number must be a number, not NaN": math.NaN(), `with.number must be a number, not "Inf"`: "Inf",
			"with.number must be a number, not a list": list,
		}},
		{"boolean", []any{true, false, "true", " False "}, map[string]any{
			`with.boolean must be a boolean, not "yes"`: "yes", "with.boolean must be a boolean, not 1": int64(1),
		}},
		{"list", []any{list, []any{}}, map[string]any{`with.list must be a list, not "a"`: "a", "with.list must be a list, not a map": object}},
		{"map", []any{object}, map[string]any{"with.map must be a map, not a list": list}},
		{"texts", []any{"a", int64(1), list}, map[string]any{
			"with.texts must be a text or list of texts, not a map":  object,
			"with.texts must be a text or list of texts, not a list": []any{object},
		}},
		{"any", []any{"a", list, object, true}, nil},
		{"choice", []any{"red"}, map[string]any{`with.choice must be red or green, not "blue"`: "blue"}},
		{"checked", nil, map[string]any{"with.checked is never good": "x"}},
	} {
		for _, v := range test.good {
			require.Empty(t, messages(test.key, v, true), "%s: %v", test.key, v)
		}
		for message, v := range test.bad {
			require.Equal(t, []string{message}, messages(test.key, v, true))
		}
		require.Equal(t, test.key == "text", len(messages(test.key, nil, true)) > 0, "null is absent: %s", test.key)
	}
}

// TestReferences holds when a text with a reference is judged.
func TestReferences(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"integer", "number", "boolean", "list", "map", "choice", "checked"} {
		require.Empty(t, messages(key, "${params.x}", false), key)
		require.NotEmpty(t, messages(key, "${params.x}", true), key)
	}
	require.NotEmpty(t, messages("raw", "${params.x}", false), "what is never resolved is judged at once")
	require.NotEmpty(t, messages("integer", "x", false), "so is what holds no reference")
}

// TestProblems holds that all problems are told, in one order.
func TestProblems(t *testing.T) {
	t.Parallel()
	require.Equal(t, []action.Problem{
		{Key: "integer", Message: `must be an integer, not "x"`},
		{Message: "text is required"},
		{Key: "txet", Message: "invalid keys: txet", Unknown: true},
	}, kinds().Problems(action.Values{"integer": "x", "txet": "y"}, false))

	open := kinds()
	open.Open = true
	require.Empty(t, open.Problems(action.Values{"text": "x", "txet": "y"}, false))
}

// TestCheck holds that fields are judged together once each is good.
func TestCheck(t *testing.T) {
	t.Parallel()
	d, calls := kinds(), 0
	d.Check = func(action.Values) []action.Problem {
		calls++
		return []action.Problem{{Key: "map", Message: "cannot stand beside list"}}
	}
	require.Len(t, d.Problems(action.Values{}, true), 1)
	require.Zero(t, calls)
	require.EqualError(t, d.Problems(action.Values{"text": "x"}, true)[0], "with.map cannot stand beside list")
}

// TestValues holds what an action reads of fields that were judged.
func TestValues(t *testing.T) {
	t.Parallel()
	v := action.Values{
		"float": 1e6, "int": "7", "yes": "TRUE", "list": []any{"a", int64(1)}, "one": "b", "map": map[string]any{"a": nil}, "null": nil,
	}
	require.Equal(t, "1000000", v.Text("float"), "no exponent")
	require.Equal(t, int64(7), v.Int("int", 1))
	require.Equal(t, int64(1), v.Int("none", 1))
	require.InDelta(t, 7.0, v.Number("int", 1), 0)
	require.InDelta(t, 1.0, v.Number("none", 1), 0)
	require.True(t, v.Bool("yes"))
	require.True(t, v.BoolOr("none", true))
	require.Equal(t, []string{"a", "1"}, v.Texts("list"))
	require.Equal(t, []string{"b"}, v.Texts("one"))
	require.Nil(t, v.Texts("null"))
	require.Len(t, v.Map("map"), 1)
	require.Nil(t, v.Map("none"))
	require.False(t, v.Has("null"))
	require.Equal(t, "x", v.TextOr("null", "x"))
}

// BenchmarkProblems judges the fields of a step when it starts.
func BenchmarkProblems(b *testing.B) {
	d := kinds()
	with := action.Values{"text": "x", "integer": int64(1), "boolean": "true", "list": []any{"a"}, "map": map[string]any{"a": "b"}, "choice": "red"}
	b.ReportAllocs()
	for b.Loop() {
		if len(d.Problems(with, true)) > 0 {
			b.Fatal("the fields are good")
		}
	}
}
