package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"dagu/config"
	"dagu/modules/dag"
)

func newSchema() *cobra.Command {
	kinds := []string{"dag", "config"}
	return &cobra.Command{
		Use:     "schema dag|config",
		GroupID: groupLook,
		Short:   "Print the JSON schema of DAG files, or of the configuration",
		Long: `Print a JSON schema (draft 2020-12), from which an editor completes and checks files. It
is made from what loads them. Rules between fields, such as names that must differ,
are found by "dagu validate" alone.`,
		Example: `  dagu schema dag > dag.schema.json
  # yaml-language-server: $schema=dag.schema.json      (first line of a DAG file)`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) != 1 {
				return fmt.Errorf("%s takes one argument: dag or config", c.CommandPath())
			}
			return oneOf(args[0], kinds)
		},
		ValidArgs: kinds,
		RunE: func(c *cobra.Command, args []string) error {
			if args[0] == "config" {
				return printJSON(c.OutOrStdout(), config.Schema())
			}
			return printJSON(c.OutOrStdout(), dag.Schema())
		},
	}
}
