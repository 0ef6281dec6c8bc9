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
		Long: `Make another attempt of a run that is over, or that waits for a retry of its policy,
in this process and outside of queue limits: steps that succeeded or were skipped
stay as they are, all others run again. The run keeps its id, its parameters, its
default working directory and the text that it was started with.

With --step that step alone runs again, whatever became of it and of those that it
depends on; with --downstream so do all steps that depend on it, directly or not, as
far as what they depend on lets them. Every other step keeps its recorded result, and
counts for that of the run. Handlers run in every attempt. An attempt with --step is
not followed by retries of the run's policy.

Exit codes and signals are those of "dagu start".`,
		Example: `  dagu retry etl --run-id nightly-7
  dagu retry etl --run-id nightly-7 --step transform
  dagu retry etl --run-id nightly-7 --step transform --downstream
  dagu retry etl --run-id "$(dagu history etl --status failed --limit 1 --format json | jq -r '.[0].run_id')"`,
		Args:              oneDAG,
		ValidArgsFunction: completeRecorded,
	}
	id := c.Flags().StringP("run-id", "r", "", "id of the run")
	completeBy(c, "run-id", completeRun(store.StatusFailed, store.StatusAborted, store.StatusPartiallySucceeded, store.StatusSucceeded))
	var steps stepFlags
	c.Flags().StringVar(&steps.name, "step", "", "run this step again, and no other")
	c.Flags().BoolVar(&steps.downstream, "downstream", false, "with --step: and all steps that depend on it")
	completeBy(c, "step", completeStep)
	f := addForegroundFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if *id == "" {
			return fmt.Errorf("name the run with --run-id; dagu history %s lists the runs", args[0])
		}
		if steps.downstream && steps.name == "" {
			return errors.New("--downstream needs --step: name the step that the others depend on")
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
			only, err := steps.choose(ctx, parts.Store, run)
			if err != nil {
				return store.Run{}, err
			}
			retried, err := parts.Store.Retry(ctx, run.ID, only...)
			return retried, refused(err, run)
		})
	}
	return c
}

// refused tells what can be done about a run that gets no other attempt.
func refused(err error, run store.Run) error {
	switch {
	case errors.Is(err, store.ErrInside):
		return fmt.Errorf("run %s of %s is part of run %s: another attempt of that makes one of it", run.ID, run.DAG, run.Parent)
	case errors.Is(err, store.ErrOpen):
		return fmt.Errorf("run %s of %s is not over; to end it: dagu stop %s --run-id %s", run.ID, run.DAG, run.DAG, run.ID)
	}
	return err
}
