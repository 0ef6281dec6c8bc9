package value_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag/value"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		expected, value string
		equals, in      bool
	}{
		{"ok", "ok", true, true},
		{"ok", "ok\n", true, true},
		{"ok", "first\nok\nlast", true, true},
		{"ok", "first\r\nok\r\n", true, true},
		{"ok", "not ok", false, true},
		{"ok", "OK", false, false},
		{"ok", " ok", false, true},
		{"ok", "", false, false},
		{"a\nb", "a\nb", false, false},
		{"$X", "$X", true, true},
		{"re:^ *[1-9]", "  7 rows", true, true},
		{"re:^ *[1-9]", "x\n 3", true, true},
		{"re:^ *[1-9]", " 0", false, false},
		{"re:rr", "error", true, true},
		{"re:RR", "error", false, false},
		{"re:(?i)RR", "error", true, true},
		{"re:^$", "", true, true},
		{"re:^$", "a\n", false, false},
		{"re:^$", "a\n\n", true, true},
		{"re:a.b", "a\nb", false, false},
		{"re:b$", "b\r\nc", true, true},
	} {
		got, err := value.Match(c.expected, c.value)
		require.NoError(t, err)
		require.Equal(t, c.equals, got, "%q %q", c.expected, c.value)
		p, err := value.ParsePattern(c.expected)
		require.NoError(t, err)
		require.Equal(t, c.in, p.In(c.value), "%q in %q", c.expected, c.value)
	}
}

func TestMatchRefusesBadRegexps(t *testing.T) {
	t.Parallel()
	for _, expected := range []string{"re:", "re:[", "re:(?<x"} {
		_, err := value.Match(expected, "x")
		require.ErrorContains(t, err, "regexp")
		require.ErrorContains(t, err, "expected")
	}
}
