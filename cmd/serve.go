package cmd

import (
	"github.com/spf13/cobra"

	"dagu/app"
)

// serve runs a graph until a signal or a failure ends it.
func serve(c *cobra.Command, graph app.Graph) error {
	loaded, err := load(c)
	if err != nil {
		return err
	}
	code, err := app.Serve(loaded, graph)
	if err == nil && code != exitDone {
		return codeError{code}
	}
	return err
}
