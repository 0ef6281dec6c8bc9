package cmd

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"dagu/modules/store"
)

func newQueuePause() *cobra.Command {
	return queueSwitch(&cobra.Command{
		Use:   "pause QUEUE",
		Short: "Keep a queue from starting runs",
		Long: `Keep a queue from starting runs until it is resumed, in all schedulers on the data
directory at once, and over their restarts. What runs goes on; what comes due or is
enqueued meanwhile waits. "dagu start" runs a DAG all the same.`,
		Example: `  dagu queue pause nightly
  dagu queue pause etl    # the own queue of a DAG that names none`,
		ValidArgsFunction: completeQueue(func(q store.Queue) bool { return q.Paused.IsZero() }),
	}, true)
}

func newQueueResume() *cobra.Command {
	return queueSwitch(&cobra.Command{
		Use:               "resume QUEUE",
		Short:             "Let a paused queue start runs again",
		Long:              `Let a paused queue start runs again, in the order in which they wait.`,
		Example:           "  dagu queue resume nightly",
		ValidArgsFunction: completeQueue(func(q store.Queue) bool { return !q.Paused.IsZero() }),
	}, false)
}

func queueSwitch(c *cobra.Command, pause bool) *cobra.Command {
	c.Args = oneQueue
	f := formatFlag(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		loaded, err := load(c)
		if err != nil {
			return err
		}
		return withStore(c, loaded, func(ctx context.Context, st *store.Store) error {
			q, err := findQueue(ctx, st, loaded, args[0])
			if err != nil {
				return err
			}
			change := st.ResumeQueue
			if pause {
				change = st.PauseQueue
			}
			changed, err := change(ctx, q.Name)
			if err != nil {
				return err
			}
			return tellSwitched(c, f, queueSwitched{Queue: q.Name, Paused: pause, Changed: changed})
		})
	}
	return c
}

type queueSwitched struct {
	Queue   string `json:"queue"`
	Paused  bool   `json:"paused"`
	Changed bool   `json:"changed"`
}

func tellSwitched(c *cobra.Command, f *format, s queueSwitched) error {
	if f.value == formatJSON {
		return printJSON(c.OutOrStdout(), s)
	}
	word := "resumed"
	switch {
	case s.Paused && s.Changed:
		word = "paused"
	case s.Paused:
		word = "paused already"
	case !s.Changed:
		word = "not paused"
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "queue %s is %s\n", printable(s.Queue), word)
	return err
}
