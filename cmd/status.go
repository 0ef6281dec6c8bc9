package cmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"dagu/modules/store"
	"dagu/modules/web"
)

func newStatus() *cobra.Command {
	c := &cobra.Command{
		Use:     "status DAG",
		GroupID: groupLook,
		Short:   "Show a run with its steps",
		Long: `Show a run of a DAG with its steps: their statuses, durations, exit codes, errors
and log files. Without --run-id that is the newest run. Exit code 1 when there is
no such run. A step that waits for runs of other DAGs shows them; --sub-run-id shows one
of these with its own steps.`,
		Example: `  dagu status etl
  dagu status ./etl.yaml --run-id nightly-7
  dagu status etl --run-id nightly-7 --sub-run-id 3f2b8c1e-6d0a-5b7c-9e4f-8a1d2c3b4e5f
  dagu status etl --format json | jq -r '.steps[] | select(.status == "failed") | .stderr'`,
		Args:              oneDAG,
		ValidArgsFunction: completeRecorded,
	}
	id := c.Flags().StringP("run-id", "r", "", "id of the run (default: the newest)")
	sub := c.Flags().String("sub-run-id", "", "id of a run inside of the run that --run-id names: one that a step of it waits for, or a step of such a run")
	completeBy(c, "run-id", completeRun())
	noCompletion(c, "sub-run-id")
	f := formatFlag(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		ofSub := c.Flags().Changed("sub-run-id")
		if ofSub && !c.Flags().Changed("run-id") {
			return errors.New("--sub-run-id needs --run-id: name the run that it is a sub-run of")
		}
		loaded, n, err := loadNamed(c, args[0])
		if err != nil {
			return err
		}
		return withStore(c, loaded, func(ctx context.Context, st *store.Store) error {
			var run store.Run
			var err error
			switch {
			case ofSub:
				run, err = n.subRun(ctx, st, *id, *sub)
			case c.Flags().Changed("run-id"):
				run, err = n.run(ctx, st, *id)
			default:
				run, err = n.newest(ctx, st)
			}
			if err != nil {
				return err
			}
			of := part{failure: true}
			if run.Status == store.StatusRunning {
				alive, err := st.OwnerAlive(run.Owner)
				if err != nil {
					return err
				}
				of.lost = !alive
			}
			return f.printRun(c, st, run, of)
		})
	}
	return c
}

// subRun finds a run inside of one of the DAG, directly or not.
func (n named) subRun(ctx context.Context, st *store.Store, id, sub string) (store.Run, error) {
	run, err := n.run(ctx, st, id)
	if err != nil {
		return run, err
	}
	inside, err := st.Within(ctx, run.ID, sub)
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("run %s of %s has no sub-run %s", run.ID, run.DAG, sub)
	}
	return inside, err
}

// printRun prints a recorded run in the chosen format.
func (f *format) printRun(c *cobra.Command, st *store.Store, run store.Run, of part) error {
	ctx := c.Context()
	steps, err := st.Steps(ctx, run.ID, run.Attempt)
	if err != nil {
		return err
	}
	if of.inside, err = st.Children(ctx, run.ID); err != nil {
		return err
	}
	return f.printSteps(c, run, steps, of)
}

// printSteps prints a run with its steps in the chosen format.
func (f *format) printSteps(c *cobra.Command, run store.Run, steps []store.Step, of part) error {
	if f.value == formatJSON {
		info := infoOf(run, steps)
		info.AddSubRuns(steps, of.inside, time.Now())
		return printJSON(c.OutOrStdout(), struct {
			web.RunView
			Lost bool `json:"process_lost,omitempty"`
		}{info, of.lost})
	}
	return printTree(c.OutOrStdout(), run, steps, of)
}
