package schedule_test

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"dagu/modules/schedule"
)

// FuzzParse: every text is refused with an error that points into it and whose
// suggestion helps, or gives a schedule that comes due.
func FuzzParse(f *testing.F) {
	for _, text := range usualSpecs() {
		f.Add(text)
	}
	for _, text := range []string{
		"", "@daily", "@every 5m", "TZ=Europe/Berlin @hourly", "CRON_TZ=x 0 0 * * *", "tz=UTC * * * * *", "TZ", "TZ=",
		"1,,2 * * * *", "/5 * * * *", "22-2/3 * * * *", "* * * * FRI-MON", "0 0 0 * * ?", "0 0 30 2 *", "1-2-3/4/5 * * * *",
		"9–17 * * * *", "* * L W #", "99999999999999999999 * * * *", "*/99999999999999999999 * * * *", "MON, TUE - x / 5",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := schedule.Parse(text, time.UTC)
		if err == nil {
			checkValid(t, text, s)
			return
		}
		var at *schedule.ParseError
		require.ErrorAs(t, err, &at)
		require.NotEmpty(t, at.Message)
		require.Less(t, len(err.Error()), 2000)
		require.GreaterOrEqual(t, at.Column, 1)
		require.LessOrEqual(t, at.Column, utf8.RuneCountInString(text)+1)
		if at.Suggestion == "" || at.Value == "" || strings.HasSuffix(at.Value, "…") {
			return
		}
		start := 0
		for range at.Column - 1 {
			_, size := utf8.DecodeRuneInString(text[start:])
			start += size
		}
		require.Equal(t, at.Value, text[start:start+len(at.Value)])
		better := text[:start] + at.Suggestion + text[start+len(at.Value):]
		if _, err = schedule.Parse(better, time.UTC); err != nil {
			var again *schedule.ParseError
			require.ErrorAs(t, err, &again)
			require.False(t, again.Column == at.Column && again.Message == at.Message, "%s\n%s", at, again)
		}
	})
}

func checkValid(t *testing.T, text string, s *schedule.Schedule) {
	t.Helper()
	require.Equal(t, strings.TrimSpace(text), s.String())
	s.Warnings()
	again, err := schedule.Parse(s.String(), time.UTC)
	require.NoError(t, err)
	require.Equal(t, s, again)
	at := utc(2026)
	for range 3 {
		next := s.Next(at)
		require.True(t, next.After(at), "%s after %s: %s", s, at, next)
		require.Less(t, next.Sub(at), 9*366*24*time.Hour)
		at = next
	}
}

// FuzzNext compares with the oracle over two days round a change of clocks.
func FuzzNext(f *testing.F) {
	for i, text := range usualSpecs() {
		f.Add(text, uint8(i))
	}
	zones := distinctZones(f, utc(2024), utc(2026), 24*time.Hour)
	f.Fuzz(func(t *testing.T, text string, n uint8) {
		z := zones[int(n)%len(zones)]
		if _, err := schedule.Parse(text, z.loc); err != nil || strings.ContainsAny(text, "@=") {
			return
		}
		for _, c := range z.changes {
			compare(t, around(z.loc, c.at, 24*time.Hour), []string{text})
		}
	})
}
