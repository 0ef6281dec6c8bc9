package scheduler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"dagu/modules/fault"
	"dagu/modules/store"
)

// passTimeout bounds one look for dead processes with all that it ends.
const passTimeout = 30 * time.Second

// Dead finds processes that died.
type Dead interface {
	// DeadOwners lists the processes that died, each locked against other finders.
	DeadOwners(ctx context.Context) ([]store.DeadOwner, error)
}

// Recover closes the runs of processes that died, as a scheduler does again and
// again. It is for commands that meet such a run while no scheduler lives. The
// error tells what could not be closed.
func Recover(ctx context.Context, st Dead, leftovers Leftovers, log *zap.Logger) error {
	return (&recoverer{store: st, leftovers: leftovers, log: log}).pass(ctx)
}

// recoverer closes the runs of processes that died.
type recoverer struct {
	store     Dead
	leftovers Leftovers
	log       *zap.Logger
	metrics   *Metrics
	failing   bool
}

func (r *recoverer) run(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			r.runOnce(ctx)
		}
	}
}

// runOnce closes what can be closed; the rest is left for the next time.
func (r *recoverer) runOnce(ctx context.Context) { r.report(r.pass(ctx)) }

func (r *recoverer) pass(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, passTimeout)
	defer cancel()
	owners, err := r.store.DeadOwners(ctx)
	for _, owner := range owners {
		if e := r.closeOwner(ctx, owner); e != nil {
			err = errors.Join(err, fmt.Errorf("owner %s: %w", owner.Owner().ID, e))
		}
	}
	return err
}

// closeOwner ends what is left of an owner's processes, and only then its runs.
func (r *recoverer) closeOwner(ctx context.Context, owner store.DeadOwner) error {
	if err := r.closeRuns(ctx, owner); err != nil {
		owner.Unlock()
		return err
	}
	return owner.Release()
}

func (r *recoverer) closeRuns(ctx context.Context, owner store.DeadOwner) error {
	runs, err := owner.Runs(ctx)
	if err != nil || len(runs) == 0 {
		return err
	}
	if owner.Foreign() {
		await(ctx, foreignGrace)
	}
	if err = r.leftovers.EndLeftovers(ctx, runs); err != nil {
		return err
	}
	fault.At("scheduler.close")
	requeued, lost, err := owner.Close(ctx)
	if err != nil {
		return err
	}
	r.metrics.recovered(len(lost), len(requeued))
	r.tell(owner.Owner(), requeued, lost)
	return nil
}

// foreignGrace is how long the processes of an owner in another PID namespace are given
// to be gone. They cannot be seen from here; the kernel kills them with the first
// process of the namespace, and that has let go of its lock just before
// (pid_namespaces(7)).
const foreignGrace = 500 * time.Millisecond

func await(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (r *recoverer) tell(owner store.Owner, requeued, lost []store.Run) {
	r.log.Warn("a process died with open runs", zap.String("owner", owner.ID), zap.String("host", owner.Host),
		zap.Int("pid", owner.PID), zap.Int("lost", len(lost)), zap.Int("requeued", len(requeued)))
	for _, run := range lost {
		r.log.Warn("run was lost", zap.String("dag", run.DAG), zap.String("run_id", run.ID),
			zap.String("status", string(run.Status)), zap.String("reason", string(run.Reason)))
	}
}

// report logs when closing runs begins to fail and when it works again.
func (r *recoverer) report(err error) {
	switch {
	case err != nil && !r.failing:
		r.log.Error("closing the runs of dead processes fails, trying again", zap.Error(err))
		r.failing = true
	case err == nil && r.failing:
		r.log.Info("closing the runs of dead processes works again")
		r.failing = false
	}
}
