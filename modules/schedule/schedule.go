package schedule

import "time"

// Schedule is one parsed cron expression in one time zone, or one instant. It is
// made by Parse, Once or Restore, never changes, and may be used by many goroutines
// at once. It takes about sixty bytes besides its text; schedules of one zone share
// the zone's data.
type Schedule struct {
	text string
	loc  *time.Location
	once int64 // of a single one: when, in Unix seconds

	minutes uint64 // bit n: minute n
	hours   uint32 // bit n: hour n
	days    uint32 // bit n: day n of the month, from 1
	months  uint16 // bit n: month n, from 1
	weekday uint8  // bit n: day n of the week, from Sunday
	flags   flags
}

// flags are the facts about an expression that its bit sets do not show.
type flags uint8

const (
	// followsWall: the minute or hour field begins with * or ?.
	followsWall flags = 1 << iota
	// eitherDay: day of month and day of week are both restricted.
	eitherDay
	// single: due at one instant.
	single
)

// String returns the expression or instant as its author wrote it, without blanks around it.
func (s *Schedule) String() string { return s.text }

// Zone returns the name of the time zone that applies, e.g. "Europe/Berlin",
// "UTC", or "Local" for the zone of the machine. That of a single instant is UTC.
func (s *Schedule) Zone() string { return s.loc.String() }

// Local is an instant in the zone of the schedule.
func (s *Schedule) Local(at time.Time) time.Time { return at.In(s.loc) }
