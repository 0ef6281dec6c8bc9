package schedule_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The oracle is a second reading of crontab(5) that shares nothing with the
// package: it looks at every single minute of a stretch of time and at what the
// wall clock shows then.

// face is what a wall clock shows.
type face struct{ minute, hour, day, month, dow uint8 }

func faceOf(t time.Time) face {
	return face{uint8(t.Minute()), uint8(t.Hour()), uint8(t.Day()), uint8(t.Month()), uint8(t.Weekday())}
}

// moment is one minute of real time.
type moment struct {
	at      int64 // Unix seconds
	face    face
	whole   bool   // the wall clock shows second 0
	again   bool   // the wall clock has shown this before
	skipped []face // what the wall clock left out just before this, and never showed
}

// moments looks at the wall clock every step from one instant to another. What was
// shown before the first of them it does not know.
func moments(loc *time.Location, from, to time.Time, step time.Duration) []moment {
	all := make([]moment, 0, to.Sub(from)/step)
	seen := map[int64]bool{}
	expected := int64(math.MaxInt64)
	for t := from; t.Before(to); t = t.Add(step) {
		l := t.In(loc)
		// The same digits on a clock that never changes.
		wall := time.Date(l.Year(), l.Month(), l.Day(), l.Hour(), l.Minute(), l.Second(), 0, time.UTC)
		m := moment{at: t.Unix(), face: faceOf(wall), whole: wall.Second() == 0}
		for ; expected < wall.Unix(); expected += int64(step / time.Second) {
			if missed := time.Unix(expected, 0).UTC(); missed.Second() == 0 && !seen[expected] {
				m.skipped = append(m.skipped, faceOf(missed))
			}
			seen[expected] = true
		}
		m.again = seen[wall.Unix()]
		seen[wall.Unix()] = true
		expected = wall.Add(step).Unix()
		if m.whole || len(m.skipped) > 0 {
			all = append(all, m)
		}
	}
	return all
}

// oracle is an expression as lists of yes and no.
type oracle struct {
	minute, hour, day, month, dow [61]bool
	dayFree, dowFree              bool
	fixed                         bool
}

func newOracle(tb testing.TB, text string) oracle {
	tb.Helper()
	fields := strings.Fields(text)
	require.Len(tb, fields, 5, text)
	var o oracle
	unit{0, 59, ""}.read(tb, fields[0], &o.minute)
	unit{0, 23, ""}.read(tb, fields[1], &o.hour)
	o.dayFree = unit{1, 31, ""}.read(tb, fields[2], &o.day)
	unit{1, 12, " jan feb mar apr may jun jul aug sep oct nov dec"}.read(tb, fields[3], &o.month)
	o.dowFree = unit{0, 7, "sun mon tue wed thu fri sat"}.read(tb, fields[4], &o.dow)
	o.dow[0] = o.dow[0] || o.dow[7]
	o.fixed = !strings.ContainsAny(fields[0][:1]+fields[1][:1], "*?")
	return o
}

// unit is what a field counts.
type unit struct {
	low, high int
	names     string // from that of 0
}

// read reads one field and tells whether it leaves everything free.
func (u unit) read(tb testing.TB, text string, yes *[61]bool) (free bool) {
	tb.Helper()
	value := func(text string) int {
		for i, name := range strings.Split(u.names, " ") {
			if name != "" && name == strings.ToLower(text) {
				return i
			}
		}
		n, err := strconv.Atoi(text)
		require.NoError(tb, err)
		return n
	}
	for _, entry := range strings.Split(text, ",") {
		values, every, stepped := strings.Cut(entry, "/")
		step := 1
		if stepped {
			step = value(every)
		}
		first, last := u.low, u.high
		if values == "*" || values == "?" {
			free = free || step == 1
		} else {
			a, b, ranged := strings.Cut(values, "-")
			first = value(a)
			if ranged {
				last = value(b)
				if last == 0 && strings.EqualFold(b, "sun") && first > 0 {
					last = 7
				}
			} else if !stepped {
				last = first
			}
		}
		for n := range 61 {
			if n >= first && n <= last && (n-first)%step == 0 {
				yes[n] = true
			}
		}
	}
	return free
}

// names reports whether the expression names what the clock shows.
func (o *oracle) names(f face) bool {
	if !o.minute[f.minute] || !o.hour[f.hour] || !o.month[f.month] {
		return false
	}
	switch {
	case o.dayFree && o.dowFree:
		return true
	case o.dayFree:
		return o.dow[f.dow]
	case o.dowFree:
		return o.day[f.day]
	default:
		return o.day[f.day] || o.dow[f.dow]
	}
}

// due lists the instants at which the expression is due.
func (o *oracle) due(all []moment) []int64 {
	var due []int64
	for i := range all {
		m := &all[i]
		is := m.whole && o.names(m.face)
		if o.fixed {
			is = is && !m.again
			for _, f := range m.skipped {
				is = is || o.names(f)
			}
		}
		if is {
			due = append(due, m.at)
		}
	}
	return due
}
