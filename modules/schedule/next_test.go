package schedule_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/schedule"
)

func parse(tb testing.TB, text string, loc *time.Location) *schedule.Schedule {
	tb.Helper()
	s, err := schedule.Parse(text, loc)
	require.NoError(tb, err)
	return s
}

func TestNext(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ spec, after, want string }{
		{"* * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"},
		{"* * * * *", "2026-01-01T00:00:59.999999999Z", "2026-01-01T00:01:00Z"},
		{"* * * * *", "2025-12-31T23:59:59.999999999Z", "2026-01-01T00:00:00Z"},
		{"* * * * *", "2026-01-01T05:00:00+05:00", "2026-01-01T00:01:00Z"},
		{"30 4 * * *", "2026-01-01T04:29:59Z", "2026-01-01T04:30:00Z"},
		{"30 4 * * *", "2026-01-01T04:30:00Z", "2026-01-02T04:30:00Z"},
		{"30 4 * * *", "2026-01-01T04:30:00.000000001Z", "2026-01-02T04:30:00Z"},
		{"*/20 9-10 * * *", "2026-01-01T09:41:00Z", "2026-01-01T10:00:00Z"},
		{"*/20 9-10 * * *", "2026-01-01T10:40:00Z", "2026-01-02T09:00:00Z"},
		{"0 0 31 * *", "2026-01-31T00:00:00Z", "2026-03-31T00:00:00Z"},
		{"0 0 * 2 *", "2026-02-28T00:00:00Z", "2027-02-01T00:00:00Z"},
		{"0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"},
		{"0 0 29 2 *", "2096-02-29T00:00:00Z", "2104-02-29T00:00:00Z"},
		{"0 0 29 2 *", "2396-02-29T00:00:00Z", "2400-02-29T00:00:00Z"},
		{"0 0 29 2 *", "2496-02-29T00:00:00Z", "2504-02-29T00:00:00Z"},
		{"0 0 13 * FRI", "2026-02-06T00:00:00Z", "2026-02-13T00:00:00Z"},
		{"0 0 13 * FRI", "2026-04-10T00:00:00Z", "2026-04-13T00:00:00Z"},
		{"0 0 30 2 MON", "2026-02-24T00:00:00Z", "2027-02-01T00:00:00Z"},
		{"0 0 1-31 * MON", "2026-02-24T00:00:00Z", "2026-02-25T00:00:00Z"},
		{"0 0 1,* * MON", "2026-02-24T00:00:00Z", "2026-03-02T00:00:00Z"},
		{"0 0 */1 * MON", "2026-02-24T00:00:00Z", "2026-03-02T00:00:00Z"},
		{"0 0 */2 * MON", "2026-02-24T00:00:00Z", "2026-02-25T00:00:00Z"},
		{"0 0 ? * MON", "2026-02-24T00:00:00Z", "2026-03-02T00:00:00Z"},
		{"0 0 1 * ?", "2026-02-24T00:00:00Z", "2026-03-01T00:00:00Z"},
		{"0 0 1 * */2", "2026-02-24T00:00:00Z", "2026-02-26T00:00:00Z"},
		{"0 0 * * 7", "2026-02-24T00:00:00Z", "2026-03-01T00:00:00Z"},
		{"0 0 * * 5-7", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"},
		{"0 0 * * sat-Sun", "2026-03-01T00:00:00Z", "2026-03-07T00:00:00Z"},
		{"0 0 * * 3/4", "2026-02-26T00:00:00Z", "2026-03-01T00:00:00Z"},
		{"0 0 1 jAn,mAR *", "2026-01-02T00:00:00Z", "2026-03-01T00:00:00Z"},
		{"*/90 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T01:00:00Z"},
		{"CRON_TZ=Europe/Berlin 0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-28T23:00:00Z"},
		{"CRON_TZ=Europe/Berlin */30 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-28T23:00:00Z"},
		{"59 23 31 12 *", "2499-12-31T23:59:00Z", "2500-12-31T23:59:00Z"},
		{"CRON_TZ=Europe/Berlin 30 4 * * *", "2500-07-01T00:00:00Z", "2500-07-01T02:30:00Z"},
		{"TZ=Asia/Kolkata 0 0 * * *", "2026-01-01T00:00:00Z", "2026-01-01T18:30:00Z"},
		{"0 0 1 1 *", "0001-01-01T00:00:00Z", "0002-01-01T00:00:00Z"},
	} {
		after, err := time.Parse(time.RFC3339Nano, c.after)
		require.NoError(t, err)
		got := parse(t, c.spec, time.UTC).Next(after)
		require.Equal(t, c.want, got.Format(time.RFC3339Nano), "%s after %s", c.spec, c.after)
		require.Equal(t, time.UTC, got.Location())
	}
}

// TestLeapYearEnd meets the day on which package time gives the end of a zone's
// period as a time in the past: 31 December of a leap year, beyond the table of
// changes that the time zone database lists.
func TestLeapYearEnd(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"Europe/Berlin", "Australia/Sydney", "America/New_York"} {
		for _, spec := range []string{"*/5 * * * *", "30 4,16 * * *", "0 0 1 1 *"} {
			s := parse(t, spec, load(t, zone))
			at := time.Date(2096, 12, 30, 0, 0, 0, 0, time.UTC)
			oracle := newOracle(t, spec)
			for _, want := range oracle.due(moments(load(t, zone), at, at.AddDate(0, 0, 4), time.Minute)) {
				if want > at.Unix() {
					at = s.Next(at)
					require.Equal(t, want, at.Unix(), "%s in %s", spec, zone)
				}
			}
		}
	}
}

// TestNextBeyondLeapYearEnd searches from that day over the next change of clocks.
func TestNextBeyondLeapYearEnd(t *testing.T) {
	t.Parallel()
	after := time.Date(2096, 12, 31, 12, 0, 0, 0, time.UTC)
	want := time.Date(2097, 7, 1, 10, 0, 0, 0, time.UTC)
	for _, spec := range []string{"0 12 1 7 *", "*/60 12 1 7 *"} {
		require.Equal(t, want, parse(t, spec, load(t, "Europe/Berlin")).Next(after), spec)
	}
}

// TestFarTimes asks at the ends of what a time can be: there must be an answer, and
// soon.
func TestFarTimes(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/Nuuk", "Asia/Manila"} {
		for _, spec := range []string{"* * * * *", "30 2 * * *", "0 0 29 2 *", "*/5 2 29 2 *"} {
			s := parse(t, spec, load(t, zone))
			for _, after := range []time.Time{
				{},
				time.Unix(math.MinInt64, 0),
				time.Unix(math.MaxInt64, 0),
				time.Unix(1<<62, 0),
				time.Unix(-1<<62, 0),
				utc(-9000),
				utc(1844),
				utc(9999),
				utc(11900),
				utc(12500),
				utc(292_000_000_000),
			} {
				got := s.Next(after)
				require.True(t, got.IsZero() || got.After(after), "%s in %s after %s: %s", spec, zone, after, got)
			}
			require.False(t, s.Next(utc(9999)).IsZero())
			require.True(t, s.Next(utc(20_000)).IsZero())
		}
	}
}

// TestNeverDue compares what Parse refuses with a look at every day of forty years.
func TestNeverDue(t *testing.T) {
	t.Parallel()
	var days []moment
	for d := utc(2000); d.Before(utc(2040)); d = d.AddDate(0, 0, 1) {
		days = append(days, moment{face: faceOf(d), whole: true})
	}
	refused := 0
	for _, dom := range []string{"*", "?", "*/1", "1", "28", "29", "30", "31", "30,31", "29/1", "31,*", "*/30"} {
		for _, month := range []string{"*", "2", "FEB", "4", "2,4", "4,6,9,11", "2-4", "12", "*/12", "2/12"} {
			for _, dow := range []string{"*", "?", "*/1", "1", "*/2", "0-6"} {
				text := "0 0 " + dom + " " + month + " " + dow
				o := newOracle(t, text)
				_, err := schedule.Parse(text, time.UTC)
				if len(o.due(days)) > 0 {
					require.NoError(t, err)
					continue
				}
				refused++
				require.ErrorContains(t, err, "would never run", text)
			}
		}
	}
	require.Greater(t, refused, 30)
}

func TestNextAllocatesNothing(t *testing.T) {
	for _, text := range []string{
		"* * * * *", "CRON_TZ=Europe/Berlin 30 2 * * *", "CRON_TZ=Europe/Berlin */5 2 29 2 *",
		"CRON_TZ=America/New_York 0 0 29 2 *", "CRON_TZ=Australia/Lord_Howe 0 12 13 * FRI",
	} {
		s := parse(t, text, nil)
		at := time.Date(2060, 3, 1, 0, 0, 0, 0, time.UTC)
		require.Zero(t, testing.AllocsPerRun(100, func() { at = s.Next(at) }), text)
	}
}
