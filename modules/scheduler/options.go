package scheduler

import (
	"context"
	"fmt"
	"time"

	"dagu/modules/catalog"
	"dagu/modules/fault"
	"dagu/modules/store"
)

// Wall tells the wall-clock time.
type Wall func() time.Time

// Options configure a Scheduler.
type Options struct {
	// Wall tells the time that schedules follow; nil is time.Now. It is the one
	// hook by which a test steps the clock.
	Wall Wall
	// Dir is the directory of the catalog's DAGs, as the catalog records their files.
	Dir string
	// MisfireThreshold is how old a due time may be and still be started; above 0.
	MisfireThreshold time.Duration
	// RecoverInterval is the time between two looks for dead processes; 0 is 2 s.
	RecoverInterval time.Duration
	// Died is called once when the loop ends without having been stopped; nil does nothing.
	Died func(error)
	// Metrics are counted in; nil counts nothing.
	Metrics *Metrics
}

func (o Options) complete() (Options, error) {
	if o.MisfireThreshold <= 0 {
		return o, fmt.Errorf("scheduler: MisfireThreshold is %v, want more than 0", o.MisfireThreshold)
	}
	if o.RecoverInterval < 0 {
		return o, fmt.Errorf("scheduler: RecoverInterval is %v, want at least 0", o.RecoverInterval)
	}
	if o.RecoverInterval == 0 {
		o.RecoverInterval = 2 * time.Second
	}
	if o.Wall == nil {
		o.Wall = fault.Now
	}
	if o.Died == nil {
		o.Died = func(error) {}
	}
	return o, nil
}

// Catalog is what the scheduler needs of the DAG directory.
type Catalog interface {
	// Since lists the DAGs that changed, and the names that went, after a generation.
	Since(gen uint64) (changed []catalog.Entry, removed []string, next uint64)
	// Snapshot lists all DAGs; it must not be changed.
	Snapshot() []catalog.Entry
	// Subscribe returns a channel that holds a value after a change, and its end.
	Subscribe() (<-chan struct{}, func())
}

// Store is what the scheduler needs of the store.
type Store interface {
	// ActiveSchedules names the DAGs that had schedules when last seen.
	ActiveSchedules(ctx context.Context) ([]string, error)
	// GoneSchedules lists schedules that will not come back as the same, with the gap
	// from the mark until they went.
	GoneSchedules(ctx context.Context, now time.Time) ([]store.Mark, error)
	// Elsewhere names the DAGs that have a file in another directory, which another
	// scheduler that lives may follow.
	Elsewhere(ctx context.Context, dir string) ([]string, error)
	// SyncSchedules records the schedules that DAGs have now and returns their marks.
	SyncSchedules(ctx context.Context, sets []store.ScheduleSet, now time.Time) ([]store.Mark, error)
	// Reopen takes marks that lie ahead of now back, though never past a fired due time.
	Reopen(ctx context.Context, now time.Time) (int, error)
	// Decide records the outcome of due times, asking judge in the same transaction.
	Decide(ctx context.Context, batch []store.Candidate, judge func(i int, s store.State) store.Verdict) ([]store.Decision, error)
	// Marks reads how far the schedules that the DAGs have now are decided.
	Marks(ctx context.Context, dags []string) ([]store.Mark, error)
	// DeadOwners lists the processes that died, each locked against other finders.
	DeadOwners(ctx context.Context) ([]store.DeadOwner, error)
}

// Leftovers ends what dead processes left running.
type Leftovers interface {
	// EndLeftovers kills every process of the runs and returns when none is left.
	EndLeftovers(ctx context.Context, runs []store.Run) error
}

// Pulse is touched on every turn of the loop.
type Pulse interface {
	// Beat tells that the loop turns, and what it is about to do.
	Beat(doing string)
}
