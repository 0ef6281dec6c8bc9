package cmd

import (
	"github.com/spf13/cobra"

	"dagu/app"
)

func newScheduler() *cobra.Command {
	c := &cobra.Command{
		Use:     "scheduler",
		GroupID: groupServe,
		Short:   "Run DAGs on their schedules and answer health probes",
		Long: `Run the DAGs of the directory on their cron schedules, and answer health probes.

GET /health on host:port is 200 {"status":"healthy"} while DAGs are being
scheduled, and 503 while the process starts, shuts down, or its scheduling loop
hangs. A port that is taken does not stop the scheduler; binding is tried again
until it works. Port 0 turns the health server off.

SIGTERM, SIGINT and SIGHUP finish what runs (drain_timeout), then stop it; queued runs
stay queued for the next start. A second signal kills what runs.`,
		Example: `  dagu scheduler
  dagu scheduler --dags ./dags --port 9090
  curl -i http://127.0.0.1:8090/health`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return serve(c, app.Scheduler) },
	}
	setting(c.Flags(), "dags", "paths.dags_dir", "directory of the DAG files")
	setting(c.Flags(), "host", "scheduler.host", "address of the health server")
	setting(c.Flags(), "port", "scheduler.port", "port of the health server; 0 turns it off")
	return c
}
