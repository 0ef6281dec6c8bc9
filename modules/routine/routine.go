// Package routine starts and ends the goroutine of a part that works between the start
// and the stop of the process.
package routine

import (
	"context"
	"sync"
)

// Routine is one goroutine. Its zero value is ready to be started. The methods may be
// called at once, in any order, and more than once.
type Routine struct {
	mu     sync.Mutex // guards what follows
	cancel context.CancelFunc
	done   chan struct{} // closed when run has returned; nil before Start and Stop
}

// Start calls run in a goroutine and tells whether it did: it does not the second
// time, nor after Stop. The context that run gets ends with Stop alone; ctx itself,
// which may be a hook's and end when the hook has returned, gives only its values.
func (r *Routine) Start(ctx context.Context, run func(ctx context.Context)) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.done != nil {
		return false
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	r.cancel, r.done = cancel, done
	go func() {
		defer close(done)
		run(life)
	}()
	return true
}

// Stop ends the context of run and waits until it has returned. The error is ctx's,
// when that ends before. Nothing can be started any more.
func (r *Routine) Stop(ctx context.Context) error {
	r.mu.Lock()
	if r.done == nil {
		r.cancel, r.done = func() {}, make(chan struct{})
		close(r.done)
	}
	cancel, done := r.cancel, r.done
	r.mu.Unlock()

	cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
