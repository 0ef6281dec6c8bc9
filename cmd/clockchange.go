package cmd

import (
	"fmt"
	"time"

	"dagu/modules/schedule"
)

// clockChange is what a change of the clocks does to times of a schedule.
type clockChange struct {
	Effect schedule.Effect `json:"effect"`
	At     time.Time       `json:"at"`
	// Before and After are what the clock shows on either side of it.
	Before time.Time `json:"before"`
	After  time.Time `json:"after"`
	// First, Last and Count are the times that the clock skips or shows twice.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	Count int       `json:"count"`
}

func changeOf(s schedule.Shift) clockChange {
	return clockChange{Effect: s.Effect, At: s.At, Before: s.Before, After: s.After, First: s.From, Last: s.To, Count: s.Count}
}

// clockChangeOf is the change that touches a due time; nil is none. Of several
// schedules the one counts that comes again.
func clockChangeOf(specs []*schedule.Schedule, due time.Time) (found *clockChange) {
	for _, s := range specs {
		if shift, ok := s.Touched(due); ok && (found == nil || found.Effect == schedule.First) {
			change := changeOf(shift)
			found = &change
		}
	}
	return found
}

// note tells people what it does to a due time.
func (c *clockChange) note(due time.Time) string {
	switch {
	case c.Effect == schedule.Moved || c.Effect == schedule.Dropped:
		return c.told()
	case c.Effect == schedule.First:
		return "the clock shows this time twice; it comes the first time only"
	case due.Before(c.At):
		return "the clock shows this time twice, and it comes twice: the first"
	default:
		return "the clock shows this time twice, and it comes twice: the second"
	}
}

// told tells people of the change as a whole.
func (c *clockChange) told() string {
	times, one := c.First.Format("15:04"), c.Count == 1
	if !one {
		times = fmt.Sprintf("%s to %s (%d times)", times, c.Last.Format("15:04"), c.Count)
	}
	does := map[schedule.Effect][2]string{
		schedule.Moved:    {" comes at " + c.After.Format("15:04"), " come as one, at " + c.After.Format("15:04")},
		schedule.Dropped:  {" does not exist, and does not come", " do not exist, and do not come"},
		schedule.Repeated: {" comes twice", " come twice"},
		schedule.First:    {" comes the first time only", " come the first time only"},
	}[c.Effect]
	what := does[1]
	if one {
		what = does[0]
	}
	return fmt.Sprintf("on %s the clock goes from %s to %s: %s%s", c.Before.Format(time.DateOnly),
		c.Before.Format("15:04 MST"), c.After.Format("15:04 MST"), times, what)
}

// wallClock is an instant as the clock of its zone shows it.
func wallClock(at time.Time) string { return at.Format("2006-01-02 15:04 MST") }
