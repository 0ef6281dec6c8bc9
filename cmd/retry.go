package cmd

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"dagu/app"
	"dagu/modules/store"
)

func newRetry() *cobra.Command {
	c := &cobra.Command{
		Use:     "retry DAG --run-id ID",
		GroupID: groupRun,
		Short:   "Run the failed and unfinished steps of a run again",
		Long: `Make another attempt of a run that is over, in this process and outside of queue
limits: steps that succeeded or were skipped stay as they are, all others run
again. The run keeps its id, its parameters, its default working directory and the
text that it was started with.
Exit codes and signals are those of "dagu start".`,
		Example: `  dagu retry etl --run-id nightly-7
  dagu retry etl --run-id "$(dagu history etl --status failed --limit 1 --format json | jq -r '.[0].run_id')"`,
		Args:              oneDAG,
		ValidArgsFunction: completeDAG,
	}
	id := c.Flags().StringP("run-id", "r", "", "id of the run")
	completeBy(c, "run-id", completeRun(store.StatusFailed, store.StatusAborted, store.StatusPartiallySucceeded, store.StatusSucceeded))
	f := addForegroundFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if *id == "" {
			return fmt.Errorf("name the run with --run-id; dagu history %s lists the runs", args[0])
		}
		loaded, n, err := loadNamed(c, args[0])
		if err != nil {
			return err
		}
		return f.run(c, loaded, func(ctx context.Context, parts app.Foreground) (store.Run, error) {
			run, err := n.run(ctx, parts.Store, *id)
			if err != nil {
				return store.Run{}, err
			}
			retried, err := parts.Store.Retry(ctx, run.ID)
			if errors.Is(err, store.ErrOpen) {
				err = fmt.Errorf("run %s of %s is not over; to end it: dagu stop %s --run-id %s", run.ID, run.DAG, run.DAG, run.ID)
			}
			return retried, err
		})
	}
	return c
}
