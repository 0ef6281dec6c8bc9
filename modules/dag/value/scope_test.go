package value_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag/value"
)

func lookup(m map[string]string) func(string) (string, bool) { return value.Layers(m) }

// scope is what the tables of this package resolve against.
func scope() value.Scope {
	return value.Scope{
		Consts: map[string]string{"team": "core", "ref": "${params.day}", "E": "", "_x": "?"},
		Params: value.Params{
			Named:      []value.Pair{{Name: "day", Value: "Mon"}, {Name: "run", Value: "shadow"}, {Name: "empty", Value: ""}},
			Positional: []string{"one", "two", "3", "4", "5", "6", "7", "8", "9", "ten"},
			JSON:       `{"day":"Mon"}`,
		},
		Env: lookup(map[string]string{
			"NAME": "dagu", "EMPTY": "", "PATHS": "/usr/local/lib/x.tar.gz", "UNI": "añb", "_u": "under",
			"HOMEDIR": "~/logs", "TILDE": "~", "UMLAUT": "~/ä.b-c", "OPEN": "(", "TICKS": "`id`", "SPACED": "~/my logs", "CMD": "~/$(id)", "OTHER": "~bob/x",
			"JSON": `{"a":"b\c"}`, "Q": "'", "SUBST": "$(id)", "PAREN": ")", "params": "env-params", "foo": "FOO",
			"LINES": "a.b\nc.d", "HTML": "<&>\u00e9", "STAR": "**x**", "DIGITS": "0123456789",
		}),
		Context: map[string]string{
			"dag.name": "etl", "run.id": "r-1", "attempt.started_at": "2031-05-01T04:30:00Z", "step.name": "load",
		},
	}
}

type textCase struct{ name, in, want string }

func check(t *testing.T, resolve func(string) string, cases []textCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, resolve(c.in))
		})
	}
}

// references are resolved alike in every field.
func references() []textCase {
	return []textCase{
		{"plain text", "a b c", "a b c"},
		{"empty text", "", ""},
		{"const", "x ${consts.team} y", "x core y"},
		{"empty const", "[${consts.E}]", "[]"},
		{"env", "${env.NAME}", "dagu"},
		{"env name may begin with an underscore", "${env._u}", "under"},
		{"empty env", "[${env.EMPTY}]", "[]"},
		{"params payload", "${params}", `{"day":"Mon"}`},
		{"named parameter", "${params.day}", "Mon"},
		{"empty parameter", "[${params.empty}]", "[]"},
		{"context", "${context.run.id}", "r-1"},
		{"alias", "${run.id} ${dag.name} ${step.name}", "r-1 etl load"},
		{"alias that differs from its name", "${run.started_at}", "2031-05-01T04:30:00Z"},
		{"blanks inside the braces", "${ params.day } ${\tconsts.team\t}", "Mon core"},
		{"a parameter never shadows the context", "${run.id}", "r-1"},
		{"adjacent", "${params.day}${params.day}", "MonMon"},
		{"missing param", "${params.nope}", "${params.nope}"},
		{"missing const", "${consts.nope}", "${consts.nope}"},
		{"missing env", "${env.NOPE}", "${env.NOPE}"},
		{"unavailable context", "${context.run.status} ${run.status}", "${context.run.status} ${run.status}"},
		{"unknown context", "${context.run.foo}", "${context.run.foo}"},
		{"context has no alias name", "${context.run.started_at}", "${context.run.started_at}"},
		{"below an alias root", "${step.foo.bar} ${run.nope}", "${step.foo.bar} ${run.nope}"},
		{"positional is no named one", "${params.1}", "${params.1}"},
		{"unknown namespace", "${foo.bar}", "${foo.bar}"},
		{"steps and foreach", "${steps.a.outputs.x} ${foreach.item}", "${steps.a.outputs.x} ${foreach.item}"},
		{"unsupported step text", "${steps.a.b}", "${steps.a.b}"},
		{"const name may not begin with an underscore", "${consts._x}", "${consts._x}"},
		{"too deep", "${params.day.x} ${consts.a.b} ${env.A.B}", "${params.day.x} ${consts.a.b} ${env.A.B}"},
		{"no name", "${params.} ${consts.} ${env.} ${context.}", "${params.} ${consts.} ${env.} ${context.}"},
		{"values are never scanned again", "${consts.ref}", "${params.day}"},
		{"single quotes do not protect", "'${params.day}'", "'Mon'"},
		{"escaped", `\${params.day}`, `${params.day}`},
		{"escaped missing", `\${params.nope}`, `${params.nope}`},
		{"escaped alias", `\${run.id}`, `${run.id}`},
		{"escaped steps", `\${steps.a.outputs.x}`, `${steps.a.outputs.x}`},
		{"escaped in single quotes", `'\${params.day}'`, `'${params.day}'`},
		{"even run", `\\${params.day}`, `\\Mon`},
		{"odd run", `\\\${params.day}`, `\\${params.day}`},
		{"even run of four", `\\\\${params.day}`, `\\\\Mon`},
		{"backslash elsewhere", `a\b\n${params.day}\`, `a\b\nMon\`},
		{"unclosed", "${params.day", "${params.day"},
		{"unclosed at blank", "${ ", "${ "},
		{"broken then whole", "${params.${params.day}", "${params.Mon"},
		{"lone dollars", "$ $$ $", "$ $$ $"},
		{"line break inside", "${params\n.day}", "${params\n.day}"},
		{"within a shell operator", "${NOPE:-${params.day}}", "${NOPE:-Mon}"},
		{"inserted brace", "${NOPE:-${params}}", `${NOPE:-{"day":"Mon"}}`},
		{"positional", "$1 ${2} $10", "one two ten"},
		{"positional beyond", "$11 ${12}", "$11 ${12}"},
		{"positional zero", "$0 ${0} $01", "$0 ${0} $01"},
		{"positional then letters", "$1st", "onest"},
		{"huge positional", "$99999999999999999999", "$99999999999999999999"},
		{"positional in single quotes", "awk '{print $1}'", "awk '{print $1}'"},
		{"blanks make no positional", "${ 1 }", "${ 1 }"},
	}
}

func TestReferencesAreAlikeInEveryField(t *testing.T) {
	t.Parallel()
	s := scope()
	for name, resolve := range map[string]func(string) string{
		"Refs": s.Refs, "Expand": s.Expand, "ExpandPath": s.ExpandPath, "RawNames": s.RawNames,
		"Eval": func(text string) string {
			out, err := s.Eval(text, nil)
			require.NoError(t, err)
			return out
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			check(t, resolve, references())
		})
	}
}

func TestRefsLeavesTheRestToTheShell(t *testing.T) {
	t.Parallel()
	check(t, scope().Refs, []textCase{
		{"names", "$NAME ${NAME}", "$NAME ${NAME}"},
		{"operators", "${NAME:-y} ${#NAME} ${NAME:1:2}", "${NAME:-y} ${#NAME} ${NAME:1:2}"},
		{"commands", "$(date) `date` $((1+2))", "$(date) `date` $((1+2))"},
		{"quotes", `"${NAME}" "$NAME"`, `"${NAME}" "$NAME"`},
		{"escapes stay for the shell", `\$NAME \$1 \${1} \\$NAME`, `\$NAME \$1 \${1} \\$NAME`},
		{"no quoting of values", `"${params}"`, `"{"day":"Mon"}"`},
		{"tilde name", "cd $HOMEDIR", "cd ~/logs"},
		{"tilde name in braces", "cd ${HOMEDIR}/x", "cd ~/logs/x"},
		{"tilde with letters beyond ASCII", "cd $UMLAUT", "cd ~/ä.b-c"},
		{"tilde alone", "ls $TILDE", "ls ~"},
		{"tilde in single quotes", "echo '$HOMEDIR'", "echo '$HOMEDIR'"},
		{"tilde escaped", `echo \$HOMEDIR`, `echo \$HOMEDIR`},
		{"tilde with an operator", "${HOMEDIR:-x}", "${HOMEDIR:-x}"},
		{"not one word", "cd $SPACED", "cd $SPACED"},
		{"not plain", "cd $CMD", "cd $CMD"},
		{"another user's", "cd $OTHER", "cd $OTHER"},
		{"missing", "$NOPE", "$NOPE"},
		{"positional in an operator", "${X:-$1}", "${X:-one}"},
		{"double quotes do not protect", `echo "$1"`, `echo "one"`},
	})
}

func TestRawNames(t *testing.T) {
	t.Parallel()
	check(t, scope().RawNames, []textCase{
		{"names are inserted raw", `test "$NAME" = ${JSON}`, `test "dagu" = {"a":"b\c"}`},
		{"braces in quotes are not JSON", `"${JSON}"`, `"{"a":"b\c"}"`},
		{"missing", "$NOPE ${NOPE}", "$NOPE ${NOPE}"},
		{"operators are the shell's", "${NAME:-y} ${EMPTY:=x} ${#NAME}", "${NAME:-y} ${EMPTY:=x} ${#NAME}"},
		{"names in a word of an operator", "${NOPE:-$NAME}", "${NOPE:-dagu}"},
		{"escape is the shell's", `\$NAME`, `\$NAME`},
		{"single quotes", `'$NAME'`, `'$NAME'`},
		{"commands", "test $(id -u) = 0", "test $(id -u) = 0"},
	})
}

func TestHostIsAskedLast(t *testing.T) {
	t.Parallel()
	s := scope()
	require.Equal(t, "dagu $HOST", s.Expand("$NAME $HOST"), "without a fallback")
	s.Host = lookup(map[string]string{"NAME": "host", "HOST": "h", "TILDEHOST": "~/x"})
	require.Equal(t, "dagu h h", s.Expand("$NAME $HOST ${HOST:-x}"))
	require.Equal(t, "${env.HOST}", s.Expand("${env.HOST}"), "a reference has no fallback")
	require.Equal(t, "$TILDEHOST", s.Refs("$TILDEHOST"), "a shell's text has no fallback")
}

func TestZeroScope(t *testing.T) {
	t.Parallel()
	text := `$A ${A} ${A:-b} ${params} ${params.a} ${env.A} ${consts.a} ${run.id} $1 "${A}"`
	var s value.Scope
	require.Equal(t, text, s.Refs(text))
	require.Equal(t, text, s.Expand(text))
	require.Equal(t, text, s.ExpandPath(text))
	require.Equal(t, text, s.RawNames(text))
}

func TestManyParametersResolveAsFewDo(t *testing.T) {
	t.Parallel()
	var s value.Scope
	for i := range 40 {
		s.Params.Named = append(s.Params.Named, value.Pair{Name: "p" + string(rune('A'+i%26)) + string(rune('a'+i/26)), Value: string(rune('A' + i%26))})
	}
	require.Equal(t, "A B ${params.nope}", s.Refs("${params.pAa} ${params.pBb} ${params.nope}"))
}

func TestExpandVars(t *testing.T) {
	t.Parallel()
	s := scope()
	got := s.ExpandVars([]value.Pair{
		{Name: "A", Value: "a-${params.day}"},
		{Name: "B", Value: "$A/${env.A}/${C:-c}/$C"},
		{Name: "C", Value: "$C"},
		{Name: "NAME", Value: "$NAME+"},
		{Name: "A", Value: "$A$A"},
		{Name: "D", Value: "$A $C"},
	})
	require.Equal(t, []value.Pair{
		{Name: "A", Value: "a-Mona-Mon"},
		{Name: "B", Value: "a-Mon/a-Mon/${C:-c}/$C"},
		{Name: "C", Value: "$C"},
		{Name: "NAME", Value: "dagu+"},
		{Name: "D", Value: "a-Mona-Mon $C"},
	}, got)
	require.Equal(t, "dagu", s.Expand("$NAME"), "the scope itself stays as it was")
	require.Equal(t, []value.Pair{{Name: "X", Value: "$Y"}}, value.Scope{}.ExpandVars([]value.Pair{{Name: "X", Value: "$Y"}}))
}

func TestLayers(t *testing.T) {
	t.Parallel()
	get := value.Layers(map[string]string{"A": "high"}, nil, map[string]string{"A": "low", "B": ""})
	v, ok := get("A")
	require.True(t, ok)
	require.Equal(t, "high", v)
	v, ok = get("B")
	require.True(t, ok)
	require.Empty(t, v)
	_, ok = get("C")
	require.False(t, ok)
}
