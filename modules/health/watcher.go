package health

import (
	"context"
	"fmt"
	"sync"
)

// watcher runs checks.
type watcher struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// Watch starts checks, which count for ProbeReady from now on, and returns when each
// has its first result or ctx is done; a check without one is red. It is called
// once, and StopChecks ends what it started. The error tells of a check that cannot
// be run: of two with one name, say.
func (r *Registry) Watch(ctx context.Context, checks []Check) error {
	list, err := r.register(checks)
	if err != nil {
		return err
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	w := &watcher{cancel: cancel, done: make(chan struct{})}
	var loops sync.WaitGroup
	for _, c := range list {
		loops.Go(func() { c.run(run) })
	}
	go func() {
		defer close(w.done)
		loops.Wait()
	}()
	r.checks.Store(w)
	for _, c := range list {
		select {
		case <-c.first:
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

func (r *Registry) register(checks []Check) ([]*check, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]*check, len(checks))
	for i, c := range checks {
		if err := c.validate(); err != nil {
			return nil, err
		}
		list[i] = newCheck(c, &r.turn)
		if r.add(list[i]) != part(list[i]) {
			return nil, fmt.Errorf("check %s: the name is taken", c.Name)
		}
	}
	return list, nil
}

// StopChecks ends the checks; their last results stay. It waits until they have
// ended, for a second at most, but not for one that hangs. It may be called twice,
// and before Watch.
func (r *Registry) StopChecks(ctx context.Context) {
	w := r.checks.Load()
	if w == nil {
		return
	}
	w.cancel()
	ctx, stop := context.WithTimeout(ctx, stopWait)
	defer stop()
	select {
	case <-w.done:
	case <-ctx.Done():
	}
}
