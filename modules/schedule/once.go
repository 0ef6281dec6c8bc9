package schedule

import (
	"fmt"
	"strings"
	"time"
)

// Once reads an instant, e.g. "2031-05-01T06:30:00+02:00", as a schedule that is due
// then and never else. The text is of RFC 3339, with Z or an offset, and names a
// whole minute.
func Once(text string) (*Schedule, error) {
	text = strings.TrimSpace(text)
	at, err := time.Parse(time.RFC3339, text)
	switch {
	case err != nil:
		return nil, fmt.Errorf(`%q is not an instant; write a date and a time with Z or an offset, as in "2031-05-01T06:30:00+02:00"`, clip(text))
	case at.Second() != 0 || at.Nanosecond() != 0:
		return nil, fmt.Errorf("%q is not a whole minute; its seconds must be 00", clip(text))
	}
	return &Schedule{text: strings.Clone(text), loc: time.UTC, once: at.Unix(), flags: single}, nil
}

// Single tells whether the schedule is due once, made by [Once].
func (s *Schedule) Single() bool { return s.flags&single != 0 }

// Restore returns the schedule whose String and Zone returned these texts. The error
// tells that this machine does not know the zone or this version not the text.
func Restore(text, zone string) (*Schedule, error) {
	if s, err := Once(text); err == nil {
		return s, nil
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return nil, fmt.Errorf("time zone of %q: %w", text, err)
	}
	return Parse(text, loc)
}

// Previous returns the last due instant before the given one, in UTC; zero when there
// is none within the given time before it, which is at least a minute.
func (s *Schedule) Previous(before time.Time, within time.Duration) time.Time {
	var at time.Time
	for back := time.Minute; ; back = min(2*back, within) {
		at = s.Next(before.Add(-back - time.Nanosecond))
		if !at.IsZero() && at.Before(before) {
			break
		}
		if back >= within {
			return time.Time{}
		}
	}
	for next := at; !next.IsZero() && next.Before(before); next = s.Next(next) {
		at = next
	}
	return at
}
