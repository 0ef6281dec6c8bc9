package cmd

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/spf13/cobra"

	"dagu/modules/store"
)

const (
	// maxHistory is how many runs are listed at most.
	maxHistory = 1000
	// defaultHistory and defaultLast are --limit and --last when they are not given.
	defaultHistory = 100
	defaultLast    = 30 * 24 * time.Hour
	// maxParams is the width of the table's column of parameters.
	maxParams = 60
)

// statuses are the states of runs.
func statuses() []string {
	return []string{
		string(store.StatusQueued), string(store.StatusRunning), string(store.StatusSucceeded),
		string(store.StatusPartiallySucceeded), string(store.StatusFailed), string(store.StatusAborted),
	}
}

type historyFlags struct {
	idPart   string
	statuses []string
	labels   []string
	period   period
	limit    int
	format   *format
}

func newHistory() *cobra.Command {
	c := &cobra.Command{
		Use:     "history [DAG]",
		GroupID: groupLook,
		Short:   "List runs, newest first",
		Long: `List the runs of a DAG, or of all DAGs, newest first: those of the last 30 days,
unless --last, or --from and --to, say otherwise. Times without a zone are UTC; a
day as --to includes that day. Several statuses select runs in any of them,
several labels those that have all.`,
		Example: `  dagu history
  dagu history etl --status failed --last 7d
  dagu history --labels team=core --from 2026-01-01 --to 2026-01-31
  dagu history --format json --limit 1000 | jq -r '.[] | select(.duration_seconds > 60) | .run_id'
  dagu history etl --format csv > etl.csv`,
		Args:              atMostOneDAG,
		ValidArgsFunction: completeRecorded,
	}
	var h historyFlags
	c.Flags().StringVarP(&h.idPart, "run-id", "r", "", "only runs whose id contains this")
	c.Flags().StringSliceVar(&h.statuses, "status", nil, "only runs in these states: "+strings.Join(statuses(), ", "))
	c.Flags().StringSliceVar(&h.labels, "labels", nil, "only runs with all of these labels, such as nightly or team=core")
	c.Flags().StringVar(&h.period.from, "from", "", "only runs from this time on: 2026-01-31, 2026-01-31T12:00:00, or RFC 3339")
	c.Flags().StringVar(&h.period.to, "to", "", "only runs up to this time")
	c.Flags().StringVar(&h.period.last, "last", "", "only runs of this time up to now, such as 12h, 7d or 2w (default 30d)")
	c.Flags().IntVar(&h.limit, "limit", defaultHistory, fmt.Sprintf("at most this many runs, up to %d", maxHistory))
	completeBy(c, "run-id", completeRun())
	complete(c, "status", statuses()...)
	noCompletion(c, "labels", "from", "to", "last", "limit")
	h.format = formatFlag(c, formatTable, formatJSON, formatCSV)
	c.RunE = func(c *cobra.Command, args []string) error {
		filter, err := h.filter(c, time.Now())
		if err != nil {
			return err
		}
		loaded, err := load(c)
		if err != nil {
			return err
		}
		n := named{}
		if len(args) > 0 {
			if n, err = nameOf(loaded.Config, args[0]); err != nil {
				return err
			}
			filter.DAG = n.name
		}
		return withStore(c, loaded, func(ctx context.Context, st *store.Store) error {
			runs, err := st.Runs(ctx, filter)
			if err != nil {
				return err
			}
			if len(runs) == 0 {
				tellNoRuns(c, n.name, n.unknown(ctx, st))
			}
			return h.print(c.OutOrStdout(), runs)
		})
	}
	return c
}

// tellNoRuns says that nothing was found, and why that may be.
func tellNoRuns(c *cobra.Command, name string, why error) {
	line := "No DAG runs found"
	if name != "" {
		line += " for " + name
	}
	if why != nil {
		line += ": " + why.Error()
	}
	tell(c.ErrOrStderr(), "%s", line)
}

// filter is what the flags select.
func (h *historyFlags) filter(c *cobra.Command, now time.Time) (store.Filter, error) {
	f := store.Filter{IDPart: h.idPart, Limit: h.limit}
	for _, word := range h.statuses {
		if err := oneOf(word, statuses()); err != nil {
			return f, fmt.Errorf("--status: %w", err)
		}
		f.Statuses = append(f.Statuses, store.Status(word))
	}
	var err error
	if f.Labels, err = cleanLabels(h.labels); err != nil {
		return f, fmt.Errorf("--labels: %w", err)
	}
	if f.From, f.To, err = h.period.bounds(now); err != nil {
		return f, err
	}
	if h.limit < 1 {
		return f, fmt.Errorf("--limit: found %d, want a number from 1 to %d", h.limit, maxHistory)
	}
	if f.Limit = min(h.limit, maxHistory); f.Limit < h.limit {
		tell(c.ErrOrStderr(), "Warning: --limit %d: only the newest %d runs are listed", h.limit, f.Limit)
	}
	return f, nil
}

func (h *historyFlags) print(w io.Writer, runs []store.Run) error {
	switch {
	case h.format.value == formatJSON:
		return printJSON(w, infosOf(runs))
	case h.format.value == formatCSV:
		return printCSV(w, runs)
	case len(runs) == 0:
		return nil
	default:
		return printHistory(w, runs)
	}
}

func printHistory(w io.Writer, runs []store.Run) error {
	paint, now := paintFor(w), time.Now()
	t := newTable("DAG NAME", "RUN ID", "STATUS", "STARTED (UTC)", "DURATION", "PARAMS")
	for _, run := range runs {
		took := "-"
		if d, ok := elapsed(run.Started, run.Finished, now); ok {
			took = span(d)
		}
		t.AppendRow([]any{
			run.DAG, run.ID, paint.status(string(run.Status)) + tries(run), clock(run.Started), took,
			text.Snip(quoted(run.Params), maxParams, "…"),
		})
	}
	_, err := fmt.Fprintln(w, t.Render())
	return err
}

// tries tells of the attempts of a run, where there is more than the first.
func tries(run store.Run) string {
	switch {
	case run.Waiting():
		return fmt.Sprintf(", attempt %d from %s on", run.Attempt+1, clock(run.NotBefore))
	case run.Attempt > 1:
		return fmt.Sprintf(", attempt %d", run.Attempt)
	default:
		return ""
	}
}

// printCSV prints the keys of the JSON form.
func printCSV(w io.Writer, runs []store.Run) error {
	out := csv.NewWriter(w)
	rows := [][]string{{
		"dag", "run_id", "status", "reason", "attempt", "trigger", "scheduled_at", "queued_at", "started_at", "finished_at", "next_try_at",
		"duration_seconds", "params", "labels", "error",
	}}
	for _, run := range runs {
		info := infoOf(run, nil)
		took := ""
		if info.Seconds != nil {
			took = strconv.FormatFloat(*info.Seconds, 'f', 3, 64)
		}
		rows = append(rows, []string{
			info.DAG, info.RunID, info.Status, info.Reason, strconv.Itoa(info.Attempt), info.Trigger, stamp(info.ScheduledAt),
			stamp(info.QueuedAt), stamp(info.StartedAt), stamp(info.FinishedAt), stamp(info.NextTryAt), took, quoted(run.Params), strings.Join(run.Labels, " "), info.Error,
		})
	}
	return out.WriteAll(rows)
}

func stamp(at *time.Time) string {
	if at == nil {
		return ""
	}
	return at.Format(time.RFC3339)
}
