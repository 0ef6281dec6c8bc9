package cmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dagu/app"
	"dagu/modules/store"
)

// triggers are the causes that a caller can name.
func triggers() []string {
	return []string{
		string(store.TriggerManual), string(store.TriggerScheduler), string(store.TriggerWebhook),
		string(store.TriggerSubDAG), string(store.TriggerRetry), string(store.TriggerCatchup),
	}
}

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
	trigger := c.Flags().String("trigger-type", string(store.TriggerManual), "what caused the run: "+strings.Join(triggers(), ", "))
	due := c.Flags().String("schedule-time", "", "the time for which the run was scheduled, in RFC 3339")
	complete(c, "trigger-type", triggers()...)
	noCompletion(c, "schedule-time")
	f := addForegroundFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		if err := oneOf(*trigger, triggers()); err != nil {
			return fmt.Errorf("--trigger-type: %w", err)
		}
		at, err := scheduleTime(*due)
		if err != nil {
			return err
		}
		loaded, err := load(c)
		if err != nil {
			return err
		}
		asked, err := flags.resolve(c, loaded.Config, args)
		if err != nil {
			return err
		}
		asked.run.Trigger, asked.run.Due = store.Trigger(*trigger), at
		return f.run(c, loaded, func(ctx context.Context, parts app.Foreground) (store.Run, error) {
			return asked.record(ctx, parts.Store, parts.Store.StartNow)
		})
	}
	return c
}

// scheduleTime reads --schedule-time.
func scheduleTime(word string) (time.Time, error) {
	if word == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, word)
	if err != nil {
		return at, fmt.Errorf("--schedule-time: found %q, want a time in RFC 3339, such as 2026-01-31T12:00:00Z", word)
	}
	return at, nil
}
