package cmd_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/cmd"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 0: "0s", 1499 * time.Microsecond: "1ms", 999 * time.Millisecond: "999ms",
		1234 * time.Millisecond: "1.2s", 59 * time.Second: "59s", 61400 * time.Millisecond: "1m1s", 26 * time.Hour: "26h0m0s",
	} {
		require.Equal(t, want, cmd.Span(d))
	}
}

func TestQuoted(t *testing.T) {
	t.Parallel()
	require.Equal(t, `a "b c" "" "x\ny" "it's" "\x1b[31m" é`, cmd.Quoted([]string{"a", "b c", "", "x\ny", "it's", "\x1b[31m", "é"}))
	require.Empty(t, cmd.Quoted(nil))
	require.Equal(t, "a\tb[2J", cmd.Printable("a\tb\x1b[2J\r\a"))
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	words := []string{"failed", "queued", "succeeded", "partially_succeeded"}
	for word, want := range map[string]string{
		"faild": `; did you mean "failed"?`, "FAILED": `; did you mean "failed"?`, "partial": `; did you mean "partially_succeeded"?`,
		"q": "", "xyz": "", "": "",
	} {
		require.Equal(t, want, cmd.DidYouMean(word, words), word)
	}
}

func TestPeriods(t *testing.T) {
	t.Parallel()
	day := func(d int) time.Time { return time.Date(2026, 1, d, 0, 0, 0, 0, time.UTC) }
	for _, p := range []struct {
		from, to, last string
		start, end     time.Time
	}{
		{start: noon().Add(-30 * 24 * time.Hour)},
		{last: "12h", start: noon().Add(-12 * time.Hour)},
		{last: "7d", start: noon().Add(-7 * 24 * time.Hour)},
		{last: "1w2d", start: noon().Add(-9 * 24 * time.Hour)},
		{from: "2026-01-02", start: day(2)},
		{to: "2026-01-02", end: day(3).Add(-time.Nanosecond)},
		{from: "2026-01-02", to: "2026-01-02", start: day(2), end: day(3).Add(-time.Nanosecond)},
		{from: "2026-01-02T06:00:00+06:00", to: "2026-01-03 00:00", start: day(2), end: day(3)},
		{from: "2026-01-02T00:00:00", to: "2026-01-03 00:00:00", start: day(2), end: day(3)},
	} {
		start, end, err := cmd.Bounds(p.from, p.to, p.last, noon())
		require.NoError(t, err, p)
		require.True(t, start.Equal(p.start), "%v starts %v", p, start)
		require.True(t, end.Equal(p.end), "%v ends %v", p, end)
	}
	for _, p := range [][3]string{
		{"", "", "0h"},
		{"", "", "-1d"},
		{"", "", "7"},
		{"2026-13-01", "", ""},
		{"", "12:00", ""},
		{"2026-01-02", "2026-01-01", ""},
		{"2026-01-02", "", "7d"},
		{"", "2026-01-02", "7d"},
	} {
		_, _, err := cmd.Bounds(p[0], p[1], p[2], noon())
		require.Error(t, err, p)
	}
}
