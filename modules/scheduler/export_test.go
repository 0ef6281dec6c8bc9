package scheduler

import (
	"context"
	"time"
)

// Turns returns a function that makes one turn of a loop, without its goroutine.
func Turns(options Options, deps Deps) (func(), error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	l := newLoop(options, deps)
	return func() { l.runOnce(context.Background()) }, nil
}

// Clockwork is a loop that turns when it is told to, and whose steady time goes when
// it is told to, but for the little that turning takes. It is of one goroutine.
type Clockwork struct{ loop *loop }

// NewClockwork returns a loop that has not turned yet.
func NewClockwork(options Options, deps Deps) (*Clockwork, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	return &Clockwork{newLoop(options, deps)}, nil
}

// Turn makes a turn.
func (c *Clockwork) Turn() { c.loop.runOnce(context.Background()) }

// Pass lets steady time go by.
func (c *Clockwork) Pass(d time.Duration) { c.loop.anchor.at = c.loop.anchor.at.Add(-d) }
