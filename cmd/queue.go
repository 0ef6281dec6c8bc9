package cmd

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dagu/config"
	"dagu/modules/queue"
	"dagu/modules/store"
)

func newQueue() *cobra.Command {
	c := &cobra.Command{
		Use:     "queue",
		GroupID: groupRun,
		Short:   "Show, pause and resume queues, and change their limits",
		Long: `Show queues, pause and resume them, and change their limits. Every run but one that
"dagu start", "retry" or "restart" executes at once waits in a queue until that has
a free slot: queue: in the DAG file, else a queue of the DAG's own, with one slot.
How many slots a queue has stands under queues.config in the configuration.`,
		Example: `  dagu queue list
  dagu queue show nightly
  dagu queue pause nightly
  dagu queue resume nightly
  dagu queue apply    # after an edit of config.yaml, without a restart`,
		Args: aCommand,
		RunE: helpOf,
	}
	c.AddCommand(newQueueList(), newQueueShow(), newQueuePause(), newQueueResume(), newQueueApply())
	return c
}

// queueState is a queue with the limits that it is under.
type queueState struct {
	store.Queue
	limits store.Limits
}

// queueView is a queue as JSON.
type queueView struct {
	Queue string `json:"queue"`
	// Limit is nil where there is none.
	Limit   *int       `json:"limit"`
	Running int        `json:"running"`
	Queued  int        `json:"queued"`
	Paused  bool       `json:"paused"`
	Since   *time.Time `json:"paused_at,omitempty"`
	// Oldest is how long the run that waits longest has waited.
	Oldest *float64 `json:"oldest_wait_seconds,omitempty"`
}

func (q queueState) view(now time.Time) queueView {
	v := queueView{Queue: q.Name, Running: q.Running, Queued: q.Queued, Paused: !q.Paused.IsZero()}
	if slots, limited := q.limits.Of(q.Name); limited {
		v.Limit = &slots
	}
	if v.Paused {
		v.Since = &q.Paused
	}
	if wait, ok := elapsed(q.Oldest, time.Time{}, now); ok {
		seconds := wait.Round(time.Millisecond).Seconds()
		v.Oldest = &seconds
	}
	return v
}

// readQueues reads the queues that are named in the limits in force, hold runs or
// are paused, by name, and those limits. While no scheduler has set any, they are
// those of the configuration, which the first one will set.
func readQueues(ctx context.Context, st *store.Store, loaded *config.Loaded) ([]queueState, store.Limits, error) {
	limits, err := st.Limits(ctx)
	if err != nil {
		return nil, limits, err
	}
	if limits.Generation == 0 {
		limits = queue.Limits(loaded)
	}
	held, err := st.Queues(ctx)
	if err != nil {
		return nil, limits, err
	}
	named := maps.Clone(limits.Slots)
	list := make([]queueState, 0, len(held)+len(named))
	for _, q := range held {
		delete(named, q.Name)
		list = append(list, queueState{q, limits})
	}
	for name := range named {
		list = append(list, queueState{store.Queue{Name: name}, limits})
	}
	slices.SortFunc(list, func(a, b queueState) int { return strings.Compare(a.Name, b.Name) })
	return list, limits, nil
}

// tellDifference says that the configuration has other limits than those in force.
func tellDifference(c *cobra.Command, loaded *config.Loaded, inForce store.Limits) {
	if own, others := queue.Compare(queue.Limits(loaded), inForce); own != "" {
		tell(c.ErrOrStderr(), "Warning: the configuration has other limits (%s) than are in force (%s); dagu queue apply puts its own in force",
			printable(own), printable(others))
	}
}
