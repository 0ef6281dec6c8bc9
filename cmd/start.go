package cmd

import (
	"context"

	"github.com/spf13/cobra"

	"dagu/app"
	"dagu/modules/store"
)

func newStart() *cobra.Command {
	c := &cobra.Command{
		Use:     "start DAG [-- PARAM...]",
		GroupID: groupRun,
		Short:   "Run a DAG now, in this process",
		Long: `Run a DAG now, in this process and outside of queue limits, and wait for its end.
DAG is a path, or a name in the DAG directory. The run is recorded like any other.
With --from-run-id it is another run of what a recorded run executed, whatever has
become of the file since: the same text, parameters, queue, priority and labels.

Exit code 0: the run succeeded, succeeded in part, or its precondition was not met;
1: it failed or was stopped; 130: a signal stopped it. The first SIGINT, SIGTERM
or SIGHUP stops the run as "dagu stop" does, a second kills what runs.`,
		Example: `  dagu start etl
  dagu start ./etl.yaml -- day=Mon 3
  dagu start etl --params 'day=Mon 3' --run-id monday --labels manual
  dagu start etl --from-run-id monday --labels again
  dagu start etl --default-working-dir "$PWD"
  dagu start etl --quiet && echo done
  dagu start etl --format json | jq -r .status`,
		Args:              dagThenParams,
		ValidArgsFunction: completeDAG,
	}
	flags := addNewRunFlags(c)
	f := addForegroundFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		loaded, err := load(c)
		if err != nil {
			return err
		}
		asked, err := flags.resolve(c, loaded.Config, args)
		if err != nil {
			return err
		}
		return f.run(c, loaded, func(ctx context.Context, parts app.Foreground) (store.Run, error) {
			return asked.record(ctx, parts.Store, parts.Store.StartNow)
		})
	}
	return c
}
