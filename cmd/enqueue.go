package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"dagu/modules/store"
	"dagu/modules/web"
)

func newEnqueue() *cobra.Command {
	c := &cobra.Command{
		Use:     "enqueue DAG [-- PARAM...]",
		GroupID: groupRun,
		Short:   "Put a run of a DAG into its queue",
		Long: `Put a run of a DAG into its queue. A scheduler on the same data directory runs it
as soon as its queue has room; while none is alive, the run waits. With --from-run-id
it is another run of what a recorded run executed, as with "dagu start".`,
		Example: `  dagu enqueue report
  dagu enqueue ./etl.yaml -- day=Mon 3
  dagu enqueue report --run-id nightly-7 --format json
  dagu enqueue report --from-run-id nightly-7`,
		Args:              dagThenParams,
		ValidArgsFunction: completeDAG,
	}
	flags := addNewRunFlags(c)
	f := formatFlag(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		loaded, err := load(c)
		if err != nil {
			return err
		}
		asked, err := flags.resolve(c, loaded.Config, args)
		if err != nil {
			return err
		}
		return withStore(c, loaded, func(ctx context.Context, st *store.Store) error {
			run, err := asked.record(ctx, st, st.Enqueue)
			if err != nil {
				return err
			}
			alive, err := st.SchedulerAlive(ctx)
			if err != nil {
				return err
			}
			return tellQueued(c, f, run, alive)
		})
	}
	return c
}

// tellQueued prints the run, and a warning when nobody is there to run it.
func tellQueued(c *cobra.Command, f *format, run store.Run, alive bool) error {
	if !alive {
		tell(c.ErrOrStderr(), "Warning: no scheduler is alive on this data directory; the run waits until one is started")
	}
	if f.value == formatJSON {
		return printJSON(c.OutOrStdout(), struct {
			web.RunView
			SchedulerAlive bool `json:"scheduler_alive"`
		}{infoOf(run, nil), alive})
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%s run %s: %s in queue %s\n", run.DAG, run.ID, run.Status, run.Queue)
	return err
}
