package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"dagu/modules/queue"
	"dagu/modules/store"
)

func newQueueApply() *cobra.Command {
	c := &cobra.Command{
		Use:   "apply",
		Short: "Put the limits of the configuration in force, without a restart",
		Long: `Put the limits of queues that the configuration has now, queues.enabled and
queues.config, in force in all schedulers on the data directory, from their next
admission on. A scheduler does the same when it starts, so the newest configuration
wins. What runs goes on, also where it is more than a limit that was lowered.`,
		Example: `  vi ~/.dagu/config.yaml && dagu queue apply
  dagu queue apply --format json | jq .changed`,
		Args: noArguments,
	}
	f := formatFlag(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, _ []string) error {
		loaded, err := load(c)
		if err != nil {
			return err
		}
		return withStore(c, loaded, func(ctx context.Context, st *store.Store) error {
			before, now, err := st.SetLimits(ctx, queue.Limits(loaded))
			if err != nil {
				return err
			}
			return tellApplied(c, f, before, now)
		})
	}
	return c
}

func tellApplied(c *cobra.Command, f *format, before, now store.Limits) error {
	changed := before.Generation != now.Generation
	if f.value == formatJSON {
		return printJSON(c.OutOrStdout(), struct {
			Generation int            `json:"generation"`
			Changed    bool           `json:"changed"`
			Since      time.Time      `json:"since"`
			Enabled    bool           `json:"enabled"`
			Limits     map[string]int `json:"limits"`
		}{now.Generation, changed, now.Since, !now.Unlimited, now.Slots})
	}
	was, is := queue.Compare(before, now)
	line := "the limits in force are those of the configuration"
	switch {
	case !changed:
		line += " already"
	case was != "":
		line += fmt.Sprintf(" now: %s (before: %s)", printable(is), printable(was))
	default:
		line += " now"
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), line)
	return err
}
