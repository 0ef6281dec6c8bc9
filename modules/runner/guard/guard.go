// Package guard touches files that may never answer, such as those on a network
// file system whose server is gone. A system call on them cannot be interrupted,
// so it is made by a goroutine that is given up at a deadline.
//
// What was given up is remembered by its name, and is not touched again while
// the first call on it still hangs: a dead server costs one thread, and not one
// for each step that needs it.
package guard

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrSilent is in the chain of the error when something did not answer.
var ErrSilent = errors.New("does not answer")

// DefaultTimeout and DefaultLimit are those of the zero Options.
const (
	DefaultTimeout = 10 * time.Second
	DefaultLimit   = 64
)

// Options configure a Guard.
type Options struct {
	// Timeout is how long one call of Do waits; 0 is DefaultTimeout.
	Timeout time.Duration
	// Limit is how many places may hang at once before any other one is refused;
	// 0 is DefaultLimit.
	Limit int
}

// Guard runs calls that may hang. Its methods may be called at once.
type Guard struct {
	options Options

	mu     sync.Mutex
	places map[string]*place // those that are being touched
	silent int               // how many of them do not answer
}

// place is a file or directory that is being touched.
type place struct {
	calls int
	given int // calls that were given up and hang still
	// quiet is when it last answered, or was touched for the first time.
	quiet time.Time
}

// A place is not touched by more than crowd calls at once when it has not
// answered any for crowdWait.
const (
	crowd     = 16
	crowdWait = 3 * time.Second
)

// New returns a Guard.
func New(options Options) *Guard {
	if options.Timeout <= 0 {
		options.Timeout = DefaultTimeout
	}
	if options.Limit <= 0 {
		options.Limit = DefaultLimit
	}
	return &Guard{options: options, places: make(map[string]*place)}
}

// Silent is how many places do not answer now.
func (g *Guard) Silent() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.silent
}

// Touch tells what a call is about to touch.
type Touch struct {
	guard *Guard

	mu    sync.Mutex
	doing string
	given bool // up
	ended bool
}

// At names what is touched next, for example "working directory /srv/x". The
// call must return the error, which tells that this hangs already.
func (t *Touch) At(what string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.guard.leave(t.doing, t.given)
	t.doing = ""
	if t.given {
		return fmt.Errorf("%s: %w in time", what, ErrSilent)
	}
	if err := t.guard.enter(what); err != nil {
		return err
	}
	t.doing = what
	return nil
}

// end tells whether the call had been given up.
func (t *Touch) end() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.guard.leave(t.doing, t.given)
	t.doing, t.ended = "", true
	return t.given
}

// giveUp returns what the call hangs on; it is false when the call has ended.
func (t *Touch) giveUp() (string, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended {
		return "", false
	}
	t.given = true
	t.guard.gaveUp(t.doing)
	return t.doing, true
}

// answer is what came of a call.
type answer[T any] struct {
	value T
	err   error
	panic any
}

// get returns the answer as if the call had been made by the caller itself.
func (a answer[T]) get() (T, error) {
	if a.panic != nil {
		panic(a.panic) //nolint:forbidigo // it began in the call and goes on in the caller
	}
	return a.value, a.err
}

// Do runs call in a goroutine and returns what it returns, or panics as it does.
// When the call does not return within the timeout, or ctx ends, it is given up:
// should it return after all, drop gets its result, unless that came with an
// error. The call must keep to what it was given by value, as its caller goes on
// without it. Drop may be nil.
func Do[T any](ctx context.Context, g *Guard, call func(*Touch) (T, error), drop func(T)) (T, error) {
	touch := &Touch{guard: g}
	answers := make(chan answer[T], 1)
	go func() {
		var a answer[T]
		defer func() {
			a.panic = recover()
			if !touch.end() {
				answers <- a
			} else if a.err == nil && a.panic == nil && drop != nil {
				drop(a.value)
			}
		}()
		a.value, a.err = call(touch)
	}()
	timer := time.NewTimer(g.options.Timeout)
	defer timer.Stop()
	var cause error
	select {
	case a := <-answers:
		return a.get()
	case <-timer.C:
		cause = fmt.Errorf("%w within %s", ErrSilent, g.options.Timeout)
	case <-ctx.Done():
		cause = context.Cause(ctx)
	}
	what, ok := touch.giveUp()
	if !ok { // the answer came meanwhile
		a := <-answers
		return a.get()
	}
	var none T
	if what != "" {
		cause = fmt.Errorf("%s: %w", what, cause)
	}
	return none, cause
}

// enter counts a call that touches what, or returns why it must not.
func (g *Guard) enter(what string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	p, ok := g.places[what]
	switch {
	case !ok && g.silent >= g.options.Limit:
		return fmt.Errorf("%s: not touched, as %d other files or directories do not answer", what, g.silent)
	case !ok:
		p = &place{quiet: now}
		g.places[what] = p
	case p.given > 0 || (p.calls >= crowd && now.Sub(p.quiet) > crowdWait):
		return fmt.Errorf("%s: %w since %s", what, ErrSilent, p.quiet.UTC().Format(time.RFC3339))
	}
	p.calls++
	return nil
}

// leave counts an answer.
func (g *Guard) leave(what string, given bool) {
	if what == "" {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.places[what]
	p.calls--
	p.quiet = time.Now()
	if given {
		if p.given--; p.given == 0 {
			g.silent--
		}
	}
	if p.calls == 0 {
		delete(g.places, what)
	}
}

func (g *Guard) gaveUp(what string) {
	if what == "" {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	p := g.places[what]
	if p.given++; p.given == 1 {
		g.silent++
	}
}
