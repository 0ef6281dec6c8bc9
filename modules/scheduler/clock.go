package scheduler

import "time"

const (
	// maxStep is the largest forward step that is believed at once.
	maxStep = time.Hour
	// stableFor is how long a larger one must last before it is acted on.
	stableFor = time.Minute
	// jitter is the difference between wall and steady time that is no step: a
	// clock daemon slews by far less between two turns of the loop.
	jitter = 500 * time.Millisecond
)

// reading is the two clocks at one moment.
type reading struct {
	// wall is what the machine says the time is.
	wall time.Time
	// steady never steps; it goes on while the machine is suspended where the
	// system offers such a clock.
	steady time.Duration
}

// clock turns readings into the time that the loop acts on. A forward step over
// maxStep is held back until it has lasted stableFor; until then the time goes
// on as if there had been none. It is of the loop alone.
type clock struct {
	last reading
	// held is the part of the wall time that is not believed yet.
	held  time.Duration
	since time.Duration
}

// step is what a turn learned about the clock.
type step struct {
	// now is the time to act on.
	now time.Time
	// by is how far the wall clock stepped since the last reading; 0 is not at all.
	by time.Duration
	// back tells that now went backward.
	back bool
	// held tells that the step is not acted on yet, released that it is from now on.
	held, released bool
}

// read takes the next reading.
func (c *clock) read(r reading) step {
	if c.last.wall.IsZero() {
		c.last = r
		return step{now: r.wall}
	}
	by := r.wall.Sub(c.last.wall) - (r.steady - c.last.steady)
	c.last = r
	if by.Abs() < jitter {
		by = 0
	}

	s := step{by: by}
	switch {
	case c.held+by > maxStep || (c.held > 0 && c.held+by > 0):
		// Over the bound, or held before: one that changes has to prove itself anew,
		// also when it is no longer over the bound.
		if by != 0 {
			c.held, c.since = c.held+by, r.steady
			s.held = true
		}
	case c.held+by < 0:
		c.held, s.back = 0, true
	default:
		c.held = 0
	}
	if c.held > 0 && r.steady-c.since >= stableFor {
		c.held, s.released = 0, true
	}
	s.now = r.wall.Add(-c.held)
	return s
}
