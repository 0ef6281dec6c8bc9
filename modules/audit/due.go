package audit

import (
	"time"

	"dagu/modules/schedule"
	"dagu/modules/store"
)

// instant is a time at which schedules were due.
type instant struct {
	at time.Time
	// decided tells that the mark of one of them has passed it.
	decided bool
	// over tells that it is not decided and nobody will do it.
	over bool
}

// line is the due times of one version of a schedule.
type line struct {
	version store.Version
	spec    *schedule.Schedule
	// end is the last instant that counts, next the first that was not taken; zero is none.
	end, next time.Time
	over      bool
}

func (l *line) advance(after time.Time) {
	if l.next = l.spec.Next(after); l.next.After(l.end) {
		l.next = time.Time{}
	}
}

// due walks over the instants at which any of several versions was due, in order.
type due struct {
	lines []line
}

// newDue walks from the given instant on. The error is that of a version that is not
// understood.
func newDue(versions []store.Version, from, now time.Time) (*due, *store.Version, error) {
	d := &due{}
	for i, v := range versions {
		l := line{version: v, end: now, over: v.Over(now)}
		if !v.To.IsZero() && v.To.Before(now) {
			l.end = v.To
		}
		if v.Mark.After(l.end) { // the clock went back, or another process knew it longer
			l.end = v.Mark
		}
		if l.end.Before(from) {
			continue
		}
		var err error
		if l.spec, err = schedule.Restore(v.Entry.Text, v.Entry.Zone); err != nil {
			return nil, &versions[i], err
		}
		after := from.Add(-time.Nanosecond)
		if v.From.After(after) {
			after = v.From
		}
		l.advance(after)
		d.lines = append(d.lines, l)
	}
	return d, nil, nil
}

// peek is the next instant; zero at the end.
func (d *due) peek() (at time.Time) {
	for i := range d.lines {
		if n := d.lines[i].next; !n.IsZero() && (at.IsZero() || n.Before(at)) {
			at = n
		}
	}
	return at
}

// take takes the instant that peek returned.
func (d *due) take(at time.Time) instant {
	in := instant{at: at, over: true}
	for i := range d.lines {
		l := &d.lines[i]
		if !l.next.Equal(at) {
			continue
		}
		in.decided = in.decided || !at.After(l.version.Mark)
		in.over = in.over && l.over
		l.advance(at)
	}
	in.over = in.over && !in.decided
	return in
}
