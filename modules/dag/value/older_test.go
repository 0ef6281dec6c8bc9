package value_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag/value"
)

func ptr[T any](v T) *T { return &v }

// stepScope is scope with what steps have left behind.
func stepScope() value.Scope {
	s := scope()
	steps := map[string]value.Step{
		"build": {
			Emitted: map[string]string{"rows": "3", "doc": `{"a":{"b":[1,"two"]}}`, "empty": ""},
			Stdout:  "/l/build.out", Stderr: "/l/build.err", ExitCode: ptr(7),
			Output: ptr(`{"a": {"b": [1, 2.50, 1e3, true, null, {"x y": "z"}]}, "t": "añb", "big": 12345678901234567890}`),
		},
		"load":   {Published: map[string]string{"n": "1", "list": "[1, 2]", "text": `{no json`}, Output: ptr("plain text")},
		"object": {Published: map[string]string{"n": "3", "t": "4", "on": "true", "x": "5"}, Output: ptr(`{"n": 3, "t": "4", "on": true, "x": 6, "y": 7}`)},
		"silent": {},
		"run":    {Stdout: "/l/run.out"},
		"NAME":   {Stdout: "/l/name.out"},
	}
	s.Step = func(id string) (value.Step, bool) {
		v, ok := steps[id]
		return v, ok
	}
	s.Foreach = map[string]string{"index": "2", "key": "k", "item": `{"name":"n"}`, "item.name": "n"}
	env := s.Env
	more := map[string]string{
		"CFG":  ` {"host": "db", "port": 5432, "on": false, "none": null, "tags": ["a", {"b": "c"}], "x-y": 1, "": "e"} `,
		"LIST": `[{"name": "first"}, [10, 20]]`, "HOLDS": `{"r": "${params.day} $NAME '"}`, "BAD": `{"a": 1`,
		"ITEM": `{"path":"a.png","w":320}`, "TWICE": `{"a":1,"a":2}`, "NUM": `{"f":0.1,"i":-3,"z":1.0,"e":1E2,"h":1e400}`,
		"run": `{"id": "x"}`, "steps": `{"a": {"b": 1}}`,
	}
	s.Env = func(name string) (string, bool) {
		if v, ok := more[name]; ok {
			return v, true
		}
		return env(name)
	}
	return s
}

// olderCases are resolved alike in every field.
func olderCases() []textCase {
	return []textCase{
		{"output of a step", "${steps.build.outputs.rows} ${ steps.build.outputs.doc }", `3 {"a":{"b":[1,"two"]}}`},
		{"empty output", "[${steps.build.outputs.empty}]", "[]"},
		{"unknown output or step", "${steps.build.outputs.x} ${steps.nope.outputs.rows}", "${steps.build.outputs.x} ${steps.nope.outputs.rows}"},
		{"an output has no path", "${steps.build.outputs.doc.a}", "${steps.build.outputs.doc.a}"},
		{
			"what is no reference", "${steps.build.outputs} ${steps} ${foreach} ${foreach.} ${foreach.item.name.x} ${steps.1.outputs.rows} $steps.build.outputs.rows",
			"${steps.build.outputs} ${steps} ${foreach} ${foreach.} ${foreach.item.name.x} ${steps.1.outputs.rows} $steps.build.outputs.rows",
		},
		{"published is not declared", "${steps.load.outputs.n}", "${steps.load.outputs.n}"},
		{
			"item", "${foreach.index} ${foreach.key} ${foreach.item} ${foreach.item.name} ${foreach.item.nope} ${foreach.other}",
			`2 k {"name":"n"} n ${foreach.item.nope} ${foreach.other}`,
		},
		{"logs", "${build.stdout} ${ build.stderr }", "/l/build.out /l/build.err"},
		{"logs have no path", "${build.stdout.x}", "${build.stdout.x}"},
		{"no logs", "${silent.stdout} ${silent.stderr}", "${silent.stdout} ${silent.stderr}"},
		{"exit code", "${build.exit_code} ${build.exitCode}", "7 7"},
		{"no exit code", "${silent.exit_code} ${load.exitCode}", "${silent.exit_code} ${load.exitCode}"},
		{"whole output", "${load.output}", "plain text"},
		{"no output", "${silent.output}", "${silent.output}"},
		{"path into the output", "${build.output.a.b[1]} ${build.output.a.b[2]} ${build.output.a.b[3]} ${build.output.a.b[4]}", "2.5 1000 true null"},
		{"quoted key", `${build.output.a.b[5]["x y"]} ${build.output.a.b[-1]."x y"}`, "z z"},
		{"part that is no scalar", "${build.output.a}", `{"b":[1,2.50,1e3,true,null,{"x y":"z"}]}`},
		{"large integer", "${build.output.big}", "12345678901234567890"},
		{"path into what is no JSON", "${load.output.a}", "${load.output.a}"},
		{
			"no such part", "${build.output.a.c} ${build.output.a.b[9]} ${build.output.a.b[-9]} ${build.output.t.x}",
			"${build.output.a.c} ${build.output.a.b[9]} ${build.output.a.b[-9]} ${build.output.t.x}",
		},
		{"index into a map, key into a list", "${build.output[0]} ${build.output.a.b.c}", "${build.output[0]} ${build.output.a.b.c}"},
		{"one output", "${build.outputs.rows} ${load.outputs.n} ${load.outputs.list[1]} ${build.outputs.doc.a.b[1]}", "3 1 2 two"},
		{"no such output", "${build.outputs.x} ${load.outputs[0]} ${silent.outputs}", "${build.outputs.x} ${load.outputs[0]} ${silent.outputs}"},
		{"all outputs", "${load.outputs}", `{"list":[1,2],"n":"1","text":"{no json"}`},
		{"all outputs as they were made", "${object.outputs} ${object.outputs.n}", `{"n":3,"on":true,"t":"4","x":"5"} 3`},
		{"all outputs are declared ones too", "${build.outputs}", `{"doc":{"a":{"b":[1,"two"]}},"empty":"","rows":"3"}`},
		{"unknown property", "${build.status} ${build.} ${build}", "${build.status} ${build.} ${build}"},
		{"unknown step", "${nope.stdout}", "${nope.stdout}"},
		{"slice", "${build.stdout:3} ${build.stdout:3:5} ${build.output.t:1:1} ${load.output:6:99}", "build.out build ñ text"},
		{"slice of nothing", "[${load.output:99}][${load.output:0:0}]", "[][]"},
		{"no negative slice", "${load.output:-1} ${load.output: 1} ${load.output:1:-1} ${load.output:}", "${load.output:-1} ${load.output: 1} ${load.output:1:-1} ${load.output:}"},
		{"slice with blanks at the end", "${load.output:6 }", "text"},
		{"huge slice", "[${load.output:99999999999999999999}]", "[]"},
		{"variable", "${CFG.host}:${CFG.port} ${CFG.on} ${CFG.none} ${CFG.tags[0]} ${CFG.tags[1].b} ${CFG.tags[-1]}", `db:5432 false null a c {"b":"c"}`},
		{"list of a variable", "${LIST.[0].name} ${LIST.[1][0]}", "first 10"},
		{"numbers", "${NUM.f} ${NUM.i} ${NUM.z} ${NUM.e} ${NUM.h}", "0.1 -3 1 100 1e400"},
		{"slice of a variable", "${CFG.host:1:1} ${CFG.tags:0:2}", `b ["`},
		{"item of a fan-out", "${ITEM.path} ${ITEM.w} ${ITEM.h}", "a.png 320 ${ITEM.h}"},
		{"awkward keys", `${CFG["x-y"]} ${CFG.["x-y"]} ${CFG.""} ${CFG.x-y}`, `${CFG["x-y"]} 1 e ${CFG.x-y}`},
		{"the last of two keys", "${TWICE.a}", "2"},
		{"broken JSON", "${BAD.a}", "${BAD.a}"},
		{"no JSON", "${NAME.x} ${EMPTY.x}", "${NAME.x} ${EMPTY.x}"},
		{"missing variable", "${NOPE.x}", "${NOPE.x}"},
		{"a step comes before a variable", "${NAME.stdout}", "/l/name.out"},
		{
			"roots of present references are plain", "${run.id.x} ${run.stdout} ${steps.a.b} ${step.stdout} ${env.CFG.host}",
			"${run.id.x} ${run.stdout} ${steps.a.b} ${step.stdout} ${env.CFG.host}",
		},
		{"never scanned again", "${HOLDS.r}", "${params.day} $NAME '"},
		{"escaped", `\${build.stdout} \\${build.exit_code} \\\${CFG.host}`, `${build.stdout} \\7 \\${CFG.host}`},
		{"escape of what is none", `\${nope.stdout}`, `\${nope.stdout}`},
		{"single quotes do not protect", "'${build.exit_code}' '${CFG.host}'", "'7' 'db'"},
		{"in a word", "${NOPE:-${CFG.host}}", "${NOPE:-db}"},
		{
			"not a path", "${CFG.} ${CFG..host} ${CFG.host.} ${CFG.tags[} ${CFG.tags[x]} ${CFG.tags[]} ${CFG.[\"host} ${CFG.host|x}",
			"${CFG.} ${CFG..host} ${CFG.host.} ${CFG.tags[} ${CFG.tags[x]} ${CFG.tags[]} ${CFG.[\"host} ${CFG.host|x}",
		},
		{"unclosed", "${CFG.host", "${CFG.host"},
		{"without braces", "$CFG.tags", "$CFG.tags"},
	}
}

func TestOlderReferencesAreAlikeInEveryField(t *testing.T) {
	t.Parallel()
	s := stepScope()
	for name, resolve := range map[string]func(string) string{
		"Refs": s.Refs, "Expand": s.Expand, "ExpandPath": s.ExpandPath, "RawNames": s.RawNames,
		"Eval": func(text string) string {
			out, err := s.Eval(text, nil)
			require.NoError(t, err)
			return out
		},
		"ExpandVars": func(text string) string { return s.ExpandVars([]value.Pair{{Name: "V", Value: text}})[0].Value },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, c := range olderCases() {
				if (c.name == "without braces" || c.name == "what is no reference") && name != "Refs" {
					continue // there it is a name with a text behind it
				}
				require.Equal(t, c.want, resolve(c.in), c.name)
			}
		})
	}
}

func TestOlderReferencesWithoutSteps(t *testing.T) {
	t.Parallel()
	text := "${build.stdout} ${build.output.a} ${steps.build.outputs.rows} ${foreach.item} ${CFG.host}"
	require.Equal(t, text, value.Scope{}.Expand(text))
}

func TestHostHoldsJSONToo(t *testing.T) {
	t.Parallel()
	s := value.Scope{Host: lookup(map[string]string{"H": `{"a":1}`})}
	require.Equal(t, "1", s.Expand("${H.a}"))
}

// A command in a value is a text.
func TestEvalRunsNoInsertedCommand(t *testing.T) {
	t.Parallel()
	s := stepScope()
	s.Env = lookup(map[string]string{"J": `{"c": "$(id)", "open": "$(", "tick": "` + "`id`" + `"}`})
	s.Step = func(string) (value.Step, bool) {
		return value.Step{Output: ptr("$(id)"), Emitted: map[string]string{"x": "`id`"}}, true
	}
	s.Foreach = map[string]string{"item": "$(id)"}
	for _, text := range []string{
		"${J.c}", "${J.tick}", "${J.open}id)", "${a.output}", "${steps.a.outputs.x}", "${foreach.item}", "`${J.tick}", "$${J.c}",
	} {
		_, err := s.Eval(text, func(cmd string) (string, error) {
			require.NotContains(t, cmd, "id", "%s ran %s", text, cmd)
			return "", nil
		})
		require.NoError(t, err)
	}
}

func TestPathsHaveABudget(t *testing.T) {
	t.Parallel()
	big := `{"a": {"b": "x"}, "pad": "` + strings.Repeat("x", 1<<20) + `"}`
	s := value.Scope{Env: lookup(map[string]string{"BIG": big})}
	out := s.Expand(strings.Repeat("${BIG.a.b} ", 1000))
	require.True(t, strings.HasPrefix(out, "x x "))
	require.True(t, strings.HasSuffix(out, "${BIG.a.b} ${BIG.a.b} "))
}

func TestOlderReferencesAreShort(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("k", 990)
	s := value.Scope{Env: lookup(map[string]string{"V": `{"` + key + `": 1, "` + key + key + `": 2}`})}
	require.Equal(t, "1", s.Expand("${V."+key+"}"))
	require.Equal(t, "${V."+key+key+"}", s.Expand("${V."+key+key+"}"))
}
