package dag_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag"
	"dagu/modules/dag/value"
)

const schemaFile = `
params:
  values: {day: Tue, count: 4}
  schema:
    type: object
    required: [who]
    properties:
      who: {type: string, minLength: 2}
      day: {type: string, default: Mon}
      count: {type: integer, maximum: 9}
      ratio: {type: number, default: 0.5}
      dry: {type: boolean, default: false}
      list: {type: array, items: {type: integer}}
      map: {type: object}
      either: {type: [integer, string]}
      nothing: {type: ["null", integer]}
      free: {enum: [x, y]}
steps: [{run: x}]`

func bindSchema(t *testing.T, words ...string) (value.Params, error) {
	t.Helper()
	d := load(t, schemaFile)
	return dag.BindSchema(d.ParamSchema, d.ParamValues, words)
}

func TestBindSchema(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		words []string
		want  string
	}{
		{"values, then defaults", []string{"who=me"}, "count=4|day=Tue|dry=false|ratio=0.5|who=me"},
		{"the caller first", []string{"who=me", "day=Wed", "count=5", "ratio=1.50"}, "count=5|day=Wed|dry=false|ratio=1.50|who=me"},
		{"booleans in any case", []string{"who=me", "dry=TRUE"}, "count=4|day=Tue|dry=true|ratio=0.5|who=me"},
		{"lists and maps are JSON", []string{"who=me", "list=[1, 2]", `map={"a": [1]}`}, `count=4|day=Tue|dry=false|list=[1, 2]|map={"a": [1]}|ratio=0.5|who=me`},
		{"several types", []string{"who=me", "either=5x", "free=x"}, "count=4|day=Tue|dry=false|either=5x|free=x|ratio=0.5|who=me"},
		{"a JSON object", []string{`{"who": "me", "count": 7, "list": [3], "dry": true}`}, "count=7|day=Tue|dry=true|list=[3]|ratio=0.5|who=me"},
		{"null is absent", []string{`{"who": "me", "day": null}`}, "count=4|day=Tue|dry=false|ratio=0.5|who=me"},
		{"never resolved", []string{"who=${params.day} $HOME"}, "count=4|day=Tue|dry=false|ratio=0.5|who=${params.day} $HOME"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := bindSchema(t, c.words...)
			require.NoError(t, err)
			require.Equal(t, c.want, show(got))
			require.Empty(t, got.Positional)
		})
	}
	got, err := bindSchema(t, "who=<me>", "list=[1]")
	require.NoError(t, err)
	require.Equal(t, `{"count":"4","day":"Tue","dry":"false","list":"[1]","ratio":"0.5","who":"<me>"}`, got.JSON)
	got, err = bindSchema(t, ` {"who": "me", "list": [1]} `)
	require.NoError(t, err)
	require.Equal(t, `{"who": "me", "list": [1]}`, got.JSON, "it is what the caller gave")
}

func TestBindSchemaRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		words []string
		want  []string
	}{
		{"required", nil, []string{"parameter validation failed: ", "missing property 'who'"}},
		{"unknown", []string{"who=me", "x=1"}, []string{`unknown parameter(s): "x"; accepted parameters are: count, day, dry, either, free, list, map, nothing, ratio, who`}},
		{"positional", []string{"me", "who=me"}, []string{"too many positional params: expected at most 0, got 1"}},
		{"integer", []string{"who=me", "count=1.5"}, []string{`parameter "count": cannot coerce "1.5" to integer`}},
		{"number, boolean", []string{"who=me", "ratio=NaN", "dry=yes"}, []string{`"ratio": cannot coerce "NaN" to number`, `"dry": cannot coerce "yes" to boolean`}},
		{"list, map", []string{"who=me", "list={}", "map=[]"}, []string{`"list": cannot coerce "{}" to array`, `"map": cannot coerce "[]" to object`}},
		{"none of several", []string{"who=me", "nothing=x"}, []string{`"nothing": cannot coerce "x" to null or integer`}},
		{"constraints", []string{"who=m", "count=10", "free=z", `list=["a"]`}, []string{"parameter validation failed: ", "'/who'", "'/count'", "'/free'", "'/list/0'"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := bindSchema(t, c.words...)
			for _, want := range c.want {
				require.ErrorContains(t, err, want)
			}
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestParseSchema(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"JSON": "{\n\t\"type\": \"object\",\n\t\"properties\": {\"a\": {\"default\": 1}}\n}", "YAML": "type: object\nproperties: {a: {default: 1}}\n",
	} {
		schema, err := dag.ParseSchema("f", []byte(text))
		require.NoError(t, err, name)
		got, err := dag.BindSchema(schema, nil, nil)
		require.NoError(t, err, name)
		require.Equal(t, "a=1", show(got), name)
	}
	for name, text := range map[string]string{"broken": "{\"type\":", "too large": strings.Repeat("#", dag.MaxFileSize+1), "repeated": "a: 1\na: 2"} {
		_, err := dag.ParseSchema("f", []byte(text))
		require.ErrorContains(t, err, "f:", name)
	}
	for name, text := range map[string]string{"nothing": "", "a list": "- x", "another type": "{\"type\": \"array\"}"} {
		schema, err := dag.ParseSchema("f", []byte(text))
		require.NoError(t, err, name)
		_, err = dag.BindSchema(schema, nil, nil)
		require.ErrorContains(t, err, "params: the schema must have type object and a map of properties", name)
	}
	_, err := dag.BindSchema(map[string]any{"type": "object", "properties": map[string]any{"a b": true}}, nil, nil)
	require.ErrorContains(t, err, `params: the name "a b" of a property must match`)
}

// A schema is no way to have us read a file or open a connection.
func TestSchemasReferToNothingElse(t *testing.T) {
	t.Parallel()
	for _, ref := range []string{"file:///etc/hostname", "http://127.0.0.1:1/x", "other.json"} {
		schema := map[string]any{"type": "object", "properties": map[string]any{"a": map[string]any{"$ref": ref}}}
		_, err := dag.BindSchema(schema, nil, nil)
		require.ErrorContains(t, err, "a schema cannot refer to another file or URL", ref)
	}
}

func TestASchemaAndDeclarationsReplaceEachOther(t *testing.T) {
	t.Parallel()
	over := func(base, text string) *dag.DAG {
		d, err := dag.Load(dag.Source{File: "job.yaml", Text: []byte(text), BaseFile: "base.yaml", Base: []byte(base)}, dag.Options{})
		require.NoError(t, err)
		return d
	}
	d := over("params: [a=1]", "params: {schema: x.json}\nsteps: [{run: x}]")
	require.Empty(t, d.Params)
	require.Equal(t, "x.json", d.ParamSchemaFrom)
	d = over("params: {schema: x.json, values: {b: 1}}", "params: [a=1]\nsteps: [{run: x}]")
	require.Len(t, d.Params, 1)
	require.Empty(t, d.ParamSchemaFrom)
	require.Nil(t, d.ParamValues)
	d = over("params: {schema: x.json}", "params: {schema: {type: object, properties: {}}}\nsteps: [{run: x}]")
	require.Empty(t, d.ParamSchemaFrom)
	require.NotNil(t, d.ParamSchema)
	d = over("params: {schema: x.json}", "steps: [{run: x}]")
	require.Equal(t, "x.json", d.ParamSchemaFrom)
}

// A schema that names itself twice on each of many levels would be checked for ever.
func TestSchemasThatMultiplyAreRefused(t *testing.T) {
	t.Parallel()
	doubled := func(levels int, reference, name string) map[string]any {
		defs := map[string]any{"d" + strconv.Itoa(levels): map[string]any{name: "d" + strconv.Itoa(levels)}}
		for i := range levels {
			ref := map[string]any{"$ref": reference + "d" + strconv.Itoa(i+1)}
			defs["d"+strconv.Itoa(i)] = map[string]any{name: "d" + strconv.Itoa(i), "allOf": []any{ref, ref}}
		}
		return map[string]any{
			"type": "object", "$defs": defs, "properties": map[string]any{}, "allOf": []any{map[string]any{"$ref": reference + "d0"}},
		}
	}
	for reference, name := range map[string]string{"#/$defs/": "title", "#": "$anchor", "": "$id", "#/%24defs/": "title"} {
		_, err := dag.BindSchema(doubled(8, reference, name), nil, nil)
		require.NoError(t, err, reference)
		_, err = dag.BindSchema(doubled(60, reference, name), nil, nil)
		require.ErrorContains(t, err, "multiply it to more than 100000 nodes", reference)
	}
	tree := map[string]any{"type": "object", "properties": map[string]any{"a": map[string]any{"type": "array", "items": map[string]any{"$ref": "#/properties/a"}}}}
	_, err := dag.BindSchema(tree, nil, []string{"a=[[[]]]"})
	require.NoError(t, err, "one that names itself is fine")
}

// FuzzBindSchema holds what is true of every schema and word: binding ends and never
// panics, what it gives has unique valid names, and nothing runs or is read for it.
func FuzzBindSchema(f *testing.F) {
	for _, seed := range [][2]string{
		{`{"type": "object", "properties": {"a": {"type": "integer", "default": 1}, "b": {"enum": ["x"]}}, "required": ["a"]}`, "a=5"},
		{`{"type": "object", "properties": {"a": {"$ref": "#/properties/b"}, "b": {"$ref": "#/properties/a"}}}`, `{"a": [1]}`},
		{`{"type": "object", "properties": {"a": {"$ref": "file:///x"}}}`, "a=1"},
		{`{"type": "object", "$schema": "x", "properties": {"a": {"pattern": "(a*)*$", "format": "uri"}}, "allOf": [{"$ref": "#"}]}`, "a=aaaa"},
		{"type: object\nproperties: {a: {type: [array, 'null'], default: [1, {b: 0644}]}}", "a={"},
		{"a: *b", ""},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, word string) {
		schema, err := dag.ParseSchema("f", []byte(text))
		if err != nil {
			return
		}
		got, err := dag.BindSchema(schema, nil, []string{word})
		if err != nil {
			return
		}
		require.Empty(t, got.Positional)
		seen := make(map[string]bool)
		for _, p := range got.Named {
			require.Regexp(t, "^[A-Za-z][A-Za-z0-9_]*$", p.Name)
			require.False(t, seen[p.Name])
			seen[p.Name] = true
		}
	})
}
