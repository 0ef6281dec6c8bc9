package value_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEval(t *testing.T) {
	t.Parallel()
	echo := func(cmd string) (string, error) { return " \n<" + cmd + ">\n\n", nil }
	s := scope()
	check(t, func(text string) string {
		out, err := s.Eval(text, echo)
		require.NoError(t, err)
		return out
	}, []textCase{
		{"no command", "x $NAME ${params.day}", "x dagu Mon"},
		{"dollar", "a $(date +%a) b", "a <date +%a> b"},
		{"backtick", "a `date` b", "a <date> b"},
		{"both, in order", "`a`$(b)`c`", "<a><b><c>"},
		{"blanks of the text stay", " $(a) ", " <a> "},
		{"references and names within", "$(x ${params.day} $NAME ${EMPTY:-w} $NOPE)", "<x Mon dagu w $NOPE>"},
		{"awk keeps its fields", "$(awk '{print $1}')", "<awk '{print $1}'>"},
		{"not nestable", "$(a $(b))", "<a $(b>)"},
		{"backtick within dollar", "$(a `b`)", "<a `b`>"},
		{"dollar within backtick", "`a $(b)`", "<a $(b)>"},
		{"unclosed dollar", "$(a `b`", "$(a <b>"},
		{"unclosed backtick", "`a $(b)", "`a <b>"},
		{"escaped paren does not close", `$(a \) b)`, `<a \) b>`},
		{"escaped paren leaves it unclosed", `$(a \)`, `$(a \)`},
		{"escaped backtick opens nothing", "\\`a\\` $(b)", "\\`a\\` <b>"},
		{"escaped backtick does not close", "`a \\` b`", "<a \\` b>"},
		{"escaped backslash", "\\\\`a`", "\\\\<a>"},
		{"escaped dollar", `\$(a)`, `\$(a)`},
		{"escaped name", `\$NAME $(a)`, `$NAME <a>`},
		{"in single quotes", "'$(a)'", "'<a>'"},
		{"in a word of an operator", "${EMPTY:-$(a)}", "<a>"},
		{"in a word that is not used", "${NAME:-$(a)}", "dagu"},
		{"inserted command is text", "$SUBST ${env.SUBST}", "$(id) $(id)"},
		{"inserted end is none", "$(echo $PAREN x)", "<echo ) x>"},
		{"inserted halves", "$$PAREN(a)", "$)(a)"},
		{"inserted paren opens none", "$${OPEN}a) $(b)", "$(a) <b>"},
		{"inserted command behind an unclosed one", "`a $TICKS $SUBST", "`a `id` $(id)"},
		{"backslash before an insertion", `\\$SUBST$(a)`, `\\$(id)<a>`},
		{"arithmetic is a command like any", "$((1))", "<(1>)"},
		{"empty command", "$()``", "<><>"},
		{"lone signs", "$ ( ) $", "$ ( ) $"},
		{"trailing backslash", "$(a)\\", "<a>\\"},
	})
}

func TestEvalResultsAreNotReadAgain(t *testing.T) {
	t.Parallel()
	out, err := scope().Eval("$(a) $(b)", func(cmd string) (string, error) { return "$(" + cmd + ") `x` ${params.day} $NAME", nil })
	require.NoError(t, err)
	require.Equal(t, "$(a) `x` ${params.day} $NAME $(b) `x` ${params.day} $NAME", out)
}

func TestEvalFailsWithTheFirstCommand(t *testing.T) {
	t.Parallel()
	boom := errors.New("exit status 3")
	var ran []string
	_, err := scope().Eval("$(a) $(b) $(c)", func(cmd string) (string, error) {
		ran = append(ran, cmd)
		if cmd == "b" {
			return "", boom
		}
		return "", nil
	})
	require.ErrorIs(t, err, boom)
	require.Equal(t, []string{"a", "b"}, ran)
}

func TestEvalRefusesEndlessOutput(t *testing.T) {
	t.Parallel()
	_, err := scope().Eval("$(a)$(b)$(c)$(d)$(e)", func(string) (string, error) { return strings.Repeat("x", 1<<20), nil })
	require.ErrorContains(t, err, "exceeds")
}

func TestEvalWithoutCallbackRunsNothing(t *testing.T) {
	t.Parallel()
	out, err := scope().Eval("$NAME $(a) `b`", nil)
	require.NoError(t, err)
	require.Equal(t, "dagu $(a) `b`", out)
}
