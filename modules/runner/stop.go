package runner

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"go.uber.org/zap"

	"dagu/modules/runner/process"
	"dagu/modules/store"
)

const (
	// stopAgain is when stop requests are read again because a run that is to be
	// stopped has been admitted but has not reached us.
	stopAgain = 100 * time.Millisecond
	// stopRetry is the pause after the store could not tell stop requests.
	stopRetry = time.Second
	// stopRead bounds one read.
	stopRead = 5 * time.Second
	// lastCall is what Stop leaves of its time to stop runs that do not end by
	// themselves, and reserve what it leaves to record those that it kills.
	lastCall = 5 * time.Second
	reserve  = 3 * time.Second
	// killTime bounds Kill.
	killTime = 2 * time.Second
)

// watchStops stops the runs that users want stopped, whichever process was told.
func (r *Runner) watchStops(ctx context.Context, stops <-chan struct{}) {
	again := time.NewTimer(0) // a request may be older than this process's interest in it
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-stops:
		case <-again.C:
		}
		if pause := r.stopOnce(ctx); pause > 0 {
			again.Reset(pause)
		}
	}
}

// stopOnce stops what is to be stopped, and tells when to look again; 0 is when
// something has changed.
func (r *Runner) stopOnce(ctx context.Context) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, stopRead)
	defer cancel()
	requests, err := r.store.StopRequested(ctx)
	if err != nil {
		if ctx.Err() == nil {
			r.log.Warn("stop requests could not be read, they are read again", zap.Error(err))
		}
		return stopRetry
	}
	var pause time.Duration
	for _, request := range requests {
		r.mu.Lock()
		x := r.active[request.RunID]
		r.mu.Unlock()
		if x == nil {
			pause = stopAgain
			continue
		}
		x.stopOnRequest(request.At)
	}
	return pause
}

// Stop takes no more runs and waits for the active ones: until DrainTimeout for
// their own end, then it stops them, and three seconds before the end of ctx it
// kills what is left. Those that were cut short are recorded as aborted by the
// shutdown, or go back to their queue if their workflow wants that. The error
// says what was abandoned. Stop may be called again, and before Start.
func (r *Runner) Stop(ctx context.Context) error {
	r.mu.Lock()
	r.open, r.draining = false, true
	if r.quit == nil {
		r.quit = func() {}
		r.mu.Unlock()
		return nil
	}
	r.mu.Unlock()

	r.drain(ctx)
	var err error
	select {
	case <-r.idleness():
	case <-ctx.Done():
		err = fmt.Errorf("stop runner: %d runs are abandoned: %w", r.Active(), ctx.Err())
	}
	r.quit()
	r.loops.Wait()
	if err != nil {
		return err
	}
	return r.processes.Stop(ctx)
}

// drain brings the active runs to their end.
func (r *Runner) drain(ctx context.Context) {
	patience := r.options.DrainTimeout
	deadline, ok := ctx.Deadline()
	if ok {
		patience = min(patience, time.Until(deadline)-lastCall)
	}
	if r.waitIdle(ctx, patience) {
		return
	}
	r.each(func(x *run) { x.stop(store.ReasonShutdown) })
	if !ok {
		return
	}
	if !r.waitIdle(ctx, time.Until(deadline)-reserve) {
		r.each(func(x *run) { x.kill(store.ReasonShutdown) })
	}
}

// Kill ends all processes of all runs at once and waits, at most two seconds,
// until that is recorded. Nothing is started any more.
func (r *Runner) Kill(ctx context.Context) error {
	r.mu.Lock()
	r.open = false
	r.mu.Unlock()
	r.each(func(x *run) { x.kill(store.ReasonShutdown) })
	if !r.waitIdle(ctx, killTime) {
		return fmt.Errorf("kill runs: the end of %d is not recorded", r.Active())
	}
	return nil
}

func (r *Runner) each(do func(*run)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, x := range r.active {
		do(x)
	}
}

// idleness is closed when nothing is active any more.
func (r *Runner) idleness() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.idle == nil {
		idle := make(chan struct{})
		close(idle)
		return idle
	}
	return r.idle
}

// waitIdle tells whether nothing is active within limit, and before the end of ctx.
func (r *Runner) waitIdle(ctx context.Context, limit time.Duration) bool {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	idle := r.idleness()
	select {
	case <-idle:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	select {
	case <-idle:
		return true
	default:
		return false
	}
}

// EndLeftovers ends what is left of runs whose process died: it kills all their
// processes, also those that detached themselves, waits until they are gone, and
// removes their temporary files. The error names processes that live on.
func (r *Runner) EndLeftovers(ctx context.Context, runs []store.Run) error {
	if len(runs) == 0 {
		return nil
	}
	ids := make(map[string]struct{}, len(runs))
	marks := make(map[string]struct{}, len(runs))
	for _, rec := range runs {
		ids[rec.ID] = struct{}{}
		marks[markOf(rec)] = struct{}{}
	}
	err := process.EndLeftovers(ctx, func(variable []byte) bool {
		_, dead := marks[string(variable)]
		return dead
	})
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(r.options.TempDir)
	if err != nil {
		return nil //nolint:nilerr // without the directory there are no files in it
	}
	for _, entry := range entries {
		id, _, _ := strings.Cut(entry.Name(), ".")
		if _, dead := ids[id]; dead {
			_ = os.Remove(filepath.Join(r.options.TempDir, entry.Name())) // the next one to recover tries again
		}
	}
	return nil
}
