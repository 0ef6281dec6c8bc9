package schedule

import (
	"math"
	"time"
)

const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour

	// maxShift is more than any two offsets of one zone have ever differed:
	// Manila and Alaska moved over the date line, by 24 hours.
	maxShift = 2 * day
	// horizon bounds a search: the calendar repeats after 28 years, after 40
	// where a century without a leap day lies between.
	horizon = 41 * 366 * day
	// limit is where Next stops to answer, some 10,000 years from 1970.
	limit = 10_000 * 366 * day
)

// Next returns the first due instant strictly after the given one, in UTC. The
// zero time means never; that happens behind a single instant, thousands of years
// from now, or in a zone whose every change of clock skips each time of a schedule
// that follows the wall clock. Next allocates nothing.
func (s *Schedule) Next(after time.Time) time.Time {
	sec := after.Unix()
	if sec < -limit || sec > limit {
		return time.Time{}
	}
	if s.flags&single != 0 {
		if sec >= s.once {
			return time.Time{}
		}
		return time.Unix(s.once, 0).UTC()
	}
	var due int64
	var ok bool
	if s.flags&followsWall != 0 {
		due, ok = s.nextWall(sec)
	} else {
		due, ok = s.nextFixed(sec)
	}
	if !ok {
		return time.Time{}
	}
	return time.Unix(due, 0).UTC()
}

// nextWall finds the first second after the given one at which the wall clock
// shows a due minute.
func (s *Schedule) nextWall(after int64) (int64, bool) {
	at := after + 1
	for at < after+horizon {
		p := periodAt(s.loc, at)
		wall, ok := s.nextMinute(at + p.offset)
		if !ok {
			return 0, false
		}
		due := wall - p.offset
		if due < p.end {
			return due, true
		}
		// The wall clock showed nothing due up to the end of this period. Past a
		// distant end it can no longer go back to before at, so that nothing is
		// due until it comes near wall.
		if p.end > at+maxShift {
			at = max(p.end, wall-maxShift)
		} else {
			at = p.end
		}
	}
	return 0, false
}

// nextFixed finds the first second after the given one at which the wall clock
// reaches or passes a due minute that it had never reached before.
func (s *Schedule) nextFixed(after int64) (int64, bool) {
	latest, p := reached(s.loc, after)
	wall, ok := s.nextMinute(latest + 1)
	at := after + 1
	for ok && at < after+horizon {
		if due := wall - p.offset; due < p.end {
			return max(due, at), true
		}
		at = max(p.end, wall-maxShift)
		p = periodAt(s.loc, at)
	}
	return 0, false
}

// reached is the latest that the wall clock has ever shown up to the given second,
// which is more than it shows then while an overlap lasts. The period is the one
// that the second lies in.
func reached(loc *time.Location, sec int64) (int64, period) {
	p := periodAt(loc, sec-maxShift)
	latest := int64(math.MinInt64)
	for p.end <= sec {
		latest = max(latest, p.end-1+p.offset)
		p = periodAt(loc, p.end)
	}
	return max(latest, sec+p.offset), p
}

// period is the time from some instant up to end, in Unix seconds, in which a zone
// keeps one offset.
type period struct {
	end    int64
	offset int64 // wall clock minus UTC
}

// periodAt returns the period from the given second on. It may end before the offset
// changes, never after. Where it began is not told: for times after the last change
// that the time zone database lists, package time knows only when the rule for later
// years would have begun it.
func periodAt(loc *time.Location, sec int64) period {
	t := time.Unix(sec, 0).In(loc)
	_, offset := t.Zone()
	p := period{end: math.MaxInt64, offset: int64(offset)}
	if _, end := t.ZoneBounds(); !end.IsZero() {
		p.end = end.Unix()
	}
	// After the last change of a year, package time gives the year's 365th
	// midnight as the end, which is in the past on 31 December of leap years.
	if p.end <= sec {
		p.end = (floorDiv(sec, day) + 1) * day
	}
	return p
}

// floorDiv divides and rounds down, also below zero.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
