package runlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"dagu/modules/fault"
)

// errSilent is in the chain of the error when a root did not answer.
var errSilent = errors.New("it does not answer")

// crowd bounds the calls that are under way at one door.
const crowd = 16

// door is the way to a root that may never answer, for one kind of call. A call
// of the file system cannot be interrupted: one that hangs keeps a thread, and is
// left behind. Until it returns the door lets nobody through, so that a dead file
// system costs a few threads and not one for each call.
type door struct {
	timeout time.Duration
	// slots are taken by the calls under way, those left behind included.
	slots chan struct{}

	mu sync.Mutex
	// hung gets the answers of calls that did not answer in time.
	hung []<-chan error
}

func newDoor(timeout time.Duration) *door {
	return &door{timeout: timeout, slots: make(chan struct{}, crowd)}
}

// call makes a call, and gives up on it when it does not answer in time or when
// ctx ends. The error is errSilent when the root does not answer.
func (d *door) call(ctx context.Context, call func() error) error {
	if d.silent() {
		return fmt.Errorf("%w since an earlier call", errSilent)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, d.timeout, fmt.Errorf("%w within %v", errSilent, d.timeout))
	defer cancel()
	select {
	case d.slots <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	answer := make(chan error, 1)
	go func() {
		defer func() { <-d.slots }()
		answer <- call()
	}()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
	}
	err := context.Cause(ctx)
	if errors.Is(err, errSilent) {
		d.mu.Lock()
		d.hung = append(d.hung, answer)
		d.mu.Unlock()
	}
	return err
}

// silent tells whether a call hangs that was left behind.
func (d *door) silent() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	fault.At("runlog.lock")
	d.hung = slices.DeleteFunc(d.hung, func(answer <-chan error) bool { return len(answer) > 0 })
	return len(d.hung) > 0
}
