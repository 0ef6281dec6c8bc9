package cmd

import "github.com/spf13/cobra"

func newSchedule() *cobra.Command {
	c := &cobra.Command{
		Use:     "schedule",
		GroupID: groupLook,
		Short:   "Look at schedules: what comes, and whether all that was due happened",
		Long: `Look at schedules. "dagu schedule next" lists what comes; "dagu schedule audit" proves
that nothing that was due is lost and that nothing happened twice; "dagu schedule
simulate" shows what the policies would do, without running anything.`,
		Example: `  dagu schedule next etl
  dagu schedule audit
  dagu schedule simulate --from 2027-03-27 --to 2027-03-28`,
		Args: aCommand,
		RunE: helpOf,
	}
	c.AddCommand(newScheduleNext(), newScheduleAudit(), newScheduleSimulate())
	return c
}
