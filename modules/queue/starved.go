package queue

import (
	"context"
	"fmt"
	"sync"
	"time"

	"dagu/modules/store"
)

const (
	// starvedPeriod is the time between two looks, and maxWait the number of looks that
	// a run may be found admissible in a row.
	starvedPeriod = time.Second
	maxWait       = 30
	// watched bounds the runs that are followed: of many that starve, some are enough.
	watched = 64
)

// Starved finds runs that wait although admission could take them. A backlog
// without a free slot, or in a paused queue, starves nobody, and neither does a retry
// that is not due.
type Starved struct {
	queue *Queue
	find  func(ctx context.Context, a store.Admission) ([]int64, error)

	changes func() uint64
	retry   func(ctx context.Context) (time.Duration, error)

	mu    sync.Mutex // one look at a time
	turn  int
	idle  uint64        // the count of changes at which nothing was to be admitted; 0 is none
	since map[int64]int // the turn in which a run was first found, in a row
}

// Admissible is what the check needs of the store.
type Admissible interface {
	// Admissible tells which runs could be admitted now, by numbers that stay theirs.
	Admissible(ctx context.Context, a store.Admission) ([]int64, error)
	// Changes counts the commits of all processes, those that are known of.
	Changes() uint64
	// NextRetry is the time until the next run that waits for its time; 0 is none.
	NextRetry(ctx context.Context) (time.Duration, error)
}

// NewStarved returns a check that looks about once a second.
func NewStarved(q *Queue, s Admissible) *Starved {
	return &Starved{queue: q, find: s.Admissible, changes: s.Changes, retry: s.NextRetry, since: make(map[int64]int)}
}

// Look returns an error when a run could have been admitted for 30 looks.
func (s *Starved) Look(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turn++
	changes := s.changes()
	if changes == s.idle {
		return nil // nobody has queued a run, or freed a slot, and no run waits for its time
	}
	free := min(s.queue.options.MaxActive-s.queue.Active(), watched)
	retry, err := s.retry(ctx)
	if err != nil {
		return err
	}
	runs, err := s.find(ctx, store.Admission{Free: free})
	if err != nil {
		return err
	}
	s.idle = 0
	if len(runs) == 0 && free > 0 && retry == 0 {
		s.idle = changes
	}
	before := s.since
	s.since = make(map[int64]int, len(runs))
	longest := 0
	for _, run := range runs {
		since, known := before[run]
		if !known {
			since = s.turn
		}
		s.since[run] = since
		longest = max(longest, s.turn-since)
	}
	if longest >= maxWait {
		return fmt.Errorf("a queued run could be admitted for %s and is not; there are %d such runs, or more",
			time.Duration(longest)*starvedPeriod, len(runs))
	}
	return nil
}
