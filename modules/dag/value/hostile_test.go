package value_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag/value"
)

// Each of these would take minutes if a byte were read again for each level,
// brace, quote or command before it.
func TestHostileTextsTakeLinearTime(t *testing.T) {
	t.Parallel()
	const n = 1 << 16
	s := stepScope()
	for name, text := range map[string]string{
		"open paths":           strings.Repeat("${CFG.a", n),
		"open keys":            strings.Repeat(`${CFG.["`, n),
		"long path":            strings.Repeat("${CFG"+strings.Repeat(".a", 400), n/400),
		"nested outputs":       strings.Repeat("${build.output.", n) + strings.Repeat("}", n),
		"open braces":          strings.Repeat("${", n),
		"open operators":       strings.Repeat("${NAME:-", n),
		"open references":      strings.Repeat("${params.", n),
		"nested words":         strings.Repeat("${EMPTY:-", n) + strings.Repeat("}", n),
		"nested literals":      strings.Repeat("${NOPE:-", n) + strings.Repeat("}", n),
		"nested substrings":    strings.Repeat("${NAME:", n) + strings.Repeat("}", n),
		"nested patterns":      strings.Repeat("${NAME#", n) + strings.Repeat("}", n),
		"nested unsupported":   strings.Repeat("${NAME/", n) + strings.Repeat("}", n),
		"assignments":          strings.Repeat("${EMPTY:=", n) + strings.Repeat("}", n),
		"quotes":               strings.Repeat("'", n) + "$NAME",
		"odd quotes":           strings.Repeat("'", n+1) + "$NAME",
		"escaped quotes":       strings.Repeat(`\'`, n) + "$NAME",
		"quotes after braces":  strings.Repeat("}'", n) + "$NAME",
		"backslashes":          strings.Repeat(`\`, n) + "${params.day}" + strings.Repeat(`\`, n) + "$NAME",
		"backslash and dollar": strings.Repeat(`\$`, n),
		"blanks":               "${" + strings.Repeat(" ", n) + strings.Repeat("${ ", n),
		"json":                 strings.Repeat(`"${`, n) + strings.Repeat(`"${NOPE}`, n),
		"open commands":        strings.Repeat("$(", n),
		"escaped parens":       strings.Repeat(`$(\)`, n),
		"backticks":            strings.Repeat("\\`", n) + "`",
		"long name":            "$" + strings.Repeat("A", n) + "${" + strings.Repeat("A", n),
		"digits":               "$" + strings.Repeat("1", n),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, resolve := range []func(string) string{s.Refs, s.Expand, s.ExpandPath, s.RawNames} {
				resolve(text)
			}
			_, err := s.Eval(text, func(string) (string, error) { return "", nil })
			require.NoError(t, err)
			value.References(text)
		})
	}
}

func TestNestingBeyondTheLimitStaysLiteral(t *testing.T) {
	t.Parallel()
	nested := func(n int) string { return strings.Repeat("${EMPTY:-", n) + "x" + strings.Repeat("}", n) }
	require.Equal(t, "x", scope().Expand(nested(64)))
	require.Equal(t, nested(36), scope().Expand(nested(100)))
}

func TestResultsAreBounded(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 1<<20)
	s := value.Scope{Env: lookup(map[string]string{"BIG": big}), Params: value.Params{Named: []value.Pair{{Name: "big", Value: big}}}}
	require.Equal(t, strings.Repeat(big, 4)+"$BIG", s.Expand("$BIG$BIG$BIG$BIG$BIG"))
	require.Len(t, s.Refs(strings.Repeat("${params.big}", 4)), value.MaxResult)
	for _, text := range []string{`"${BIG}"`, "${BIG:-x}", "${BIG:0}", "${BIG#y}", "${params.big}", "$BIG "} {
		require.Less(t, len(s.Expand(strings.Repeat(text, 100))), value.MaxResult+100*len(text), text)
	}
}

func TestOperatorsHaveABudget(t *testing.T) {
	t.Parallel()
	s := value.Scope{Env: lookup(map[string]string{"BIG": strings.Repeat("x", 1<<20)})}
	out := s.Expand(strings.Repeat("${#BIG} ", 1<<12))
	require.True(t, strings.HasPrefix(out, "1048576 1048576 "))
	require.True(t, strings.HasSuffix(out, "${#BIG} ${#BIG} "))
	out = s.Expand(strings.Repeat("${BIG##*?a?b?c} ", 1<<10))
	require.True(t, strings.HasSuffix(out, "${BIG##*?a?b?c} "))
	out = s.Expand(strings.Repeat(`"${BIG}"`, 100) + "${#BIG}")
	require.True(t, strings.HasSuffix(out, "${#BIG}"))
	vars := s.ExpandVars([]value.Pair{
		{Name: "A", Value: strings.Repeat("${#BIG} ", 10)}, {Name: "B", Value: strings.Repeat("${#BIG} ", 10)},
	})
	require.NotContains(t, vars[0].Value, "$")
	require.True(t, strings.HasSuffix(vars[1].Value, "1048576 ${#BIG} ${#BIG} "+strings.Repeat("${#BIG} ", 2)), "all entries share it")
}

// Entries that double each other are the laughs of an env list.
func TestExpandVarsIsBoundedAsAWhole(t *testing.T) {
	t.Parallel()
	vars := []value.Pair{{Name: "A0", Value: "0123456789"}}
	for i := range 200 {
		prev := "$" + vars[len(vars)-1].Name
		vars = append(vars, value.Pair{Name: "A" + strings.Repeat("x", i+1), Value: prev + prev + prev + prev})
	}
	total := 0
	for _, v := range new(value.Scope).ExpandVars(vars) {
		total += len(v.Value)
	}
	require.Greater(t, total, 1<<16)
	require.Less(t, total, value.MaxResult+1<<17)
}

func FuzzResolve(f *testing.F) {
	for _, c := range references() {
		f.Add(c.in)
	}
	for _, text := range []string{
		`\\${NAME:-'${EMPTY:=$1}'} "${JSON}" ` + "`a\\`` $(x\\))", "${DIGITS: -3:-1}${#UNI}${PATHS##*/}${PATHS%[.}",
		"$(echo ${build.output:0:3} ${steps.a.outputs.x} ${foreach.item})`$NAME`${day.x} ${x.output.y}",
		"it's '$NAME' $'x' ${NAME}'s", "${steps.a.outputs.b} ${foreach.x.y}", "\xff${NAME#\xff}\x00$NAME",
	} {
		f.Add(text)
	}
	for _, c := range olderCases() {
		f.Add(c.in)
	}
	s := stepScope()
	f.Fuzz(func(t *testing.T, text string) {
		for name, resolve := range map[string]func(string) string{
			"Refs": s.Refs, "Expand": s.Expand, "ExpandPath": s.ExpandPath, "RawNames": s.RawNames,
		} {
			if !strings.Contains(text, "$") {
				require.Equal(t, text, resolve(text), name)
			}
			// A line break and a bar complete nothing, whatever is open.
			require.Equal(t, resolve(text)+"\n|", resolve(text+"\n|"), name)
		}
		// What runs is as authored: no value begins or ends a command.
		calls := commands(t, valued("x"), text)
		require.Equal(t, calls, commands(t, valued("`id` $(id) ) ` ${params.day} $NAME '"), text))
		require.LessOrEqual(t, calls, strings.Count(text, "`")/2+strings.Count(text, "$("))
		for _, ref := range value.References(text) {
			require.True(t, strings.HasPrefix(text[ref.Offset:], ref.Text))
		}
	})
}

// commands counts the commands of a text.
func commands(t *testing.T, s value.Scope, text string) int {
	t.Helper()
	calls := 0
	_, err := s.Eval(text, func(string) (string, error) {
		calls++
		return "", nil
	})
	require.NoError(t, err)
	return calls
}

// valued is a scope in which all names have one value.
func valued(v string) value.Scope {
	all := map[string]string{"x": v, "day": v, "NAME": v, "EMPTY": v, "team": v, "item": v, "index": v}
	return value.Scope{
		Consts: all, Env: lookup(all), Host: lookup(map[string]string{"HOST": v}), Foreach: all,
		Context: map[string]string{"run.id": v, "step.name": v},
		Params:  value.Params{Named: []value.Pair{{Name: "day", Value: v}}, Positional: []string{v, v}, JSON: v},
		Step: func(string) (value.Step, bool) {
			return value.Step{Emitted: all, Published: all, Output: &v, Stdout: v, Stderr: v, ExitCode: ptr(0)}, true
		},
	}
}

func BenchmarkStep(b *testing.B) {
	s := stepScope()
	run := "set -e\nfor f in *.csv; do\n  echo \"$f ${params.day}\" >> ${env.NAME}.log\ndone\n" + strings.Repeat("awk '{print $1}' $f\n", 20)
	b.ReportAllocs()
	for b.Loop() {
		s.Refs(run)
		s.Expand("${consts.team}/$NAME/${EMPTY:-x}")
		s.ExpandPath("/var/log/${run.id}.${params.day}.out")
		s.ExpandVars([]value.Pair{{Name: "A", Value: "$NAME"}, {Name: "B", Value: "${A}-${PATHS:0:4}"}, {Name: "C", Value: "plain"}})
		s.RawNames("test -f $NAME.csv")
		s.Expand("${steps.build.outputs.rows} of ${build.output.t} in ${CFG.host}")
	}
}

func BenchmarkHostile(b *testing.B) {
	s := scope()
	text := strings.Repeat("${EMPTY:-'", 1<<14) + strings.Repeat("}", 1<<14)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		s.Expand(text)
	}
}
