package cmd

import (
	"github.com/spf13/cobra"

	"dagu/modules/health"
)

func newHealth() *cobra.Command {
	c := &cobra.Command{
		Use:     "health",
		GroupID: groupLook,
		Short:   "Ask the running scheduler whether it is healthy",
		Long: `Ask the running scheduler whether it is healthy. Exit code 0: it is; 1: it is
not, or nothing answers.

The scheduler is found by the address file in the data directory, and has to prove
that it wrote that file. Of several on one data directory that is the one that came
last; when it is not to be found, the one at scheduler.host and scheduler.port is
asked, which has to prove that it knows the file. Without a file whoever is there is
asked. With --web the web server at host and port is asked, with --url any address. No store is
opened and nothing is created, so this works as the health check of a container.

  (none)     are DAGs being scheduled?
  --live     would a restart be of no help?
  --ready    does everything work: all loops, disks, the store, the DAG directory?
  --startup  has the start finished?`,
		Example: `  dagu health
  dagu health --wait 30s && echo up
  dagu health --ready --verbose
  dagu health --url http://10.0.0.7:8090 --live
  dagu health --web --format json`,
		Args: noArguments,
	}
	var q question
	c.Flags().BoolVar(&q.live, "live", false, "ask /livez: whether a restart would be of no help")
	c.Flags().BoolVar(&q.ready, "ready", false, "ask /readyz: whether everything works")
	c.Flags().BoolVar(&q.startup, "startup", false, "ask /startupz: whether the start has finished")
	c.Flags().BoolVar(&q.web, "web", false, "ask the web server of start-all or server")
	c.Flags().StringVar(&q.url, "url", "", "ask here: the root of a health server, or a whole URL")
	c.Flags().BoolVarP(&q.verbose, "verbose", "v", false, "list loops and checks with their states and ages")
	wait := c.Flags().Duration("wait", 0, "ask again for this long until the answer is healthy")
	noCompletion(c, "url", "wait")
	f := formatFlag(c, formatText, formatJSON)
	c.RunE = func(c *cobra.Command, _ []string) error {
		if err := q.check(); err != nil {
			return err
		}
		loaded, err := loadQuietly(c)
		if err != nil {
			return err
		}
		q.config = loaded.Config
		report := q.askUntil(c.Context(), *wait)
		if f.value == formatJSON {
			err = printJSON(c.OutOrStdout(), report)
		} else {
			err = report.print(c.OutOrStdout())
		}
		if err == nil && report.Status != string(health.StatusHealthy) {
			err = codeError{exitFailed}
		}
		return err
	}
	c.AddCommand(newHealthDoctor())
	return c
}
