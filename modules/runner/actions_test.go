package runner_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// TestActions runs actions with references in their fields, in the directory of their step.
func TestActions(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		step string
		want string // the stdout
		says string // the error; "" succeeds
	}{
		"jq":                    {`{action: jq.filter, with: {filter: ".${consts.key}", data: {a: ["${params.P}", "$V"]}, raw: true}}`, `["x","y z"]` + "\n", ""},
		"jq of a file":          {`{action: jq.filter, with: {filter: .n, input: "in.${params.E}"}}`, "5\n", ""},
		"jq leaves its names":   {`{action: jq.filter, with: {filter: ". as $x | $x", data: 1}}`, "1\n", ""},
		"jq sees variables":     {`{action: jq.filter, with: {filter: $ENV.V, data: 1}}`, "\"y z\"\n", ""},
		"jq that goes wrong":    {`{action: jq.filter, with: {filter: .a, data: [1]}}`, "", ""},
		"jq that is none":       {`{action: jq.filter, with: {filter: "${params.P} |", data: 1}}`, "", "parse filter"},
		"older name":            {`{action: jq, with: {filter: ., data: 1}}`, "1\n", ""},
		"convert":               {`{action: data.convert, with: {from: json, to: "${params.F}", input: in.json}}`, "'n': 5\n", ""},
		"convert into nothing":  {`{action: data.convert, with: {from: json, to: "${params.P}", input: in.json}}`, "", `with.to must be json or yaml or csv or tsv or text, not "x"`},
		"pick":                  {`{action: data.pick, with: {from: json, select: .n, input: in.json}}`, "5\n", ""},
		"template":              {`{action: template.render, with: {template: "{{.p}} ${params.P} $V {{.u}}|{{.v}}", data: {p: "${params.P}", u: "${params.U}", v: "$U"}}}`, "x ${params.P} $V |", ""},
		"template, none of us":  {`{action: template.render, with: {template: "{{.p}}", data: {p: "${params.OTHER}"}}}`, "${params.OTHER}", ""},
		"template by reference": {`{action: template.render, with: {template_ref: "${consts.page}", data: {p: 1}}}`, "<1> ${params.P}", ""},
		"template of nothing":   {`{action: template.render, with: {template_ref: "${consts.none}"}}`, "", "with.template_ref: the reference ${consts.none} has no value"},
		"sqlite":                {`{action: sqlite.query, with: {dsn: "${params.P}.db", query: "SELECT :p AS p, '$V' AS v", params: {p: "${params.P}"}}}`, `{"p":"x","v":"$V"}` + "\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			require.NoError(t, os.WriteFile(r.path("in.json"), []byte(`{"n": 5}`), 0o600))
			result := r.run(r.text(
				"params: [{P: x}, {E: json}, {F: yaml}, {name: U, type: string}]",
				"consts: [{key: a}, {page: '<{{.p}}> ${params.P}'}]",
				"defaults: {env: [V: y z]}", "working_dir: $DIR",
				"steps:", "- {id: a, "+tt.step[1:],
			))
			if tt.says == "" {
				require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
				require.Equal(t, tt.want, r.stdout("a"))
				return
			}
			require.Equal(t, store.StatusFailed, result.Status)
			require.Contains(t, r.store.step("a").Error, tt.says)
		})
	}
}

// TestActionWritesToTheStreams holds that the result of an action is the step's stdout, as
// that of a program is.
func TestActionWritesToTheStreams(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("working_dir: $DIR", "steps:",
		`- {name: a, action: jq.filter, with: {filter: "., .a", data: [1]}, output: V, stdout: out, stderr: err}`,
		`- {name: b, run: 'echo "$V"', depends: a}`))
	for file, want := range map[string]string{"out": "[\n    1\n]\n", "err": "expected an object but got: array ([1])\n"} {
		text, err := os.ReadFile(r.path(file))
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
	require.Equal(t, "[\n    1\n]\n", r.stdout("b"))
}

func TestOutputsArePublished(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("params: [{P: x}]", "steps:",
		`- {id: a, action: outputs.write, with: {values: {one: "<${params.P}>", two: {b: 2, a: [1]}}}}`))
	require.Equal(t, map[string]string{"one": "<x>", "two": `{"a":[1],"b":2}`}, r.store.step("a").Published)
	require.Empty(t, r.stdout("a"))
}

// TestBlanksOfASchema holds that what a schema declares is empty too where it was not given.
func TestBlanksOfASchema(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("params: {type: object, properties: {U: {type: string}, W: {type: string}}}", "steps:",
		`- {id: a, action: template.render, with: {template: "{{.u}}|{{.w}}", data: {u: "${params.U}", w: "${params.W}"}}}`), "W=1")
	require.Equal(t, "|1", r.stdout("a"))
}
