package cmd

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"dagu/modules/queue"
	"dagu/modules/store"
	"dagu/modules/web"
)

const (
	// defaultWaiting is --limit when it is not given, and maxWaiting the most that it can be.
	defaultWaiting = 100
	maxWaiting     = 10_000
)

func newQueueShow() *cobra.Command {
	c := &cobra.Command{
		Use:   "show QUEUE",
		Short: "Show a queue with its runs, in the order of admission",
		Long: `Show a queue with the runs that have its slots, and behind them those that wait, in
the order in which they will be admitted: by priority, then by due time or else the
time of queueing. One that is to be tried again at a later time is last. WAIT is the
time from queueing, or for a retry from its time on, to admission or now.`,
		Example: `  dagu queue show nightly
  dagu queue show nightly --limit 5
  dagu queue show nightly --format json | jq -r '.runs[] | select(.position) | .run_id'`,
		Args:              oneQueue,
		ValidArgsFunction: completeQueue(anyQueue),
	}
	limit := c.Flags().Int("limit", defaultWaiting, fmt.Sprintf("at most this many of the runs that wait, up to %d", maxWaiting))
	noCompletion(c, "limit")
	f := formatFlag(c, formatTable, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		if *limit < 1 || *limit > maxWaiting {
			return fmt.Errorf("--limit: found %d, want a number from 1 to %d", *limit, maxWaiting)
		}
		loaded, err := load(c)
		if err != nil {
			return err
		}
		return withStore(c, loaded, func(ctx context.Context, st *store.Store) error {
			q, err := findQueue(ctx, st, loaded, args[0])
			if err != nil {
				return err
			}
			runs, err := st.QueueRuns(ctx, q.Name, *limit)
			if err != nil {
				return err
			}
			tellDifference(c, loaded, q.limits)
			return printQueue(c, f, q, runs)
		})
	}
	return c
}

// queuedView is a run in its queue as JSON.
type queuedView struct {
	// Position is 1 for the run that is admitted next; 0, and left out, for one that
	// runs, or whose time has not come.
	Position int     `json:"position,omitempty"`
	Wait     float64 `json:"wait_seconds"`
	web.RunView
}

func printQueue(c *cobra.Command, f *format, q queueState, runs []store.Run) error {
	now := time.Now()
	waiting := 0
	views := make([]queuedView, len(runs))
	for i, run := range runs {
		wait, _ := elapsed(run.Since(), run.Started, now)
		views[i] = queuedView{Wait: wait.Round(time.Millisecond).Seconds(), RunView: infoOf(run, nil)}
		if run.Status != store.StatusQueued {
			continue
		}
		if waiting++; !run.NotBefore.After(now) {
			views[i].Position = waiting
		}
	}
	if f.value == formatJSON {
		return printJSON(c.OutOrStdout(), struct {
			queueView
			Runs []queuedView `json:"runs"`
		}{q.view(now), views})
	}
	if err := printQueueTable(c.OutOrStdout(), q, runs, views); err != nil {
		return err
	}
	if more := q.Queued - waiting; more > 0 {
		tell(c.ErrOrStderr(), "%d more wait; --limit shows more of them", more)
	}
	return nil
}

// later is the time if it is still to come.
func later(at, now time.Time) time.Time {
	if at.After(now) {
		return at
	}
	return time.Time{}
}

func printQueueTable(w io.Writer, q queueState, runs []store.Run, views []queuedView) error {
	now, colours := time.Now(), paintFor(w)
	tell(w, "%s", printable(q.Name))
	tell(w, "  limit    %s", queue.Slots(q.limits, q.Name))
	tell(w, "  running  %d", q.Running)
	tell(w, "  queued   %d", q.Queued)
	if !q.Paused.IsZero() {
		tell(w, "  paused   since %s UTC", clock(q.Paused))
	}
	if len(runs) == 0 {
		return nil
	}
	t := newTable("#", "DAG NAME", "RUN ID", "STATUS", "TRIGGER", "PRIORITY", "QUEUED (UTC)", "NOT BEFORE (UTC)", "WAIT")
	for i, run := range runs {
		position := "-"
		if n := views[i].Position; n > 0 {
			position = fmt.Sprint(n)
		}
		t.AppendRow([]any{
			position, run.DAG, run.ID, colours.status(string(run.Status)), run.Trigger, run.Priority,
			clock(run.Queued), clock(later(run.NotBefore, now)), waited(run.Since(), run.Started, now),
		})
	}
	_, err := fmt.Fprintf(w, "\n%s\n", t.Render())
	return err
}
