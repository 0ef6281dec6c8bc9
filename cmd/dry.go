package cmd

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"dagu/app"
	"dagu/modules/catalog"
	"dagu/modules/store"
)

func newDry() *cobra.Command {
	c := &cobra.Command{
		Use:     "dry DAG [-- PARAM...]",
		GroupID: groupRun,
		Short:   "Show what a run of a DAG would do, without running a step",
		Long: `Load a DAG as "dagu start" does, bind its parameters, and check its preconditions;
then show the steps in the order in which they would run, as if each succeeded: what
each waits for, which may run with it at once, and its texts with the values that are
known before the first step. No step and no handler runs, and nothing is recorded.
What dynamic parameters and preconditions execute is executed.`,
		Example: `  dagu dry etl
  dagu dry ./etl.yaml -- day=Mon 3`,
		Args:              dagThenParams,
		ValidArgsFunction: completeDAG,
	}
	flags := &newRunFlags{}
	addParamFlags(c, flags)
	f := formatFlag(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		loaded, err := load(c)
		if err != nil {
			return err
		}
		t, err := loadTarget(loaded.Config, args[0], flags.name)
		if err != nil {
			return err
		}
		n := catalog.NewRun(t.dag, uuid.NewString(), store.TriggerManual)
		if n.Params, err = flags.words(t, args); err != nil {
			return err
		}
		return app.InForeground(c.Context(), loaded, c.ErrOrStderr(), func(ctx context.Context, parts app.Foreground) error {
			run, steps, err := parts.Runner.Dry(ctx, t.dag, n)
			if err != nil {
				return err
			}
			shown := plan{dag: t.dag, run: run, steps: steps, now: time.Now()}
			if err := shown.print(c, f); err != nil {
				return err
			}
			return failure(run)
		})
	}
	return c
}
