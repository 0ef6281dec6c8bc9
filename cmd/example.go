package cmd

import (
	"fmt"

	"github.com/spf13/cobra"

	"dagu/modules/dag/examples"
)

// exampleView is an example in the list.
type exampleView struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

func newExample() *cobra.Command {
	c := &cobra.Command{
		Use:     "example [NAME]",
		GroupID: groupLook,
		Short:   "Print a DAG file that shows what the language can do",
		Long: `Print an example, or list them all. Each is a whole DAG file: it begins with a comment
that says what it is about and how it is started.`,
		Example: `  dagu example
  dagu example backup > ~/.config/dagu/dags/backup.yaml`,
		Args: cobra.MaximumNArgs(1),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return examples.Names(), cobra.ShellCompDirectiveNoFileComp
		},
	}
	f := formatFlag(c, formatTable, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return listExamples(c, f)
		}
		text, err := examples.Text(args[0])
		if err != nil {
			return fmt.Errorf("%w%s", err, didYouMean(args[0], examples.Names()))
		}
		if f.value == formatJSON {
			return printJSON(c.OutOrStdout(), map[string]string{"name": args[0], "text": text})
		}
		_, err = fmt.Fprint(c.OutOrStdout(), text)
		return err
	}
	return c
}

func listExamples(c *cobra.Command, f *format) error {
	var views []exampleView
	for _, name := range examples.Names() {
		text, err := examples.Text(name)
		if err != nil {
			return err
		}
		views = append(views, exampleView{Name: name, About: examples.About(text)})
	}
	if f.value == formatJSON {
		return printJSON(c.OutOrStdout(), views)
	}
	t := newTable("EXAMPLE", "ABOUT")
	for _, v := range views {
		t.AppendRow([]any{v.Name, v.About})
	}
	_, err := fmt.Fprintln(c.OutOrStdout(), t.Render())
	return err
}
