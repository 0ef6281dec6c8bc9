package schedule

import "time"

// Effect is what a change of the clock does to times of a schedule.
type Effect string

// The effects; see the package comment.
const (
	// Moved: the wall clock skips the times, and they become one, at the first instant after the gap.
	Moved Effect = "moved"
	// Dropped: the wall clock skips the times, and they do not come.
	Dropped Effect = "dropped"
	// Repeated: the wall clock shows the times twice, and they come twice.
	Repeated Effect = "repeated"
	// First: the wall clock shows the times twice, and they come the first time only.
	First Effect = "first"
)

// Shift is a change of the clock that touches a schedule.
type Shift struct {
	// At is the instant of the change, in UTC.
	At time.Time
	// Before and After are At as the wall clock showed it before the change and
	// shows it after it, each in its own offset.
	Before, After time.Time
	Effect        Effect
	// From and To are the first and the last time of the schedule that the wall
	// clock skips or shows twice, as it shows them before the change; Count is how many there are.
	From, To time.Time
	Count    int
}

// Shifts returns the changes of the clock after from, up to and including to, that
// touch the schedule, in order.
func (s *Schedule) Shifts(from, to time.Time) []Shift {
	if s.flags&single != 0 {
		return nil
	}
	var list []Shift
	p := periodAt(s.loc, from.Unix())
	for p.end <= min(to.Unix(), limit) {
		next := periodAt(s.loc, p.end)
		if shift, ok := s.shift(p, next); ok && shift.At.After(from) {
			list = append(list, shift)
		}
		p = next
	}
	return list
}

// shift is the change from one period to the next; false when it does not touch the schedule.
func (s *Schedule) shift(p, next period) (Shift, bool) {
	begin, end := p.end+p.offset, p.end+next.offset // of the gap
	effect := Moved
	wall := s.flags&followsWall != 0
	switch {
	case begin < end && wall:
		effect = Dropped
	case begin > end:
		begin, end = end, begin // of the overlap
		if effect = First; wall {
			effect = Repeated
		}
	}
	shift := Shift{At: time.Unix(p.end, 0).UTC(), Effect: effect}
	shift.Before = shift.At.In(s.before(p))
	shift.After = shift.At.In(s.loc)
	for at, ok := s.nextMinute(begin); ok && at < end; at, ok = s.nextMinute(at + 1) {
		shift.To = time.Unix(at-p.offset, 0).In(shift.Before.Location())
		if shift.Count == 0 {
			shift.From = shift.To
		}
		shift.Count++
	}
	return shift, shift.Count > 0
}

// before is the offset of the zone up to the end of a period, with its name.
func (s *Schedule) before(p period) *time.Location {
	name, _ := time.Unix(p.end-1, 0).In(s.loc).Zone()
	return time.FixedZone(name, int(p.offset))
}

// Touched returns the change of the clock that touches a due instant: it moved it
// there, or the wall clock shows its time twice. It is false for all other instants.
func (s *Schedule) Touched(due time.Time) (Shift, bool) {
	for _, shift := range s.Shifts(due.Add(-maxShift*time.Second), due.Add(maxShift*time.Second)) {
		_, before := shift.Before.Zone()
		_, after := shift.After.Zone()
		length := time.Duration(before-after) * time.Second // of the overlap
		begin, end := shift.At.Add(-length), shift.At
		switch shift.Effect {
		case Moved:
			if due.Equal(shift.At) {
				return shift, true
			}
			continue
		case Dropped:
			continue
		case Repeated:
			end = shift.At.Add(length)
		case First:
		}
		if !due.Before(begin) && due.Before(end) {
			return shift, true
		}
	}
	return Shift{}, false
}
