package cmd

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"dagu/modules/store"
)

func newSuspend() *cobra.Command {
	return pauseCommand(&cobra.Command{
		Use:   "suspend DAG",
		Short: "Keep a DAG from starting by its schedule",
		Long: `Keep a DAG from starting by its schedule until it is resumed, also over restarts of
the scheduler. What comes due meanwhile is recorded as skipped and not caught up
later. The DAG can still be started by hand.`,
		Example: `  dagu suspend etl
  dagu suspend etl --format json`,
	}, true)
}

func newResume() *cobra.Command {
	return pauseCommand(&cobra.Command{
		Use:   "resume DAG",
		Short: "Let a suspended DAG start by its schedule again",
		Long: `Let a suspended DAG start by its schedule again, from now on: what came due while it
was suspended stays skipped.`,
		Example: "  dagu resume etl",
	}, false)
}

func pauseCommand(c *cobra.Command, suspend bool) *cobra.Command {
	c.GroupID, c.Args, c.ValidArgsFunction = groupRun, oneDAG, completeDAG
	f := formatFlag(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		loaded, n, err := loadNamed(c, args[0])
		if err != nil {
			return err
		}
		return withStore(c, loaded, func(ctx context.Context, st *store.Store) error {
			changed, err := n.pause(ctx, st, suspend)
			if err != nil {
				return err
			}
			return tellPaused(c, f, pauseInfo{DAG: n.name, Suspended: suspend, Changed: changed})
		})
	}
	return c
}

// pause suspends or resumes the DAG and tells whether that changed anything. One
// without a file can be resumed, if it is suspended, but not suspended.
func (n named) pause(ctx context.Context, st *store.Store, suspend bool) (changed bool, err error) {
	list, err := st.Suspensions(ctx)
	if err != nil {
		return false, err
	}
	suspended := slices.ContainsFunc(list, func(s store.Suspension) bool { return s.DAG == n.name })
	switch {
	case n.missing != nil && (suspend || !suspended):
		return false, n.missing
	case suspend:
		err = st.Suspend(ctx, n.name, time.Now())
	default:
		err = st.Resume(ctx, n.name, time.Now())
	}
	return suspend != suspended, err
}

type pauseInfo struct {
	DAG       string `json:"dag"`
	Suspended bool   `json:"suspended"`
	Changed   bool   `json:"changed"`
}

func tellPaused(c *cobra.Command, f *format, info pauseInfo) error {
	if f.value == formatJSON {
		return printJSON(c.OutOrStdout(), info)
	}
	word := "resumed"
	switch {
	case info.Suspended && info.Changed:
		word = "suspended"
	case info.Suspended:
		word = "suspended already"
	case !info.Changed:
		word = "not suspended"
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "%s is %s\n", info.DAG, word)
	return err
}
