package schedule

import (
	"math/bits"
	"time"
)

// In this file time is that of a wall clock, counted as if the wall clock were UTC.

// maxMonths bounds the search for a day. Only the first month looked at and months
// of the schedule count, and the rarest day, 29 February, comes after eight of them.
const maxMonths = 12

// nextMinute returns the first due minute at or after the given second.
func (s *Schedule) nextMinute(wall int64) (int64, bool) {
	midnight := floorDiv(wall, day) * day
	first, ok := s.nextDay(midnight)
	if ok && first == midnight {
		if in, found := s.nextInDay(int(wall+minute-1-midnight) / minute); found {
			return midnight + int64(in)*minute, true
		}
		first, ok = s.nextDay(midnight + day)
	}
	in, _ := s.nextInDay(0)
	return first + int64(in)*minute, ok
}

// nextInDay returns the first due minute of a day, at or after the given one.
func (s *Schedule) nextInDay(from int) (int, bool) {
	h, m := from/60, from%60
	if s.hours>>h&1 != 0 && s.minutes>>m != 0 {
		return from + bits.TrailingZeros64(s.minutes>>m), true
	}
	later := s.hours >> (h + 1)
	if later == 0 {
		return 0, false
	}
	h += 1 + bits.TrailingZeros32(later)
	return h*60 + bits.TrailingZeros64(s.minutes), true
}

// nextDay returns the midnight of the first due day at or after the given midnight.
func (s *Schedule) nextDay(midnight int64) (int64, bool) {
	year, month, first := time.Unix(midnight, 0).UTC().Date()
	for range maxMonths {
		if s.months>>month&1 != 0 {
			start := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
			due := s.daysOf(start) >> first
			if due != 0 {
				nth := first + bits.TrailingZeros64(due)
				return start.Unix() + int64(nth-1)*day, true
			}
		}
		first = 1
		if later := s.months >> (month + 1); later != 0 {
			month += time.Month(1 + bits.TrailingZeros16(later))
		} else {
			year, month = year+1, time.Month(bits.TrailingZeros16(s.months))
		}
	}
	return 0, false
}

// daysOf returns the due days of the month that begins at start, day n at bit n.
func (s *Schedule) daysOf(start time.Time) uint64 {
	year, month, _ := start.Date()
	exist := uint64(1)<<(daysIn(year, month)+1) - 2

	// The week is turned so that bit 0 is the weekday of the first of the month,
	// and laid down five times from bit 1.
	w, turn := uint64(s.weekday), start.Weekday()
	week := (w>>turn | w<<(7-turn)) & 0x7f
	byWeek := week * (1 | 1<<7 | 1<<14 | 1<<21 | 1<<28) << 1

	if s.flags&eitherDay != 0 {
		return (uint64(s.days) | byWeek) & exist
	}
	return uint64(s.days) & byWeek & exist
}

// daysIn returns how many days the month has.
func daysIn(year int, month time.Month) int {
	switch month {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	default:
		return 31
	}
}
