package runlog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

	"dagu/modules/routine"
)

const (
	// firstPass is when the first look takes place: not while the process starts.
	firstPass = time.Minute
	// nextPass is the time between two looks.
	nextPass = time.Hour
	// passTimeout bounds each half of one look.
	passTimeout = 10 * time.Minute
	// batch is how many runs are removed at once, at least.
	batch = 100
)

// Expired is a run whose retention is over.
type Expired struct {
	ID, DAG string
	// LogDir and WorkDir are as recorded; "" when the run had none.
	LogDir, WorkDir string
}

// Expirer knows which runs are to go.
type Expirer interface {
	// Expired lists up to limit runs whose retention is over, in an order that
	// stays: what is not forgotten stands where it stood.
	Expired(ctx context.Context, now time.Time, limit int) ([]Expired, error)
	// Forget removes runs, whose files are gone, from the history.
	Forget(ctx context.Context, ids []string) error
	// Prune removes from the history what no run and no schedule needs.
	Prune(ctx context.Context, now time.Time) error
}

// Janitor removes the files of runs whose retention is over, and then the runs:
// in this order, so that a crash in between leaves a run without files and not
// files that nobody knows of. Start and Stop may be called more than once.
type Janitor struct {
	log     *Log
	expirer Expirer
	zap     *zap.Logger

	loop routine.Routine
}

// NewJanitor returns a Janitor that does nothing until Start.
func NewJanitor(log *Log, expirer Expirer, logger *zap.Logger) *Janitor {
	return &Janitor{log: log, expirer: expirer, zap: logger}
}

// Start launches the loop. A second call, and one after Stop, does nothing.
func (j *Janitor) Start(ctx context.Context) error {
	j.loop.Start(ctx, j.run)
	return nil
}

// Stop ends the loop and returns when it has ended, or with the context's error
// before that. It does not wait for a file system that hangs.
func (j *Janitor) Stop(ctx context.Context) error {
	if err := j.loop.Stop(ctx); err != nil {
		return fmt.Errorf("stop janitor: files are still being removed: %w", err)
	}
	return nil
}

func (j *Janitor) run(ctx context.Context) {
	timer := time.NewTimer(firstPass)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
			j.runOnce(ctx)
			timer.Reset(nextPass)
		}
	}
}

// runOnce removes all that is to go.
func (j *Janitor) runOnce(ctx context.Context) {
	done, err := j.sweep(ctx)
	// What no run needs goes even when the files of some stay.
	err = errors.Join(err, j.prune(ctx))
	if done.removed > 0 {
		j.zap.Info("removed runs whose retention is over", zap.Int("runs", done.removed))
	}
	if err != nil && ctx.Err() == nil {
		j.zap.Error("removing old runs failed, trying again later",
			zap.Int("failed", done.failed), zap.Duration("after", nextPass), zap.Error(err))
	}
}

func (j *Janitor) prune(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, passTimeout)
	defer cancel()
	return j.expirer.Prune(ctx, time.Now())
}

// swept counts runs.
type swept struct {
	removed int
	// failed are those whose files are still there.
	failed int
}

// sweep removes runs until a look finds none that it has not treated. Those whose
// files cannot be removed stand first at each look, so that it asks for more than
// there are of them. The error is the first of them, or what ended the sweep.
func (j *Janitor) sweep(ctx context.Context) (done swept, first error) {
	ctx, cancel := context.WithTimeout(ctx, passTimeout)
	defer cancel()
	treated := make(map[string]bool)
	for limit := batch; ; {
		runs, err := j.expirer.Expired(ctx, time.Now(), limit)
		if err != nil {
			return done, errors.Join(first, err)
		}
		listed := len(runs)
		runs = slices.DeleteFunc(runs, func(r Expired) bool { return treated[r.ID] })
		if len(runs) == 0 {
			return done, first
		}
		gone, failure := j.removeAll(ctx, runs)
		if first == nil {
			first = failure
		}
		if len(gone) > 0 {
			if err = j.expirer.Forget(ctx, gone); err != nil {
				return done, errors.Join(first, err)
			}
		}
		done.removed += len(gone)
		done.failed += len(runs) - len(gone)
		if ctx.Err() != nil || errors.Is(failure, errSilent) {
			return done, first
		}
		for _, r := range runs {
			treated[r.ID] = true
		}
		limit = batch + 2*(listed-len(gone))
	}
}

// removeAll removes the files of runs and tells whose are gone. The error is the
// first one; a root that does not answer ends it.
func (j *Janitor) removeAll(ctx context.Context, runs []Expired) (gone []string, first error) {
	for _, run := range runs {
		err := j.log.removeRun(ctx, run)
		if err == nil {
			gone = append(gone, run.ID)
			continue
		}
		if first == nil || errors.Is(err, errSilent) {
			first = fmt.Errorf("run %s: %w", run.ID, err)
		}
		if ctx.Err() != nil || errors.Is(err, errSilent) {
			break
		}
	}
	return gone, first
}
