package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"dagu/modules/queue"
	"dagu/modules/store"
)

func newQueueList() *cobra.Command {
	c := &cobra.Command{
		Use:   "list",
		Short: "List queues with their limits and what they hold",
		Long: `List the queues that the configuration names, those that hold runs, and those that
are paused. A DAG's own queue that is idle is not listed. A run that was started at
once, by "dagu start", counts in no queue.`,
		Example: `  dagu queue list
  dagu queue list --format json | jq -r '.[] | select(.oldest_wait_seconds > 600) | .queue'`,
		Args: noArguments,
	}
	f := formatFlag(c, formatTable, formatJSON)
	c.RunE = func(c *cobra.Command, _ []string) error {
		loaded, err := load(c)
		if err != nil {
			return err
		}
		return withStore(c, loaded, func(ctx context.Context, st *store.Store) error {
			list, limits, err := readQueues(ctx, st, loaded)
			if err != nil {
				return err
			}
			tellDifference(c, loaded, limits)
			return printQueues(c, f, list)
		})
	}
	return c
}

func printQueues(c *cobra.Command, f *format, list []queueState) error {
	now := time.Now()
	if f.value == formatJSON {
		views := make([]queueView, len(list))
		for i, q := range list {
			views[i] = q.view(now)
		}
		return printJSON(c.OutOrStdout(), views)
	}
	if len(list) == 0 {
		tell(c.ErrOrStderr(), "No queue is named in the configuration, holds a run or is paused")
		return nil
	}
	t := newTable("QUEUE", "LIMIT", "RUNNING", "QUEUED", "PAUSED SINCE (UTC)", "OLDEST WAIT")
	for _, q := range list {
		t.AppendRow([]any{printable(q.Name), queue.Slots(q.limits, q.Name), q.Running, q.Queued, clock(q.Paused), waited(q.Oldest, time.Time{}, now)})
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), t.Render())
	return err
}

// waited is how long a run waited, or has waited; "-" when there is none.
func waited(since, admitted, now time.Time) string {
	if d, ok := elapsed(since, admitted, now); ok {
		return span(d)
	}
	return "-"
}
