package schedule_test

import (
	"reflect"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"

	"dagu/modules/schedule"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tokyo := load(t, "Asia/Tokyo")
	for _, c := range []struct {
		text   string
		loc    *time.Location
		string string
		zone   string
	}{
		{"30 4 * * *", time.UTC, "30 4 * * *", "UTC"},
		{"30 4 * * *", tokyo, "30 4 * * *", "Asia/Tokyo"},
		{"30 4 * * *", nil, "30 4 * * *", "Local"},
		{"30 4 * * *", time.Local, "30 4 * * *", "Local"},
		{" \t30  4\t* *\u00a0*\n", tokyo, "30  4\t* *\u00a0*", "Asia/Tokyo"},
		{"CRON_TZ=Europe/Berlin 30 4 * * *", tokyo, "CRON_TZ=Europe/Berlin 30 4 * * *", "Europe/Berlin"},
		{" TZ=UTC \t@Daily ", tokyo, "TZ=UTC \t@Daily", "UTC"},
		{"TZ=Local @midnight", tokyo, "TZ=Local @midnight", "Local"},
		{"00 04 001 * *", tokyo, "00 04 001 * *", "Asia/Tokyo"},
	} {
		s, err := schedule.Parse(c.text, c.loc)
		require.NoError(t, err)
		require.Equal(t, c.string, s.String())
		require.Equal(t, c.zone, s.Zone())
	}
}

func TestShorthands(t *testing.T) {
	t.Parallel()
	for short, long := range map[string]string{
		"@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
		"@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@WEEKLY": "0 0 * * SUN",
	} {
		a, b := parse(t, short, time.UTC), parse(t, long, time.UTC)
		x, y := utc(2026), utc(2026)
		for range 100 {
			x, y = a.Next(x), b.Next(y)
			require.Equal(t, y, x, short)
		}
		// The same rule for clock changes as well.
		berlin := load(t, "Europe/Berlin")
		require.Len(t, dueIn(parse(t, short, berlin), 2026), len(dueIn(parse(t, long, berlin), 2026)))
	}
}

func dueIn(s *schedule.Schedule, year int) []time.Time {
	var all []time.Time
	for at := s.Next(utc(year)); at.Before(utc(year + 1)); at = s.Next(at) {
		all = append(all, at)
	}
	return all
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, field string
		column      int
		value       string
		message     string
		suggestion  string
	}{
		{"", "", 1, "", "empty", ""},
		{" \t ", "", 1, " \t ", "empty", ""},
		{"60 * * * *", "minute", 1, "60", "allowed are 0-59", "0"},
		{"61 * * * *", "minute", 1, "61", "allowed are 0-59", ""},
		{"* 24 * * *", "hour", 3, "24", "allowed are 0-23", "0"},
		{"* 9-24 * * *", "hour", 5, "24", "out of range", "23"},
		{"* * 0 * *", "day of month", 5, "0", "allowed are 1-31", "1"},
		{"* * 1-32 * *", "day of month", 7, "32", "out of range", "31"},
		{"* * * 13 *", "month", 7, "13", "allowed are 1-12 or JAN-DEC", ""},
		{"* * * * 8", "day of week", 9, "8", "allowed are 0-7 or SUN-SAT", ""},
		{"99999999999999999999999 * * * *", "minute", 1, "99999999999999999999999", "out of range", ""},
		{"1-99999999999999999999999 * * * *", "minute", 3, "99999999999999999999999", "out of range", ""},
		{"*/99999999999999999999999 * * * *", "minute", 3, "99999999999999999999999", "allowed are 1-9999", ""},
		{"*/0 * * * *", "minute", 3, "0", "allowed are 1-9999", ""},
		{"*/ * * * *", "minute", 3, "", "no step", ""},
		{"*/-5 * * * *", "minute", 3, "-5", "allowed are 1-9999", ""},
		{"*/5/2 * * * *", "minute", 3, "5/2", "allowed are 1-9999", ""},
		{"*/MON * * * *", "minute", 3, "MON", "allowed are 1-9999", ""},
		{"/5 * * * *", "minute", 1, "/5", "before the slash", "*/5"},
		{"* 22-2 * * *", "hour", 3, "22-2", "backwards", "22-23,0-2"},
		{"* 0,22-4/2 * * *", "hour", 5, "22-4/2", "backwards", "22,0,2,4"},
		{"* 23-0 * * *", "hour", 3, "23-0", "backwards", "23,0"},
		{"* * 25-5 * *", "day of month", 5, "25-5", "backwards", "25-31,1-5"},
		{"* * * NOV-FEB *", "month", 7, "NOV-FEB", "backwards", "NOV-DEC,JAN-FEB"},
		{"* * * * fri-mon", "day of week", 9, "fri-mon", "backwards", "FRI-SAT,SUN-MON"},
		{"* * * * 7-2", "day of week", 9, "7-2", "backwards", "0-2"},
		{"* * * * Monday", "day of week", 9, "Monday", "not a value", "MON"},
		{"* * * Sept *", "month", 7, "Sept", "not a value", "SEP"},
		{"* * * * MO", "day of week", 9, "MO", "not a value", "MON"},
		{"* * * * MONN-FRI", "day of week", 9, "MONN", "not a value", "MON"},
		{"* * * JUX *", "month", 7, "JUX", "not a value", ""},
		{"* * MON * *", "day of month", 5, "MON", "day of week, which is field 5", ""},
		{"* * * * JAN", "day of week", 9, "JAN", "month, which is field 4", ""},
		{"0 0 L * *", "day of month", 5, "L", "L, W and #", ""},
		{"0 0 LW * *", "day of month", 5, "LW", "L, W and #", ""},
		{"0 0 15W * *", "day of month", 5, "15W", "L, W and #", ""},
		{"0 0 * * FRI#2", "day of week", 9, "FRI#2", "L, W and #", ""},
		{"0 0 * * 5L", "day of week", 9, "5L", "L, W and #", ""},
		{"0 0 * * friL", "day of week", 9, "friL", "L, W and #", ""},
		{"H * * * *", "minute", 1, "H", "not a value", ""},
		{"1,,2 * * * *", "minute", 3, "", "empty", "1,2"},
		{"* 1, * * *", "hour", 5, "", "empty", "1"},
		{", * * * *", "minute", 1, "", "empty", ""},
		{"-5 * * * *", "minute", 1, "", "missing beside the dash", ""},
		{"5- * * * *", "minute", 3, "", "missing beside the dash", ""},
		{"1-2-3 * * * *", "minute", 3, "2-3", "not a value", ""},
		{"5-* * * * *", "minute", 3, "*", "cannot be an end of a range", ""},
		{"*-5 * * * *", "minute", 1, "*", "cannot be an end of a range", ""},
		{"*5 * * * *", "minute", 1, "*5", "not a value", "*/5"},
		{"+5 * * * *", "minute", 1, "+5", "not a value", ""},
		{"0x5 * * * *", "minute", 1, "0x5", "not a value", ""},
		{"٥ * * * *", "minute", 1, "٥", "not a value", ""},
		{"* 9–17 * * *", "hour", 3, "9–17", "not a value", "9-17"},
		{"5 – 9 * * x", "", 1, "5 – 9 * * x", "found 6", ""},
		{"– x * * *", "minute", 1, "–", "not a value", ""},
		{"*,– x * * *", "minute", 3, "–", "not a value", ""},
		{"\u00a0\u00a0* x * * *", "hour", 5, "x", "not a value", ""},
		{"* * * *", "", 1, "* * * *", "found 4", ""},
		{"  5 ", "", 3, "5", "found 1", ""},
		{"daily", "", 1, "daily", "found 1", "@daily"},
		{"1, 2 * * * *", "", 1, "1, 2 * * * *", "not separated by blanks", "1,2 * * * *"},
		{"0 0 * * mon - fri", "", 1, "0 0 * * mon - fri", "not separated by blanks", "0 0 * * mon-fri"},
		{"0 0 12 * * ?", "", 1, "0 0 12 * * ?", "no field for seconds", "0 12 * * ?"},
		{"TZ=UTC 0 0 12 * * ?", "", 8, "0 0 12 * * ?", "no field for seconds", "0 12 * * ?"},
		{"*/10 * * * * *", "", 1, "*/10 * * * * *", "no field for seconds", ""},
		{"0 0 12 * * ? *", "", 1, "0 0 12 * * ? *", "no fields for seconds and years", "0 12 * * ?"},
		{"@every 5m", "", 1, "@every 5m", "@every is not allowed", "*/5 * * * *"},
		{"@every 1m", "", 1, "@every 1m", "@every is not allowed", "* * * * *"},
		{"@every 2h", "", 1, "@every 2h", "@every is not allowed", "0 */2 * * *"},
		{"@every 60m", "", 1, "@every 60m", "@every is not allowed", "0 * * * *"},
		{"@every 24h", "", 1, "@every 24h", "@every is not allowed", "0 0 * * *"},
		{"@every 7m", "", 1, "@every 7m", "@every is not allowed", ""},
		{"@every 90s", "", 1, "@every 90s", "@every is not allowed", ""},
		{"@every 48h", "", 1, "@every 48h", "@every is not allowed", ""},
		{"@every -5m", "", 1, "@every -5m", "@every is not allowed", ""},
		{"@every x", "", 1, "@every x", "@every is not allowed", ""},
		{"@every", "", 1, "@every", "not known", ""},
		{"@dayly", "", 1, "@dayly", "allowed are @hourly, @daily", "@daily"},
		{"@reboot", "", 1, "@reboot", "not known", ""},
		{"@", "", 1, "@", "not known", ""},
		{"@daily 5", "", 8, "5", "stands alone", ""},
		{"0 0 31 2 *", "day of month", 5, "31", "it would never run: month 2 has no day 31", ""},
		{"0 0 30-31 feb ?", "day of month", 5, "30-31", "never run", ""},
		{"TZ=Europe/Berln @daily", "time zone", 4, "Europe/Berln", "unknown time zone", "Europe/Berlin"},
		{"CRON_TZ=europe/berlin @daily", "time zone", 9, "europe/berlin", "unknown time zone", "Europe/Berlin"},
		{"CRON_TZ=America/New-York @daily", "time zone", 9, "America/New-York", "unknown time zone", "America/New_York"},
		{"TZ=berlin @daily", "time zone", 4, "berlin", "unknown time zone", "Europe/Berlin"},
		{"TZ=Germany/Berlin @daily", "time zone", 4, "Germany/Berlin", "unknown time zone", "Europe/Berlin"},
		{"TZ=\"UTC\" @daily", "time zone", 4, "\"UTC\"", "unknown time zone", "UTC"},
		{"TZ=UTC+2 @daily", "time zone", 4, "UTC+2", "unknown time zone", "Etc/GMT-2"},
		{"TZ=UTC+99 @daily", "time zone", 4, "UTC+99", "unknown time zone", ""},
		{"TZ=PST @daily", "time zone", 4, "PST", "unknown time zone", ""},
		{"TZ=Eastern @daily", "time zone", 4, "Eastern", "unknown time zone", ""},
		{"TZ=../UTC @daily", "time zone", 4, "../UTC", "invalid location name", ""},
		{"TZ=/etc/passwd @daily", "time zone", 4, "/etc/passwd", "invalid location name", ""},
		{"TZ=\x00 @daily", "time zone", 4, "\x00", "unknown time zone", ""},
		{"tz=UTC @daily", "time zone", 1, "tz=UTC", "spelled TZ=", "TZ=UTC"},
		{"TZ= UTC @daily", "time zone", 1, "TZ=", "no zone follows", ""},
		{"TZ UTC @daily", "time zone", 1, "TZ", "not followed by =", ""},
		{"TZ=UTC", "", 7, "", "nothing follows the time zone", ""},
		{"TZ=UTC CRON_TZ=UTC @daily", "time zone", 8, "CRON_TZ=UTC", "second time zone", ""},
	} {
		s, err := schedule.Parse(c.text, time.UTC)
		require.Nil(t, s, c.text)
		var at *schedule.ParseError
		require.ErrorAs(t, err, &at)
		require.Equal(t, c.text, at.Text)
		require.Equal(t, c.field, at.Field, c.text)
		require.Equal(t, c.column, at.Column, c.text)
		require.Equal(t, c.value, at.Value, c.text)
		require.Contains(t, at.Message, c.message, c.text)
		require.Equal(t, c.suggestion, at.Suggestion, c.text)
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	_, err := schedule.Parse("0 24 * * *", time.UTC)
	require.EqualError(t, err, `cron expression "0 24 * * *": hour, column 3: "24" is out of range; allowed are 0-23; did you mean "0"?`)
	_, err = schedule.Parse("0 * * *", time.UTC)
	require.EqualError(t, err, `cron expression "0 * * *": column 1: expected 5 fields (minute, hour, day of month, month, day of week), found 4`)
}

// TestLongText: what is read and what is told are bounded.
func TestLongText(t *testing.T) {
	t.Parallel()
	longest := strings.Repeat("1,", 500) + "1 * * * *"
	require.Equal(t, longest, parse(t, longest, time.UTC).String())
	for _, text := range []string{
		strings.Repeat("1,", 600) + "1 * * * *",
		strings.Repeat("9", 1000) + " * * * *",
		strings.Repeat("MON", 300) + " * * * *",
		"TZ=" + strings.Repeat("ä", 400) + " * * * *",
		"TZ=" + strings.Repeat("A/", 400) + " * * * *",
		strings.Repeat("* ", 500),
		"@" + strings.Repeat("d", 1000),
		strings.Repeat(" ", 1<<20),
		strings.Repeat("*", 1<<20),
	} {
		_, err := schedule.Parse(text, time.UTC)
		require.Error(t, err)
		require.Less(t, len(err.Error()), 800)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"*/15 */6 */2 */5 */3": nil,
		"*/60 */24 * * *":      nil,
		"0 */5 * * *":          nil,
		"0-30/7 8-18/5 * * *":  nil,
		"@hourly":              nil,
		"*/7 * * * *":          {`minute step "*/7" does not divide 60: the last interval of each hour is shorter, 4 instead of 7 minutes`},
		"TZ=UTC  ?/25 * * * *": {`minute step "?/25" does not divide 60: the last interval of each hour is shorter, 10 instead of 25 minutes`},
		"5/7 * * * *":          {`minute step "5/7" does not divide 60: the last interval of each hour is longer, 11 instead of 7 minutes`},
		"0-59/7 * * * *":       {`minute step "0-59/7" does not divide 60: the last interval of each hour is shorter, 4 instead of 7 minutes`},
		"*/90 * * * *":         {`minute step "*/90" does not divide 60: only minute 0 of each hour is due`},
		"10/55 * * * *":        {`minute step "10/55" does not divide 60: only minute 10 of each hour is due`},
		"0 */7 * * *":          {`hour step "*/7" does not divide 24: the last interval of each day is shorter, 3 instead of 7 hours`},
		"3,*/40 */9 * * *": {
			`minute step "*/40" does not divide 60: the last interval of each hour is shorter, 20 instead of 40 minutes`,
			`hour step "*/9" does not divide 24: the last interval of each day is shorter, 6 instead of 9 hours`,
		},
	} {
		require.Equal(t, want, parse(t, text, time.UTC).Warnings(), text)
	}
}

// TestSize keeps ten thousand schedules small.
func TestSize(t *testing.T) {
	t.Parallel()
	require.LessOrEqual(t, unsafe.Sizeof(schedule.Schedule{}), uintptr(64))
}

// TestZonesAreShared: a zone's data takes kilobytes, and is loaded once.
func TestZonesAreShared(t *testing.T) {
	t.Parallel()
	data := func(text string) uintptr {
		return reflect.ValueOf(parse(t, text, nil)).Elem().FieldByName("loc").Pointer()
	}
	require.Equal(t, data("TZ=Europe/Vilnius 0 0 * * *"), data("CRON_TZ=Europe/Vilnius @hourly"))
	require.NotEqual(t, data("TZ=Europe/Vilnius 0 0 * * *"), data("TZ=Europe/Riga 0 0 * * *"))
}
