package health

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"
)

// Check is something that is looked at again and again, beside the loops.
type Check struct {
	// Name is a short word in lower case, with dashes.
	Name string
	// Period is the time between the end of a look and the next, Deadline what one
	// look may take; both at least a millisecond.
	Period, Deadline time.Duration
	// Run looks. It returns nil when all is well, else the reason, which is for the
	// log alone. It may hang, though it should end with its context: then the check is
	// red from the deadline on, and is not run again before it has returned.
	Run func(ctx context.Context) error
}

func (c Check) validate() error {
	switch {
	case c.Name == "":
		return errors.New("a check has no name")
	case c.Period < time.Millisecond, c.Deadline < time.Millisecond:
		return fmt.Errorf("check %s: period %s, deadline %s: must be at least 1ms", c.Name, c.Period, c.Deadline)
	case c.Run == nil:
		return fmt.Errorf("check %s: has nothing to run", c.Name)
	}
	return nil
}

var (
	errOverdue = errors.New("its result is overdue")
	errNone    = errors.New("it has no result yet")
)

// check is a Check with its last result.
type check struct {
	Check
	turn  *atomic.Int64 // of the evaluator
	limit int64         // turns after which a result is overdue
	first chan struct{} // closed with the first result

	result atomic.Pointer[result]
	memory past
}

// result is what one look brought.
type result struct {
	err  error
	turn int64
}

func newCheck(c Check, turn *atomic.Int64) *check {
	return &check{
		Check: c,
		turn:  turn,
		// Two more: a look may begin and end anywhere between two turns.
		limit: ticks(c.Period+c.Deadline) + 2,
		first: make(chan struct{}),
	}
}

// run looks until ctx is done. It is called once.
func (c *check) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			c.runOnce(ctx)
			timer.Reset(c.Period)
		}
	}
}

// runOnce looks once, in a goroutine that may hang. It then stays with it, so that
// no second one joins it; what comes too late is not used, and the next look is soon.
func (c *check) runOnce(ctx context.Context) {
	limited, cancel := context.WithTimeout(ctx, c.Deadline)
	defer cancel()
	answers := make(chan error, 1)
	go func() { answers <- c.look(limited) }()
	select {
	case err := <-answers:
		c.record(ctx, err)
		return
	case <-limited.Done():
		c.record(ctx, fmt.Errorf("no answer within %s", c.Deadline))
	}
	select {
	case <-answers: //nolint:errcheck // It came too late to count.
	case <-ctx.Done():
	}
}

// look is Run; a panic in it is its error.
func (c *check) look(ctx context.Context) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("internal error: %v\n%s", cause, debug.Stack())
		}
	}()
	return c.Run(ctx)
}

// record keeps a result, unless the end of the check was what brought it.
func (c *check) record(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if c.result.Swap(&result{err: err, turn: c.turn.Load()}) == nil {
		close(c.first)
	}
}

// reason is why the check is red; nil when it is not.
func (c *check) reason() error {
	switch last := c.result.Load(); {
	case last == nil:
		return errNone
	case last.err != nil:
		return last.err
	case c.turn.Load()-last.turn > c.limit:
		return errOverdue
	default:
		return nil
	}
}

func (c *check) partName() string { return c.Name }

func (c *check) past() *past { return &c.memory }

func (c *check) counts(p Probe) bool { return p == ProbeReady }

func (c *check) red(Probe) bool { return c.reason() != nil }

func (c *check) age() int64 {
	if last := c.result.Load(); last != nil {
		return c.turn.Load() - last.turn
	}
	return c.turn.Load() - c.memory.born
}

func (c *check) change(red bool) Change {
	return Change{Name: c.Name, Red: red, Err: c.reason()}
}
