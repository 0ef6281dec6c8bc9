package schedule_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestClockChanges lists what is due, as the wall clock of the zone shows it, from
// one wall time up to another. Offsets tell the first pass from the second.
func TestClockChanges(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, zone, spec, from, to, want string }{
		{"gap, fixed time in it", "Europe/Berlin", "30 2 * * *", "2026-03-28T12:00", "2026-03-30T12:00", "29T03:00+02 30T02:30+02"},
		{"gap, several fixed times become one", "Europe/Berlin", "15,45 2 * * *", "2026-03-29T00:00", "2026-03-30T00:00", "29T03:00+02"},
		{"gap, fixed time at its end is the same", "Europe/Berlin", "0 2,3 * * *", "2026-03-29T00:00", "2026-03-30T00:00", "29T03:00+02"},
		{"gap, fixed time at its start", "Europe/Berlin", "0 2 * * *", "2026-03-29T00:00", "2026-03-30T00:00", "29T03:00+02"},
		{"gap, fixed times round it", "Europe/Berlin", "59,0 1,3 * * *", "2026-03-29T00:00", "2026-03-30T00:00", "29T01:00+01 29T01:59+01 29T03:00+02 29T03:59+02"},
		{"gap, fixed range", "Europe/Berlin", "0,30 1-3 * * *", "2026-03-29T00:00", "2026-03-30T00:00", "29T01:00+01 29T01:30+01 29T03:00+02 29T03:30+02"},
		{"gap, other weekday", "Europe/Berlin", "30 2 * * MON", "2026-03-28T00:00", "2026-03-31T00:00", "30T02:30+02"},
		{"gap, star in hour", "Europe/Berlin", "30 * * * *", "2026-03-29T01:00", "2026-03-29T04:00", "29T01:30+01 29T03:30+02"},
		{"gap, step of minutes", "Europe/Berlin", "*/30 * * * *", "2026-03-29T01:00", "2026-03-29T04:00", "29T01:00+01 29T01:30+01 29T03:00+02 29T03:30+02"},
		{"gap, star in minute does not exist", "Europe/Berlin", "*/15 2 * * *", "2026-03-29T00:00", "2026-03-30T00:00", ""},
		{"gap, question mark does not exist", "Europe/Berlin", "? 2 * * *", "2026-03-29T00:00", "2026-03-30T00:00", ""},
		{"gap, full range is fixed", "Europe/Berlin", "0-59 2 * * *", "2026-03-29T00:00", "2026-03-30T00:00", "29T03:00+02"},
		{"gap, star later in the field is fixed", "Europe/Berlin", "30,* 2 * * *", "2026-03-29T00:00", "2026-03-30T00:00", "29T03:00+02"},
		{"overlap, fixed time once", "Europe/Berlin", "30 2 * * *", "2026-10-25T00:00", "2026-10-26T00:00", "25T02:30+02"},
		{"overlap, fixed times once each", "Europe/Berlin", "15,45 2 * * *", "2026-10-25T00:00", "2026-10-26T00:00", "25T02:15+02 25T02:45+02"},
		{"overlap, fixed time at its end", "Europe/Berlin", "0 2,3 * * *", "2026-10-25T00:00", "2026-10-26T00:00", "25T02:00+02 25T03:00+01"},
		{"overlap, fixed hours", "Europe/Berlin", "0 0-4 * * *", "2026-10-25T00:00", "2026-10-26T00:00", "25T00:00+02 25T01:00+02 25T02:00+02 25T03:00+01 25T04:00+01"},
		{"overlap, star in minute twice", "Europe/Berlin", "*/30 2 * * *", "2026-10-25T00:00", "2026-10-26T00:00", "25T02:00+02 25T02:30+02 25T02:00+01 25T02:30+01"},
		{"overlap, hourly", "Europe/Berlin", "@hourly", "2026-10-25T01:00", "2026-10-25T04:00", "25T01:00+02 25T02:00+02 25T02:00+01 25T03:00+01"},
		{"gap at midnight, daily", "America/Santiago", "@daily", "2026-09-05T12:00", "2026-09-07T12:00", "06T01:00-03 07T00:00-03"},
		{"gap at midnight, star", "America/Santiago", "*/30 0 * * *", "2026-09-05T12:00", "2026-09-06T12:00", ""},
		{"gap at midnight, weekday of the day after", "Africa/Cairo", "30 0 * * FRI", "2026-04-23T12:00", "2026-04-25T12:00", "24T01:00+03"},
		{"gap up to midnight", "America/Nuuk", "30 23 * * SAT", "2025-03-29T12:00", "2025-03-31T12:00", "30T00:00-01"},
		{"gap up to midnight and daily", "America/Nuuk", "0,30 0,23 * * *", "2025-03-29T20:00", "2025-03-30T12:00", "30T00:00-01 30T00:30-01"},
		{"overlap over midnight", "America/Havana", "0,30 0 * * *", "2026-10-31T12:00", "2026-11-01T12:00", "01T00:00-04 01T00:30-04"},
		{"overlap from midnight back to the day before", "America/Santiago", "30 23 * * *", "2026-04-04T12:00", "2026-04-05T12:00", "04T23:30-03"},
		{"overlap back to the day before, star", "America/Santiago", "30 * * * SAT", "2026-04-04T22:00", "2026-04-05T12:00", "04T22:30-03 04T23:30-03 04T23:30-04"},
		{"half an hour's gap", "Australia/Lord_Howe", "0,15,30,45 2 * * *", "2026-10-04T00:00", "2026-10-05T00:00", "04T02:30+11 04T02:45+11"},
		{"half an hour's gap, star", "Australia/Lord_Howe", "*/15 2 * * *", "2026-10-04T00:00", "2026-10-05T00:00", "04T02:30+11 04T02:45+11"},
		{"half an hour's overlap", "Australia/Lord_Howe", "0,15,30,45 1 * * *", "2026-04-05T00:00", "2026-04-06T00:00", "05T01:00+11 05T01:15+11 05T01:30+11 05T01:45+11"},
		{"half an hour's overlap, star", "Australia/Lord_Howe", "*/15 1 * * *", "2026-04-05T00:00", "2026-04-06T00:00", "05T01:00+11 05T01:15+11 05T01:30+11 05T01:45+11 05T01:30+10:30 05T01:45+10:30"},
		{"two hours", "Antarctica/Troll", "30 1,2 * * *", "2026-03-29T00:00", "2026-03-30T00:00", "29T03:00+02"},
		{"a day left out", "Pacific/Apia", "0 7 * * *", "2011-12-29T00:00", "2012-01-01T00:00", "29T07:00-10 31T00:00+14 31T07:00+14"},
		{"a day left out, midnight", "Pacific/Apia", "0 0 * * *", "2011-12-29T00:00", "2012-01-02T00:00", "29T00:00-10 31T00:00+14 01T00:00+14"},
		{"a day left out, of that day", "Pacific/Apia", "0 7 30 12 *", "2011-12-29T00:00", "2012-01-02T00:00", "31T00:00+14"},
		{"a day left out, its weekday", "Pacific/Apia", "0 7 * * FRI", "2011-12-29T00:00", "2012-01-07T00:00", "31T00:00+14 06T07:00+14"},
		{"a day left out, star", "Pacific/Apia", "0 */8 * * *", "2011-12-29T12:00", "2011-12-31T12:00", "29T16:00-10 31T00:00+14 31T08:00+14"},
		{"a day twice, fixed", "Pacific/Kwajalein", "0 12 * * *", "1969-09-30T00:00", "1969-10-02T00:00", "30T12:00+11 01T12:00-12"},
		{"a day twice, star", "Pacific/Kwajalein", "0 */12 * * *", "1969-09-30T00:00", "1969-10-02T00:00", "30T00:00+11 30T12:00+11 30T12:00-12 01T00:00-12 01T12:00-12"},
		{"other offset without daylight saving time", "Asia/Pyongyang", "15,45 23 * * *", "2018-05-04T12:00", "2018-05-05T12:00", "04T23:15+08:30 05T00:00+09"},
		{"other offset back", "Asia/Pyongyang", "45 23 * * *", "2015-08-14T12:00", "2015-08-16T00:00", "14T23:45+09 15T23:45+08:30"},
		{"other name, same offset", "Europe/London", "0 0,1,23 * * *", "1968-10-26T12:00", "1968-10-27T12:00", "26T23:00+01 27T00:00+01 27T01:00+01"},
		{"out of local mean time", "Europe/Berlin", "3,6 0 * * *", "1893-03-31T23:00", "1893-04-01T01:00", "01T00:06+01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			loc := load(t, c.zone)
			at, err := time.ParseInLocation("2006-01-02T15:04", c.from, loc)
			require.NoError(t, err)
			to, err := time.ParseInLocation("2006-01-02T15:04", c.to, loc)
			require.NoError(t, err)
			s := parse(t, c.spec, loc)
			var got []string
			for at = s.Next(at.Add(-1)); at.Before(to); at = s.Next(at) {
				got = append(got, strings.TrimSuffix(at.In(loc).Format("02T15:04Z07:00"), ":00"))
			}
			require.Equal(t, c.want, strings.Join(got, " "))
		})
	}
}
