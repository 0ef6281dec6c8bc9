package cmd

import (
	"errors"
	"fmt"
	"time"

	"github.com/xhit/go-str2duration/v2"
)

// period is a stretch of time as a user writes it.
type period struct {
	from, to, last string
}

// bounds are the ends of the period; a zero one is open.
func (p period) bounds(now time.Time) (from, to time.Time, err error) {
	if p.last != "" && (p.from != "" || p.to != "") {
		return from, to, errors.New("--last cannot be combined with --from or --to")
	}
	if p.from == "" && p.to == "" {
		back := defaultLast
		if p.last != "" {
			if back, err = str2duration.ParseDuration(p.last); err != nil || back <= 0 {
				return from, to, fmt.Errorf("--last: found %q, want a time such as 12h, 7d or 2w", p.last)
			}
		}
		return now.Add(-back), time.Time{}, nil
	}
	if p.from != "" {
		if from, _, err = parseTime(p.from); err != nil {
			return from, to, fmt.Errorf("--from: %w", err)
		}
	}
	if p.to != "" {
		var day bool
		if to, day, err = parseTime(p.to); err != nil {
			return from, to, fmt.Errorf("--to: %w", err)
		}
		if day {
			to = to.AddDate(0, 0, 1).Add(-time.Nanosecond)
		}
	}
	if !to.IsZero() && to.Before(from) {
		return from, to, errors.New("--from is later than --to")
	}
	return from, to, nil
}

// parseTime reads an instant, in UTC when it names no zone, and tells whether it
// is a whole day.
func parseTime(word string) (at time.Time, day bool, err error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02T15:04", "2006-01-02 15:04"} {
		if at, err = time.Parse(layout, word); err == nil {
			return at, layout == time.DateOnly, nil
		}
	}
	return at, false, fmt.Errorf("found %q, want a time such as 2026-01-31, 2026-01-31T12:00:00 or 2026-01-31T12:00:00+01:00", word)
}
