package cmd

import (
	"github.com/spf13/cobra"

	"dagu/app"
)

func newStartAll() *cobra.Command {
	c := &cobra.Command{
		Use:     "start-all",
		GroupID: groupServe,
		Short:   "Run DAGs on their schedules and serve the web UI, in one process",
		Long: `Run the DAGs of the directory on their cron schedules, and serve the web UI and
API, in one process. The health server of "dagu scheduler" is not part of it;
GET /api/v1/health on the web port answers for the scheduler too.

On an address that is not loopback, auth.mode has to be chosen.`,
		Example: `  dagu start-all
  dagu start-all --dags ./dags --port 9000
  DAGU_AUTH_MODE=basic DAGU_AUTH_BASIC_USERNAME=ops DAGU_AUTH_BASIC_PASSWORD=... \
    dagu start-all --host 0.0.0.0`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return serve(c, app.StartAll) },
	}
	webFlags(c)
	return c
}

// webFlags adds the flags of commands that serve the web UI.
func webFlags(c *cobra.Command) {
	setting(c.Flags(), "dags", "paths.dags_dir", "directory of the DAG files")
	setting(c.Flags(), "host", "host", "address of the web UI")
	setting(c.Flags(), "port", "port", "port of the web UI")
}
