package schedule_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/schedule"
)

// told is a shift in a line.
func told(s schedule.Shift) string {
	return fmt.Sprintf("%s %s to %s: %s %d, %s to %s", s.At.Format("2006-01-02T15:04Z"), s.Before.Format("15:04MST"), s.After.Format("15:04MST"),
		s.Effect, s.Count, s.From.Format("15:04"), s.To.Format("15:04"))
}

func TestShifts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, spec, from, to string
		want                 []string
	}{
		{"moved", "CRON_TZ=Europe/Berlin 30 2 * * *", "2026-01-01", "2027-01-01", []string{
			"2026-03-29T01:00Z 02:00CET to 03:00CEST: moved 1, 02:30 to 02:30",
			"2026-10-25T01:00Z 03:00CEST to 02:00CET: first 1, 02:30 to 02:30",
		}},
		{"moved together", "CRON_TZ=Europe/Berlin 15,45 2,3 * * *", "2026-01-01", "2026-06-01", []string{
			"2026-03-29T01:00Z 02:00CET to 03:00CEST: moved 2, 02:15 to 02:45",
		}},
		{"follows the clock", "CRON_TZ=Europe/Berlin */15 * * * *", "2026-01-01", "2027-01-01", []string{
			"2026-03-29T01:00Z 02:00CET to 03:00CEST: dropped 4, 02:00 to 02:45",
			"2026-10-25T01:00Z 03:00CEST to 02:00CET: repeated 4, 02:00 to 02:45",
		}},
		{"not touched", "CRON_TZ=Europe/Berlin 30 7 * * *", "2026-01-01", "2027-01-01", nil},
		{"another weekday", "CRON_TZ=Europe/Berlin 30 2 * * MON", "2026-01-01", "2027-01-01", nil},
		{"no daylight saving", "CRON_TZ=UTC 30 2 * * *", "2026-01-01", "2036-01-01", nil},
		{"half an hour", "CRON_TZ=Australia/Lord_Howe 0,15,30,45 2 * * *", "2026-10-01", "2026-11-01", []string{
			"2026-10-03T15:30Z 02:00+1030 to 02:30+11: moved 2, 02:00 to 02:15",
		}},
		{"a day left out", "CRON_TZ=Pacific/Apia 0 7 * * *", "2011-12-01", "2012-01-15", []string{
			"2011-12-30T10:00Z 00:00-10 to 00:00+14: moved 1, 07:00 to 07:00",
		}},
		{"up to the change", "CRON_TZ=Europe/Berlin 30 2 * * *", "2026-03-01", "2026-03-29T01:00", []string{
			"2026-03-29T01:00Z 02:00CET to 03:00CEST: moved 1, 02:30 to 02:30",
		}},
		{"after the change", "CRON_TZ=Europe/Berlin 30 2 * * *", "2026-03-29T01:00", "2026-06-01", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			spec, err := schedule.Parse(c.spec, time.UTC)
			require.NoError(t, err)
			var got []string
			for _, s := range spec.Shifts(dayOf(t, c.from), dayOf(t, c.to)) {
				got = append(got, told(s))
			}
			require.Equal(t, c.want, got)
		})
	}
}

func dayOf(t *testing.T, text string) time.Time {
	t.Helper()
	layout := "2006-01-02T15:04"
	at, err := time.Parse(layout[:len(text)], text)
	require.NoError(t, err)
	return at
}

func TestSingleIsNeverShifted(t *testing.T) {
	t.Parallel()
	spec, err := schedule.Once("2026-03-29T02:30:00+01:00")
	require.NoError(t, err)
	require.Empty(t, spec.Shifts(dayOf(t, "2020-01-01"), dayOf(t, "2030-01-01")))
	_, ok := spec.Touched(spec.Next(time.Time{}))
	require.False(t, ok)
}

// Every due time of a year is touched where, and only where, its time is one that the
// clock skips or shows twice.
func TestTouched(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"30 2 * * *":     {"2026-03-29T01:00 moved", "2026-10-25T00:30 first"},
		"0 2,3 * * *":    {"2026-03-29T01:00 moved", "2026-10-25T00:00 first"},
		"*/30 2 * * *":   {"2026-10-25T00:00 repeated", "2026-10-25T00:30 repeated", "2026-10-25T01:00 repeated", "2026-10-25T01:30 repeated"},
		"0 * * * *":      {"2026-10-25T00:00 repeated", "2026-10-25T01:00 repeated"},
		"0 3 * * *":      nil,
		"59 1 * * *":     nil,
		"0 2 25 10 *":    {"2026-10-25T00:00 first"},
		"30 2 29,30 3 *": {"2026-03-29T01:00 moved"},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			spec, err := schedule.Parse("CRON_TZ=Europe/Berlin "+text, time.UTC)
			require.NoError(t, err)
			var got []string
			for at := spec.Next(dayOf(t, "2026-01-01")); at.Before(dayOf(t, "2027-01-01")); at = spec.Next(at) {
				if shift, ok := spec.Touched(at); ok {
					got = append(got, at.Format("2006-01-02T15:04 ")+string(shift.Effect))
				}
			}
			require.Equal(t, want, got)
		})
	}
}
