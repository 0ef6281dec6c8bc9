package runner

import "dagu/modules/store"

// Drained is what became of the runs that were active when the runner was told to stop.
type Drained struct {
	// Finished came to their own end. Cut were stopped by the shutdown: they are
	// aborted, or back in their queue.
	Finished, Cut []store.Run
	// Abandoned is the number of those whose end is not recorded.
	Abandoned int
}

// Drained tells how far Stop has come; before it, nothing.
func (r *Runner) Drained() Drained {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.drained
	if r.draining {
		for _, x := range r.active {
			if x.rec.Parent == "" { // those inside of others count with them
				d.Abandoned++
			}
		}
	}
	return d
}

// note takes down how a run ended, if that was during the drain.
func (r *Runner) note(rec store.Run, result store.Result, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !r.draining:
	case err != nil:
		r.drained.Abandoned++
	case result.Reason == store.ReasonShutdown:
		r.drained.Cut = append(r.drained.Cut, rec)
	default:
		r.drained.Finished = append(r.drained.Finished, rec)
	}
}
