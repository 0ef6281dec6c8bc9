package value_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestExpandNames(t *testing.T) {
	t.Parallel()
	check(t, scope().Expand, []textCase{
		{"name", "$NAME/${NAME}", "dagu/dagu"},
		{"longest name wins", "$NAMES $NAME_ ${NAME}S", "$NAMES $NAME_ daguS"},
		{"empty value", "[$EMPTY][${EMPTY}]", "[][]"},
		{"underscore", "$_u", "under"},
		{"missing", "$NOPE ${NOPE}", "$NOPE ${NOPE}"},
		{"missing with its operator", "${NOPE:-x} ${NOPE-$NAME} ${#NOPE} ${NOPE:1} ${NOPE##*/}", "${NOPE:-x} ${NOPE-$NAME} ${#NOPE} ${NOPE:1} ${NOPE##*/}"},
		{"dots end a name", "$NAME.x $foo.bar", "dagu.x FOO.bar"},
		{"not in single quotes", "'$NAME ${NAME} ${NAME:-x}' $NAME", "'$NAME ${NAME} ${NAME:-x}' dagu"},
		{"a closing quote opens nothing", "'a' $NAME 'b'", "'a' dagu 'b'"},
		{"an unclosed quote protects nothing", "it's $NAME", "it's dagu"},
		{"two apostrophes do", "it's $NAME, isn't it", "it's $NAME, isn't it"},
		{"double quotes are no shelter from single ones", `"'$NAME'"`, `"'$NAME'"`},
		{"an escaped quote opens nothing", `\'$NAME'`, `\'dagu'`},
		{"an even run before a quote", `\\'$NAME'`, `\\'$NAME'`},
		{"a quote after a dollar opens nothing", "$'$NAME'", "$'dagu'"},
		{"a quote after a brace opens nothing", "${NAME}'s $NAME'", "dagu's dagu'"},
		{"a backslash closes as well", `'\' $NAME`, `'\' dagu`},
		{"inserted quotes open nothing", "${Q}$NAME$Q", "'dagu'"},
		{"escaped", `\$NAME`, `$NAME`},
		{"escaped in braces", `\${NAME}`, `${NAME}`},
		{"escaped with an operator", `\${NAME:-$NAME}`, `${NAME:-dagu}`},
		{"escaped missing", `\$NOPE`, `$NOPE`},
		{"escaped positional", `\$1 \${2}`, `$1 ${2}`},
		{"even run", `\\$NAME`, `\\dagu`},
		{"odd run", `\\\$NAME`, `\\$NAME`},
		{"escape of nothing", `\$ \$( \$-`, `\$ \$( \$-`},
		{"escape in single quotes stays", `'\$NAME'`, `'\$NAME'`},
		{"commands are text", "$(echo $NAME) `x` $((1))", "$(echo dagu) `x` $((1))"},
		{"values are never scanned again", "$SUBST ${Q}", "$(id) '"},
		{"json", `{"k": "${JSON}"}`, `{"k": "{\"a\":\"b\\c\"}"}`},
		{"json of a plain value", `"${NAME}"`, `"dagu"`},
		{"json leaves html alone", `"${HTML}"`, `"<&>é"`},
		{"json escapes line breaks", `"${LINES}"`, `"a.b\nc.d"`},
		{"json needs touching quotes", `"x${JSON}"`, `"x{"a":"b\c"}"`},
		{"json needs braces", `"$JSON"`, `"{"a":"b\c"}"`},
		{"json of an operator is none", `"${JSON:-x}"`, `"{"a":"b\c"}"`},
		{"json of a missing name", `"${NOPE}"`, `"${NOPE}"`},
		{"json not behind an escaped quote", `\"${JSON}"`, `\"{"a":"b\c"}"`},
		{"json not in single quotes", `'"${JSON}"'`, `'"${JSON}"'`},
		{"json not for references", `"${params}" "${env.JSON}"`, `"{"day":"Mon"}" "{"a":"b\c"}"`},
		{"json side by side", `"${NAME}""${NAME}"`, `"dagu""dagu"`},
		{"json escaped", `"\${NAME}"`, `"${NAME}"`},
		{"the payload is no name", "$params ${params}", `env-params {"day":"Mon"}`},
		{"a reference wins over quotes", "'${params.day} $NAME'", "'Mon $NAME'"},
	})
	require.Equal(t, `env-params ${params}`, func() string {
		s := scope()
		s.Params.JSON = ""
		return s.Expand("$params ${params}")
	}(), "a payload that is missing is not the variable of that name")
}

func TestExpandPathTakesBackslashesAsTheyAre(t *testing.T) {
	t.Parallel()
	check(t, scope().ExpandPath, []textCase{
		{"name", `C:\$NAME\${NAME}`, `C:\dagu\dagu`},
		{"operator", `\${NAME:0:2}`, `\da`},
		{"quote", `\'$NAME'`, `\'$NAME'`},
		{"reference keeps its escape", `\${params.day}`, `${params.day}`},
		{"positional", `\$1`, `\one`},
	})
}

func TestPositionalTakesNoOperatorWhateverTheEnvironmentHas(t *testing.T) {
	t.Parallel()
	s := scope()
	s.Env = lookup(map[string]string{"1": "env", "": "nothing"})
	require.Equal(t, "${1:-x} ${#1} ${:-x} ${}", s.Expand("${1:-x} ${#1} ${:-x} ${}"))
}

func TestOperators(t *testing.T) {
	t.Parallel()
	check(t, scope().Expand, []textCase{
		{":- value", "${NAME:-w}", "dagu"},
		{":- empty", "${EMPTY:-w}", "w"},
		{":- empty word", "[${EMPTY:-}]", "[]"},
		{"- value", "${NAME-w}", "dagu"},
		{"- empty", "[${EMPTY-w}]", "[]"},
		{":+ value", "${NAME:+w}", "w"},
		{":+ empty", "[${EMPTY:+w}]", "[]"},
		{"+ value", "${NAME+w}", "w"},
		{"+ empty", "${EMPTY+w}", "w"},
		{":? value", "${NAME:?w}", "dagu"},
		{":? empty", "${EMPTY:?$NAME} $NAME", "${EMPTY:?$NAME} dagu"},
		{"? value", "${NAME?w}", "dagu"},
		{"? empty", "[${EMPTY?w}]", "[]"},
		{":= value", "${NAME:=w} ${NAME:-x}", "dagu dagu"},
		{":= empty holds back all operators", "$NAME ${NAME:-w} ${EMPTY:=x} ${#NAME} ${NAME}", "dagu ${NAME:-w} ${EMPTY:=x} ${#NAME} dagu"},
		{"= value", "${NAME=w}", "dagu"},
		{"= empty", "[${EMPTY=w}]", "[]"},
		{":= in single quotes does not count", "'${EMPTY:=x}' ${NAME:-w}", "'${EMPTY:=x}' dagu"},
		{":= escaped does not count", `\${EMPTY:=x} ${NAME:-w}`, `${EMPTY:=x} dagu`},
		{":= missing does not count", "${NOPE:=x} ${NAME:-w}", "${NOPE:=x} dagu"},
		{":= that is not reached does not count", "${NAME:-${EMPTY:=x}}", "dagu"},
		{"word with names", "${EMPTY:-$NAME-${NAME}-$1}", "dagu-dagu-one"},
		{"word with operators", "${EMPTY:-${EMPTY:-${NAME:0:1}}}", "d"},
		{"word with a reference", "${EMPTY:-${params.day}}", "Mon"},
		{"word with a missing name", "${EMPTY:-$NOPE}", "$NOPE"},
		{"word with an escape", `${EMPTY:-\$NAME}`, `$NAME`},
		{"word with quotes", "${EMPTY:-'$NAME}'}", "'$NAME}'"},
		{"word with json", `${EMPTY:-"${JSON}"}`, `"{\"a\":\"b\\c\"}"`},
		{"word keeps its blanks", "${EMPTY:- a b }", " a b "},
		{"unused word is not read", "${NAME:-$(boom) ${}", "${NAME:-$(boom) ${}"},
		{"value with braces", "${JSON:-x}", `{"a":"b\c"}`},
		{"nothing is assigned", "${NAME:=x}${NOPE:=y}$NOPE", "dagu${NOPE:=y}$NOPE"},

		{"offset", "${DIGITS:7}", "789"},
		{"offset and length", "${DIGITS:2:3}", "234"},
		{"negative offset needs a blank", "${DIGITS: -3}", "789"},
		{"without a blank it is a default", "${DIGITS:-3}", "0123456789"},
		{"negative offset and length", "${DIGITS: -3:2}", "78"},
		{"negative length drops from the end", "${DIGITS:1:-2}", "1234567"},
		{"both negative", "${DIGITS: -4:-1}", "678"},
		{"blanks around", "${DIGITS: 1 : 2 }", "12"},
		{"empty offset", "${DIGITS::2}", "01"},
		{"offset beyond", "[${DIGITS:10}][${DIGITS:99}]", "[][]"},
		{"offset before", "${DIGITS: -99}", "0123456789"},
		{"length beyond", "${DIGITS:8:99}", "89"},
		{"length before", "[${DIGITS:8:-99}]", "[]"},
		{"length zero", "[${DIGITS:3:0}]", "[]"},
		{"numbers beyond all", "${DIGITS:0:99999999999999999999}[${DIGITS:99999999999999999999}]${DIGITS: -99999999999999999999}", "0123456789[]0123456789"},
		{"bytes, not characters", "${UNI:0:2}", "a\xc3"},
		{"not a number", "${DIGITS:x} ${DIGITS:1:x} ${DIGITS:1:} ${DIGITS:} ${DIGITS:1:2:3}", "${DIGITS:x} ${DIGITS:1:x} ${DIGITS:1:} ${DIGITS:} ${DIGITS:1:2:3}"},

		{"length in code points", "${#UNI} ${#NAME} ${#EMPTY}", "3 4 0"},
		{"malformed length", "${#} ${#NAME:-x} ${#1}", "${#} ${#NAME:-x} ${#1}"},

		{"shortest prefix", "${PATHS#*/}", "usr/local/lib/x.tar.gz"},
		{"longest prefix", "${PATHS##*/}", "x.tar.gz"},
		{"shortest suffix", "${PATHS%.*}", "/usr/local/lib/x.tar"},
		{"longest suffix", "${PATHS%%.*}", "/usr/local/lib/x"},
		{"no match", "${PATHS#usr} ${PATHS%tar}", "/usr/local/lib/x.tar.gz /usr/local/lib/x.tar.gz"},
		{"literal", "${PATHS#/usr}", "/local/lib/x.tar.gz"},
		{"question mark", "${PATHS%.??}", "/usr/local/lib/x.tar"},
		{"class", "${DIGITS##[0-4]*[56]}", "789"},
		{"dot is a dot", "${PATHS%%.gz} ${DIGITS%.}", "/usr/local/lib/x.tar 0123456789"},
		{"across lines", "${LINES%.*}|${LINES%%.*}|${LINES#*.}|${LINES##*.}", "a.b\nc|a|b\nc.d|d"},
		{"escaped star", `${STAR#\*\*}`, `x**`},
		{"pattern with a name", "${PATHS%$NOPE}${PATHS##*${EMPTY:-/}}", "/usr/local/lib/x.tar.gzx.tar.gz"},
		{"empty pattern", "${NAME#} ${NAME%%}", "dagu dagu"},
		{"invalid pattern", "${NAME#[} ${NAME%[a}", "dagu dagu"},

		{"unsupported forms", "${NAME/a/$NAME} ${NAME^} ${NAME,,} ${NAME@Q} ${!NAME} ${NAME[0]}", "${NAME/a/$NAME} ${NAME^} ${NAME,,} ${NAME@Q} ${!NAME} ${NAME[0]}"},
		{"unclosed", "${NAME:-x $NAME", "${NAME:-x dagu"},
		{"positional takes none", "${1:-x} ${1%e}", "${1:-x} ${1%e}"},
		{"blanks around a name", "${ NAME }", "${ NAME }"},
		{"not in single quotes", "'${EMPTY:-x}'", "'${EMPTY:-x}'"},
	})
}
