package cmd

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"dagu/app"
	"dagu/config"
	"dagu/modules/audit"
	"dagu/modules/store"
)

func newScheduleAudit() *cobra.Command {
	c := &cobra.Command{
		Use:   "audit [DAG]",
		Short: "Compare what was due with what is recorded of it",
		Long: `Compute anew what was due, from the recorded texts and time zones of each schedule and
the times at which it stood in a file, and compare that with the recorded outcomes:

  due = fired + skipped + missed

Each due time must have exactly one outcome, each outcome must have been due, and what
fired must have its run. Every difference is named. What is due but has still to be
decided by a scheduler is counted as waiting, and is no difference. What is so old that
retention may have taken it is not looked at.

Nothing is changed, and a scheduler may be running. Exit code 0: there is no difference;
1: there is one, or nothing is recorded.`,
		Example: `  dagu schedule audit
  dagu schedule audit etl
  dagu schedule audit --format json | jq -r '.differences[] | "\(.dag) \(.due_at) \(.problem)"'`,
		Args:              atMostOneDAG,
		ValidArgsFunction: completeDAG,
	}
	f := formatFlag(c, formatTable, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		loaded, err := load(c)
		if err != nil {
			return err
		}
		n := named{}
		if len(args) > 0 {
			if n, err = nameOf(loaded.Config, args[0]); err != nil {
				return err
			}
		}
		result, err := auditAll(c, loaded, n)
		if err != nil {
			return err
		}
		if result.local {
			tellLocal(c)
		}
		if f.value == formatJSON {
			err = printJSON(c.OutOrStdout(), result)
		} else {
			err = result.print(c.OutOrStdout())
		}
		if err == nil && result.Count > 0 {
			err = codeError{exitFailed}
		}
		return err
	}
	return c
}

// auditAll compares the ledger of the named DAG, or of all.
func auditAll(c *cobra.Command, loaded *config.Loaded, n named) (*auditInfo, error) {
	if dir := loaded.Config.Paths.DataDir; !store.Exists(dir) {
		return nil, fmt.Errorf("nothing is recorded in %s: no scheduler has used it", dir)
	}
	result := &auditInfo{DAGs: []auditTally{}, Differences: []auditDifference{}}
	err := withGraph(c, loaded, app.Look, func(ctx context.Context, st *store.Store) error {
		names := []string{n.name}
		if n.name == "" {
			var err error
			if names, err = st.Ledgers(ctx); err != nil {
				return err
			}
		}
		for _, name := range names {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			ledger, err := st.Ledger(ctx, name)
			if err != nil {
				return err
			}
			result.add(audit.Compare(ledger))
			result.local = result.local || result.Count > 0 && isLocal(ledger)
		}
		if len(result.DAGs) == 0 && n.missing != nil {
			return n.missing
		}
		return nil
	})
	return result, err
}

// isLocal tells whether a schedule follows the zone of whatever machine reads it.
func isLocal(l store.Ledger) bool {
	for _, v := range l.Versions {
		if v.Entry.Zone == time.Local.String() {
			return true
		}
	}
	return false
}

// tellLocal warns that differences may be those of two machines' zones.
func tellLocal(c *cobra.Command) {
	zone, offset := time.Now().Zone()
	tell(c.ErrOrStderr(), "Note: schedules without a time zone were computed in that of this process (%s, %+03d:%02d); "+
		"run the audit with the scheduler's TZ, or set tz", zone, offset/3600, abs(offset)/60%60)
}

func abs(n int) int { return max(n, -n) }
