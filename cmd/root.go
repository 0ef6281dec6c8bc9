package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"dagu/app"
	"dagu/config"
	"dagu/modules/runner"
)

// Exit codes of all commands.
const (
	exitDone        = 0
	exitFailed      = 1
	exitInterrupted = app.ExitInterrupted
)

// codeError ends a command with a code of its own; its message has been printed already.
type codeError struct{ code int }

func (e codeError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// Execute runs the command line of the process and returns its exit code.
func Execute() int {
	if len(os.Args) == 2 && os.Args[1] == runner.SelfArgument { // a scheduler checks that it can start processes
		return exitDone
	}
	cobra.EnableCommandSorting = false // the help lists commands in an order that means something
	return execute(context.Background(), os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr})
}

func execute(ctx context.Context, args []string, s streams) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	err := root.ExecuteContext(ctx)
	var code codeError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		return code.code
	case errors.Is(err, app.ErrInterrupted):
		tell(s.err, "Error: %s", printableLines(err.Error()))
		return exitInterrupted
	default:
		tell(s.err, "Error: %s", printableLines(err.Error()))
		return exitFailed
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "dagu",
		Short: "Run workflows on a schedule",
		Long: `dagu runs workflows (DAGs) on their cron schedules. A DAG is a YAML file in a
directory; its steps are processes.

  dagu scheduler   runs the DAGs of the directory and answers health probes
  dagu start-all   the same with a web UI, and without the health server
  dagu start FILE  runs one DAG now`,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          aCommand,
	}
	asked := root.Flags().Bool("version", false, "print the version")
	root.RunE = func(c *cobra.Command, args []string) error {
		if *asked {
			return versionOf().print(c.OutOrStdout())
		}
		return helpOf(c, args)
	}
	flags := root.PersistentFlags()
	flags.String(flagHome, "", "directory of configuration, DAGs, data and logs (default: DAGU_HOME, ~/.dagu, XDG)")
	flags.String(flagConfig, "", "configuration file (default: config.yaml in the home directory)")
	flags.Bool("debug", false, "log more: what the parts do, and the whole chain of a start error")
	keyed(flags, "debug", "debug")
	root.AddGroup(
		&cobra.Group{ID: groupServe, Title: "Services:"},
		&cobra.Group{ID: groupRun, Title: "Runs:"},
		&cobra.Group{ID: groupLook, Title: "Looking:"},
	)
	root.SetHelpCommandGroupID(groupLook)
	root.SetCompletionCommandGroupID(groupLook)
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(commands()...)
	describeCompletion(root)
	describeHelp(root)
	return root
}

// describeCompletion words cobra's own command as the others are.
func describeCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Args, c.RunE = aCommand, helpOf
			c.Short = "Print the completion script for a shell"
			c.Example = "  source <(dagu completion bash)\n  dagu completion zsh > \"${fpath[1]}/_dagu\"\n  dagu completion fish | source"
		}
	}
}

// describeHelp lets cobra's own command fail for what is no command.
func describeHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	for _, c := range root.Commands() {
		if c.Name() == "help" {
			c.Run, c.RunE = nil, func(c *cobra.Command, args []string) error {
				of, rest, err := c.Root().Find(args)
				if err == nil && of.HasSubCommands() {
					err = aCommand(of, rest)
				}
				if err != nil {
					return err
				}
				of.InitDefaultHelpFlag() // which the text shows
				return of.Help()
			}
		}
	}
}

// helpOf prints the help of a command that only has others.
func helpOf(c *cobra.Command, _ []string) error { return c.Help() }

// Groups of the help text.
const (
	groupServe = "serve"
	groupRun   = "run"
	groupLook  = "look"
)

const (
	flagHome   = "dagu-home"
	flagConfig = "config"
	// keyAnnotation marks a flag that stands for a key of the configuration.
	keyAnnotation = "dagu_config_key"
)

// setting adds a flag that stands for a key of the configuration.
func setting(flags *pflag.FlagSet, name, key, usage string) {
	flags.String(name, "", usage)
	keyed(flags, name, key)
}

// keyed makes a flag stand for a key of the configuration.
func keyed(flags *pflag.FlagSet, name, key string) {
	flags.Lookup(name).Annotations = map[string][]string{keyAnnotation: {key}}
}

// load reads the configuration for a command and prints its warnings.
func load(c *cobra.Command) (*config.Loaded, error) {
	loaded, err := loadQuietly(c)
	if err != nil {
		return nil, err
	}
	for _, w := range loaded.Warnings {
		tell(c.ErrOrStderr(), "Warning: %v", w)
	}
	return loaded, nil
}

func loadQuietly(c *cobra.Command) (*config.Loaded, error) {
	home, err := c.Flags().GetString(flagHome)
	if err != nil {
		return nil, err
	}
	file, err := c.Flags().GetString(flagConfig)
	if err != nil {
		return nil, err
	}
	given := map[string]string{}
	c.Flags().Visit(func(f *pflag.Flag) {
		if keys := f.Annotations[keyAnnotation]; len(keys) == 1 {
			given[keys[0]] = f.Value.String()
		}
	})
	return config.Load(config.Options{
		Flags: given, Home: home, File: file, Environ: os.Environ(), Version: versionOf().Version,
	})
}
