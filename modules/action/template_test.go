package action_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/action"
)

func TestTemplate(t *testing.T) {
	t.Parallel()
	checkCases(t, "template.render", nil, map[string]outcome{
		"no line break added": {`{template: "Hi {{.name}}", data: {name: Ada}}`, "Hi Ada", ""},
		"kept as it is":       {"template: |\n  {{range .list}}- {{.}}\n  {{end}}\ndata: {list: [a, 1, true]}", "- a\n- 1\n- true\n\n", ""},
		"dollar is its own":   {`{template: "{{$x := .a}}{{$x}} $HOME ${a.b}", data: {a: 1}}`, "1 $HOME ${a.b}", ""},
		"without data":        {`{template: "plain"}`, "plain", ""},
		"a list":              {`{template: "{{len .}}", data: [1, 2]}`, "2", ""},
		"a text":              {`{template: "<{{.}}>", data: x}`, "<x>", ""},
		"JSON in a text":      {`{template: "{{.a.b}}", data: '{"a": {"b": 7}}'}`, "7", ""},
		"nested":              {`{template: "{{(index .a 0).b}}", data: {a: [{b: c}]}}`, "c", ""},
		"built in":            {`{template: "{{printf \"%03d\" .n}} {{eq .n 7}}", data: {n: 7}}`, "007 true", ""},
		"no escapes":          {`{template: "{{.x}}", data: {x: "<&\">"}}`, `<&">`, ""},
		"further fields":      {`{template: x, engine: go}`, "x", ""},
		"missing key":         {`{template: "{{.other}}", data: {a: 1}}`, "", `no entry for key "other"`},
		"no data":             {`{template: "{{.a}}"}`, "", `no entry for key "a"`},
		"bad template":        {`{template: "{{.a", data: {}}`, "", "parse template"},
		"no function":         {`{template: "{{env .a}}", data: {}}`, "", "parse template"},
		"neither":             {`{data: {}}`, "", "template or template_ref is required"},
		"both":                {`{template: x, template_ref: "${a.b}"}`, "", "with.template_ref cannot stand beside template"},
		"no reference":        {`{template_ref: plain}`, "", "with.template_ref must be one reference"},
		"more than one":       {`{template_ref: "${a.b}${c.d}"}`, "", "with.template_ref must be one reference"},
		"more than that":      {`{template_ref: "x ${a.b}"}`, "", "with.template_ref must be one reference"},
		"a name":              {`{template_ref: "${NAME}"}`, "", "with.template_ref must be one reference"},
		"a list of them":      {`{template_ref: ["${a.b}"]}`, "", "with.template_ref must be one reference"},
	})
}

// TestTemplateEnds holds that a template ends with its step also where it writes nothing.
func TestTemplateEnds(t *testing.T) {
	t.Parallel()
	definition, _ := action.Lookup("template.render")
	for name, text := range map[string]string{
		"loop":      "{{range 9000000000000000000}}{{end}}",
		"inside":    "{{if true}}{{with 1}}{{range 9000000000000000000}}{{$x := .}}{{end}}{{end}}{{end}}",
		"otherwise": "{{if false}}{{else}}{{with 0}}{{else}}{{range 0}}{{else}}{{range 9000000000000000000}}{{end}}{{end}}{{end}}{{end}}",
		"recursion": `{{define "x"}}{{if .}}{{template "x" (slice . 1)}}{{template "x" (slice . 1)}}{{end}}{{end}}{{template "x" "` + strings.Repeat("x", 60) + `"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			ended := make(chan error, 1)
			go func() {
				ended <- definition.Run(ctx, &action.Call{With: action.Values{"template": text}, Stdout: io.Discard})
			}()
			select {
			case err := <-ended:
				require.ErrorIs(t, err, context.Canceled)
			case <-time.After(10 * time.Second):
				t.Fatal("it goes on")
			}
		})
	}
}

// TestTemplateReference holds that the value of a reference is the template.
func TestTemplateReference(t *testing.T) {
	t.Parallel()
	definition, _ := action.Lookup("template.render")
	for _, text := range []string{"${consts.page}", " ${ steps.a.outputs.page } ", "${params}", "${a.outputs.page}"} {
		require.Empty(t, definition.Problems(action.Values{"template_ref": text}, false), text)
	}
	resolved := action.Values{"template_ref": "Hi {{.n}} ${a.b}", "data": map[string]any{"n": int64(1)}}
	require.Empty(t, definition.Problems(resolved, true))
	var out strings.Builder
	require.NoError(t, definition.Run(t.Context(), &action.Call{With: resolved, Stdout: &out}))
	require.Equal(t, "Hi 1 ${a.b}", out.String())
}

// TestTemplateOutput holds that a file gets the text, is private and is never half written.
func TestTemplateOutput(t *testing.T) {
	t.Parallel()
	s := newTrial(t)
	s.file(t, "old", "before")
	require.NoError(t, os.Chmod(filepath.Join(s.dir, "old"), 0o644)) //nolint:gosec // what is to be narrowed
	for _, name := range []string{"old", "new", "sub/dir/new"} {
		require.NoError(t, s.do(t, "template.render", `{template: "{{.a}}", output: `+name+`, data: {a: 1}}`))
		text, err := os.ReadFile(filepath.Join(s.dir, name))
		require.NoError(t, err)
		require.Equal(t, "1", string(text))
		info, err := os.Stat(filepath.Join(s.dir, name))
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode())
	}
	require.Empty(t, s.stdout.String())
	require.Error(t, s.do(t, "template.render", `{template: "long {{.b}}", output: old, data: {a: 1}}`))
	text, err := os.ReadFile(filepath.Join(s.dir, "old"))
	require.NoError(t, err)
	require.Equal(t, "1", string(text), "the file is as it was")
	require.ErrorContains(t, s.do(t, "template.render", `{template: x, output: .}`), "write "+s.dir)
	entries, err := os.ReadDir(s.dir)
	require.NoError(t, err)
	require.Len(t, entries, 3, "nothing is left behind")
}

func TestOutputsWrite(t *testing.T) {
	t.Parallel()
	s := newTrial(t)
	require.NoError(t, s.do(t, "outputs.write", `{values: {text: " a\n", n: 1.50, t: true, list: [1, {b: x, a: null}], none: null, empty: ""}}`))
	require.Equal(t, map[string]string{
		"text": " a\n", "n": "1.5", "t": "true", "list": `[1,{"a":null,"b":"x"}]`, "none": "null", "empty": "",
	}, s.published)
	require.Empty(t, s.stdout.String())
	checkCases(t, "outputs.write", nil, map[string]outcome{
		"nothing":    {`{}`, "", "values is required"},
		"empty":      {`{values: {}}`, "", "with.values must be a non-empty map"},
		"a list":     {`{values: [1]}`, "", "with.values must be a map, not a list"},
		"blank name": {`{values: {"": 1}}`, "", "with.values must not have a blank name"},
		"too much":   {`{values: {a: "` + strings.Repeat("x", 1000) + `"}}`, "", "exceeded maximum size limit of 1000 bytes"},
		"unknown":    {`{values: {a: 1}, value: 1}`, "", "invalid keys: value"},
	})
}
