package runner

import (
	"context"
	"errors"
	"sync"
	"time"

	"dagu/modules/store"
)

// Causes of contexts that end.
var (
	errStopped   = errors.New("the run is being stopped")
	errKilled    = errors.New("the run is being killed")
	errCancelled = errors.New("the run was cancelled by a failed evaluation")
	// errRepeatCut is the error of a step that would have been repeated.
	errRepeatCut = errors.New("stopped before it was repeated again")
)

// control ends a run from outside. Its methods may be called at once.
type control struct {
	mu sync.Mutex
	// reason is that of the first stop; "" while there was none.
	reason store.Reason
	// asked is the time of the last request to stop that was followed.
	asked time.Time
	// cancel ends the phase that runs now; nil between two.
	cancel   context.CancelCauseFunc
	handling bool
	finish   context.CancelCauseFunc
	// killed is closed by kill.
	killed <-chan struct{}
}

// stop ends the steps; only the first stop does, and it is the reason. While handlers run
// already, a shutdown leaves them the time it has; a user ends the one that runs, each
// time, and any other reason does when it is the first.
func (c *control) stop(reason store.Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopLocked(reason)
}

// stopOnRequest follows the request of a user that was made at that time, once.
func (c *control) stopOnRequest(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !at.Equal(c.asked) {
		c.asked = at
		c.stopLocked(store.ReasonStopped)
	}
}

func (c *control) stopLocked(reason store.Reason) {
	first := c.reason == ""
	if first {
		c.reason = reason
	}
	counts := first
	if c.handling {
		counts = reason == store.ReasonStopped || first && reason != store.ReasonShutdown
	}
	if counts && c.cancel != nil {
		c.cancel(errStopped)
	}
}

// kill ends all processes and keeps others from being started.
func (c *control) kill(reason store.Reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reason == "" {
		c.reason = reason
	}
	c.finish(errKilled)
}

// stopReason is why the run was stopped; "" when it was not.
func (c *control) stopReason() store.Reason {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.reason
}

// enterSteps returns the context of the phase in which a stop ends everything, and
// the phase's end.
func (c *control) enterSteps(life context.Context) (context.Context, context.CancelCauseFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ctx, cancel := context.WithCancelCause(life)
	c.cancel = cancel
	if c.reason != "" {
		cancel(errStopped)
	}
	return ctx, c.end(cancel)
}

// enterHandler returns the context of one handler: earlier stops do not count.
func (c *control) enterHandler(life context.Context) (context.Context, context.CancelCauseFunc) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ctx, cancel := context.WithCancelCause(life)
	c.cancel, c.handling = cancel, true
	return ctx, c.end(cancel)
}

func (c *control) end(cancel context.CancelCauseFunc) context.CancelCauseFunc {
	return func(cause error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.cancel = nil
		cancel(cause)
	}
}

// cancelSteps ends the steps for a reason of the run itself.
func (c *control) cancelSteps() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cancel != nil && !c.handling {
		c.cancel(errCancelled)
	}
}
