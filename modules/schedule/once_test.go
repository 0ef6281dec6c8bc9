package schedule_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/schedule"
)

func instantOf(t *testing.T, text string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, text)
	require.NoError(t, err)
	return at.UTC()
}

func TestOnceIsDueAtOneInstant(t *testing.T) {
	t.Parallel()
	s, err := schedule.Once(" 2031-05-01T06:30:00+02:00 ")
	require.NoError(t, err)
	due := instantOf(t, "2031-05-01T04:30:00Z")
	require.True(t, s.Single())
	require.Equal(t, due, s.Next(due.Add(-time.Nanosecond)))
	require.Equal(t, due, s.Next(due.AddDate(-50, 0, 0)))
	require.Zero(t, s.Next(due), "a schedule is due after an instant, not at it")
	require.Equal(t, "2031-05-01T06:30:00+02:00", s.String())
	require.Equal(t, "UTC", s.Zone())
	require.Empty(t, s.Warnings())
}

func TestOnceSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                           "is not an instant",
		"2031-05-01":                 "is not an instant",
		"2031-05-01T06:30:00":        "with Z or an offset",
		"2031-05-01 06:30:00Z":       "is not an instant",
		"2031-02-30T06:30:00Z":       "is not an instant",
		"2031-05-01T06:30:01Z":       "its seconds must be 00",
		"2031-05-01T06:30:00.5Z":     "its seconds must be 00",
		"0 7 * * *":                  "is not an instant",
		"2031-05-01T06:30:00+02:00x": "is not an instant",
	} {
		_, err := schedule.Once(text)
		require.ErrorContains(t, err, want, text)
	}
}

func TestRestoreReturnsWhatWasRecorded(t *testing.T) {
	t.Parallel()
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	cron, err := schedule.Parse("30 4 * * *", berlin)
	require.NoError(t, err)
	once, err := schedule.Once("2031-05-01T06:30:00+02:00")
	require.NoError(t, err)
	from := instantOf(t, "2031-03-01T00:00:00Z")
	for _, s := range []*schedule.Schedule{cron, once} {
		again, failed := schedule.Restore(s.String(), s.Zone())
		require.NoError(t, failed)
		require.Equal(t, s.Next(from), again.Next(from))
		require.Equal(t, s.Single(), again.Single())
		require.Equal(t, []string{s.String(), s.Zone()}, []string{again.String(), again.Zone()})
	}
	_, err = schedule.Restore("30 4 * * *", "Mars/Olympus")
	require.ErrorContains(t, err, "Mars/Olympus")
	_, err = schedule.Restore("30 4 * *", "UTC")
	require.Error(t, err)
}

func TestPreviousIsTheLastBefore(t *testing.T) {
	t.Parallel()
	month := 32 * 24 * time.Hour
	for _, c := range []struct{ text, before, want string }{
		{"* * * * *", "2026-03-10T12:00:00Z", "2026-03-10T11:59:00Z"},
		{"0 * * * *", "2026-03-10T12:00:00Z", "2026-03-10T11:00:00Z"},
		{"0 * * * *", "2026-03-10T12:00:01Z", "2026-03-10T12:00:00Z"},
		{"0,5 3 * * *", "2026-03-10T03:05:00Z", "2026-03-10T03:00:00Z"},
		{"0 3 1 * *", "2026-03-10T12:00:00Z", "2026-03-01T03:00:00Z"},
		{"0 3 1 * *", "2026-03-01T03:00:00Z", "2026-02-01T03:00:00Z"},
		{"* * 1-2 * *", "2026-03-30T12:00:00Z", "2026-03-02T23:59:00Z"},
	} {
		s, err := schedule.Parse(c.text, time.UTC)
		require.NoError(t, err)
		require.Equal(t, instantOf(t, c.want), s.Previous(instantOf(t, c.before), month), "%s before %s", c.text, c.before)
	}
	yearly, err := schedule.Parse("0 3 1 1 *", time.UTC)
	require.NoError(t, err)
	require.Zero(t, yearly.Previous(instantOf(t, "2026-03-10T12:00:00Z"), month), "too long ago")
	require.Equal(t, instantOf(t, "2026-01-01T03:00:00Z"), yearly.Previous(instantOf(t, "2026-02-02T03:00:00Z"), month), "32 days to the second")
	require.Zero(t, yearly.Previous(instantOf(t, "2026-02-02T03:01:00Z"), month))
}
