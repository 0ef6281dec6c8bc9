package cmd

import (
	"github.com/spf13/cobra"

	"dagu/app"
)

func newServer() *cobra.Command {
	c := &cobra.Command{
		Use:     "server",
		GroupID: groupServe,
		Short:   "Serve the web UI and API",
		Long: `Serve the web UI and API over the DAGs and the history of a data directory. It
schedules nothing: what is started from it waits for a "dagu scheduler" on the
same data directory.

On an address that is not loopback, auth.mode has to be chosen.`,
		Example: `  dagu server
  dagu server --port 9000`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return serve(c, app.Server) },
	}
	webFlags(c)
	return c
}
