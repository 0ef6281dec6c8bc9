package scheduler

import "context"

// Turns returns a function that makes one turn of a loop, without its goroutine.
func Turns(options Options, deps Deps) (func(), error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	l := newLoop(options, deps)
	return func() { l.runOnce(context.Background()) }, nil
}
