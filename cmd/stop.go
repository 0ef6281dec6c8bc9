package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"dagu/app"
	"dagu/modules/store"
)

func newStop() *cobra.Command {
	c := &cobra.Command{
		Use:     "stop DAG",
		GroupID: groupRun,
		Short:   "Stop the runs of a DAG",
		Long: `Stop the runs of a DAG in whichever process they run: their steps get SIGTERM, and
SIGKILL after max_clean_up_time_sec. Queued runs are aborted. Without --run-id all
open runs of the DAG are stopped. The command waits until they have ended, or with
--no-wait returns at once. Handlers still run; a further stop ends the one that does.`,
		Example: `  dagu stop etl
  dagu stop etl --run-id nightly-7
  dagu stop etl --no-wait --format json`,
		Args:              oneDAG,
		ValidArgsFunction: completeOpen,
	}
	id := c.Flags().StringP("run-id", "r", "", "stop this run only")
	completeBy(c, "run-id", completeRun(store.StatusQueued, store.StatusRunning))
	noWait := c.Flags().Bool("no-wait", false, "do not wait for the end of the runs")
	f := formatFlag(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		loaded, n, err := loadNamed(c, args[0])
		if err != nil {
			return err
		}
		return app.InForeground(c.Context(), loaded, c.ErrOrStderr(), func(ctx context.Context, parts app.Foreground) error {
			runs, err := n.open(ctx, parts.Store, *id)
			if err != nil {
				return err
			}
			if _, err = parts.Store.RequestStop(ctx, n.name, *id); err != nil {
				return err
			}
			if err = awaitEnd(ctx, parts, runs, !*noWait); err != nil {
				return err
			}
			return tellStopped(c, f, runs)
		})
	}
	return c
}

// open lists the runs that can be stopped; none is an error.
func (n named) open(ctx context.Context, st *store.Store, id string) ([]store.Run, error) {
	if id != "" {
		run, err := n.run(ctx, st, id)
		if err == nil && run.Status.Final() {
			err = fmt.Errorf("run %s of %s is over already: %s", id, n.name, run.Status)
		}
		return []store.Run{run}, err
	}
	runs, err := st.Runs(ctx, store.Filter{
		DAG: n.name, Statuses: []store.Status{store.StatusQueued, store.StatusRunning}, Limit: maxHistory,
	})
	if err == nil && len(runs) == 0 {
		err = n.nothing(ctx, st, "no run of %s is queued or running", n.name)
	}
	return runs, err
}

// awaitEnd waits, if that is wanted, for the end of runs, and brings them up to
// date. Those whose process died are closed here.
func awaitEnd(ctx context.Context, parts app.Foreground, runs []store.Run, wait bool) error {
	again := time.NewTicker(pollInterval)
	defer again.Stop()
	var recovered time.Time
	for {
		over, err := lookAgain(ctx, parts.Store, runs)
		if over || err != nil {
			return err
		}
		if time.Since(recovered) > recoverInterval {
			if err = parts.Recover(ctx); err != nil {
				return err
			}
			recovered = time.Now()
			continue
		}
		if !wait {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-again.C:
		}
	}
}

const (
	// pollInterval is the time between two looks at what another process does.
	pollInterval = 50 * time.Millisecond
	// recoverInterval is the time between two looks for processes that died.
	recoverInterval = time.Second
)

// lookAgain brings runs up to date and tells whether all are over.
func lookAgain(ctx context.Context, st *store.Store, runs []store.Run) (over bool, err error) {
	over = true
	for i := range runs {
		if runs[i].Status.Final() {
			continue
		}
		now, err := st.Run(ctx, runs[i].ID)
		if errors.Is(err, store.ErrNotFound) {
			continue // it was over, and retention was faster
		}
		if err != nil {
			return false, err
		}
		runs[i] = now
		over = over && now.Status.Final()
	}
	return over, nil
}

// tellStopped prints what became of the runs.
func tellStopped(c *cobra.Command, f *format, runs []store.Run) error {
	if f.value == formatJSON {
		return printJSON(c.OutOrStdout(), infosOf(runs))
	}
	for _, run := range runs {
		word := "stopping"
		if run.Status.Final() {
			word = string(run.Status)
		}
		if _, err := fmt.Fprintf(c.OutOrStdout(), "%s run %s: %s\n", run.DAG, run.ID, word); err != nil {
			return err
		}
	}
	return nil
}
