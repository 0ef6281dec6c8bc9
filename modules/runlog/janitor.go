package runlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"
)

const (
	// firstPass is when the first look takes place: not while the process starts.
	firstPass = time.Minute
	// nextPass is the time between two looks.
	nextPass = time.Hour
	// passTimeout bounds one look.
	passTimeout = 10 * time.Minute
	// batch is how many runs are removed at once.
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
	// Expired lists up to limit runs whose retention is over.
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

	mu     sync.Mutex
	cancel context.CancelFunc
	done   chan struct{}
}

// NewJanitor returns a Janitor that does nothing until Start.
func NewJanitor(log *Log, expirer Expirer, logger *zap.Logger) *Janitor {
	return &Janitor{log: log, expirer: expirer, zap: logger}
}

// Start launches the loop. A second call, and one after Stop, does nothing.
func (j *Janitor) Start(ctx context.Context) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.done != nil {
		return nil
	}
	life, cancel := context.WithCancel(context.WithoutCancel(ctx))
	j.cancel, j.done = cancel, make(chan struct{})
	go j.run(life, j.done)
	return nil
}

// Stop ends the loop and returns when it has ended, or with the context's error
// before that.
func (j *Janitor) Stop(ctx context.Context) error {
	j.mu.Lock()
	if j.done == nil { // never started: nothing may start later
		j.cancel, j.done = func() {}, make(chan struct{})
		close(j.done)
	}
	cancel, done := j.cancel, j.done
	j.mu.Unlock()

	cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop janitor: files are still being removed: %w", ctx.Err())
	}
}

func (j *Janitor) run(ctx context.Context, done chan<- struct{}) {
	defer close(done)
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
	ctx, cancel := context.WithTimeout(ctx, passTimeout)
	defer cancel()
	removed, err := j.sweep(ctx)
	if err == nil {
		err = j.expirer.Prune(ctx, time.Now())
	}
	if removed > 0 {
		j.zap.Info("removed runs whose retention is over", zap.Int("runs", removed))
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		j.zap.Error("removing old runs failed, trying again later", zap.Duration("after", nextPass), zap.Error(err))
	}
}

func (j *Janitor) sweep(ctx context.Context) (removed int, err error) {
	for {
		runs, err := j.expirer.Expired(ctx, time.Now(), batch)
		if err != nil || len(runs) == 0 {
			return removed, err
		}
		gone, failed := j.log.removeAll(ctx, runs)
		if len(gone) > 0 {
			err = j.expirer.Forget(ctx, gone)
		}
		if err = errors.Join(failed, err); err != nil {
			return removed, err
		}
		removed += len(gone)
	}
}

// removeAll removes the files of runs and tells whose are gone.
func (l *Log) removeAll(ctx context.Context, runs []Expired) (gone []string, err error) {
	for _, run := range runs {
		if ctx.Err() != nil {
			return gone, errors.Join(err, ctx.Err())
		}
		if e := l.Remove(run); e != nil {
			err = errors.Join(err, fmt.Errorf("run %s: %w", run.ID, e))
			continue
		}
		gone = append(gone, run.ID)
	}
	return gone, err
}

// Remove removes the files of a run. Directories that are gone already are fine;
// one that does not lie in the roots is left alone: it is not ours.
func (l *Log) Remove(run Expired) error {
	return errors.Join(
		l.removeDir(l.options.LogDir, run.LogDir),
		l.removeDir(l.options.WorkDir, run.WorkDir),
	)
}

func (l *Log) removeDir(root, dir string) error {
	if dir == "" || !inside(root, dir) {
		return nil
	}
	rel, err := filepath.Rel(root, dir)
	if err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return l.bounded("remove", dir, func() error {
		// A root that cannot be left, whatever links a step has put there.
		r, err := os.OpenRoot(root)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer r.Close() //nolint:errcheck // nothing was written to it
		return r.RemoveAll(rel)
	})
}
