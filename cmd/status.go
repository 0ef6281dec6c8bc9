package cmd

import (
	"context"
	"errors"
	"fmt"

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
no such run.`,
		Example: `  dagu status etl
  dagu status ./etl.yaml --run-id nightly-7
  dagu status etl --format json | jq -r '.steps[] | select(.status == "failed") | .stderr'`,
		Args:              oneDAG,
		ValidArgsFunction: completeDAG,
	}
	id := c.Flags().StringP("run-id", "r", "", "id of the run (default: the newest)")
	sub := c.Flags().String("sub-run-id", "", "id of a sub-run of the run that --run-id names; this version starts none")
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
			if c.Flags().Changed("run-id") {
				run, err = n.run(ctx, st, *id)
			} else {
				run, err = n.newest(ctx, st)
			}
			if err != nil {
				return err
			}
			if ofSub {
				return fmt.Errorf("run %s of %s has no sub-run %s", run.ID, run.DAG, *sub)
			}
			steps, err := st.Steps(ctx, run.ID, run.Attempt)
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
			return printRun(c, f, run, steps, of)
		})
	}
	return c
}

// printRun prints a run in the chosen format.
func printRun(c *cobra.Command, f *format, run store.Run, steps []store.Step, of part) error {
	if f.value == formatJSON {
		return printJSON(c.OutOrStdout(), struct {
			web.RunView
			Lost bool `json:"process_lost,omitempty"`
		}{infoOf(run, steps), of.lost})
	}
	return printTree(c.OutOrStdout(), run, steps, of)
}
