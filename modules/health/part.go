package health

import (
	"sync/atomic"
	"time"
)

// part is what verdicts depend on: a pulse or a check. What it answers comes from
// atomics alone.
type part interface {
	partName() string
	// counts tells whether the answer to the probe depends on the part.
	counts(p Probe) bool
	// red tells whether the part, as it is now, turns the probe red; only for
	// probes that it counts for.
	red(p Probe) bool
	// age is the number of turns of the evaluator since the last sign of life.
	age() int64
	// past is the evaluator's memory of the part.
	past() *past
	// change words a change for the log.
	change(red bool) Change
}

// past is what the evaluator remembers of a part, for each probe.
type past struct {
	born  int64 // the turn of the registration
	red   [probes]atomic.Bool
	since [probes]atomic.Int64 // the turn at which red took its value
	told  bool                 // what the log was told; the reporter's own
}

// begin is called before anybody else knows of the part.
func (h *past) begin(turn int64) {
	h.born = turn
	for p := range h.since {
		h.since[p].Store(turn)
	}
}

// note remembers a change that this turn finds.
func (h *past) note(p Probe, red bool, turn int64) {
	if h.red[p].Swap(red) != red {
		h.since[p].Store(turn)
	}
}

// Change tells that a pulse or a check turned red for ProbeReady, or is well again.
type Change struct {
	// Name is the pulse's or the check's.
	Name string
	// Loop tells that it is a pulse.
	Loop bool
	// Red is false when it is well again.
	Red bool
	// Doing is what a loop announced with its last beat; "" when it never beat.
	Doing string
	// For is how long a loop is, or was, silent, in whole seconds.
	For time.Duration
	// Err is why a check is red.
	Err error
}
