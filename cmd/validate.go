package cmd

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"dagu/config"
	"dagu/modules/catalog"
	"dagu/modules/dag"
)

func newValidate() *cobra.Command {
	c := &cobra.Command{
		Use:     "validate FILE...",
		GroupID: groupLook,
		Short:   "Check DAG files without running anything",
		Long: `Check DAG files: their YAML, their structure, every field, and what steps depend
on. Nothing is run, evaluated or created. A directory stands for the DAG files in
it, a name for the file in the DAG directory.

Valid files bring exit code 0 and no output but warnings; wrong ones exit code 1
and all that is wrong with them. A reference that no run can resolve, such as to a
constant that the file does not have, is a warning.`,
		Example: `  dagu validate etl.yaml
  dagu validate ./dags
  dagu validate --format json etl.yaml | jq -r '.[].errors[] | "\(.line): \(.message)"'`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("name a file or a directory")
			}
			return nil
		},
		ValidArgsFunction: func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return dagNames(c), cobra.ShellCompDirectiveDefault
		},
	}
	f := formatFlag(c, formatText, formatJSON)
	unresolved := c.Flags().Bool("show-unresolved", false, "tell also of references that only a run may resolve")
	c.RunE = func(c *cobra.Command, args []string) error {
		loaded, err := load(c)
		if err != nil {
			return err
		}
		var checks []*check
		for _, arg := range args {
			checks = append(checks, checkAll(loaded.Config, arg)...)
		}
		for _, k := range checks {
			k.addNotices(*unresolved)
		}
		if f.value == formatJSON {
			if err = printJSON(c.OutOrStdout(), checks); err != nil {
				return err
			}
		}
		valid := true
		for _, k := range checks {
			k.tell(c.ErrOrStderr())
			valid = valid && k.Valid
		}
		if !valid {
			return codeError{exitFailed}
		}
		return nil
	}
	return c
}

// check is what was found in one file.
type check struct {
	// arg is how the user named the file.
	arg      string
	File     string    `json:"file"`
	DAG      string    `json:"dag,omitempty"`
	Valid    bool      `json:"valid"`
	Errors   []problem `json:"errors"`
	Warnings []problem `json:"warnings"`
	notices  []dag.Notice
}

// problem is one error or warning; its place is missing where the file as a whole
// is wrong.
type problem struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Field   string `json:"field,omitempty"`
	Message string `json:"message"`
	Value   string `json:"value,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// minor is what only those want to know who ask for it.
	minor bool
	// text is the whole of it in a line.
	text string
}

// checkAll checks the file, or the files of the directory, that an argument names.
func checkAll(c config.Config, arg string) []*check {
	if info, err := os.Stat(arg); err == nil && info.IsDir() {
		files, err := catalog.Files(arg)
		if err == nil && len(files) == 0 {
			err = errors.New("there are no DAG files (*.yaml, *.yml) in the directory")
		}
		if err != nil {
			return []*check{newCheck(arg, arg).fail(err)}
		}
		var checks []*check
		for _, file := range files {
			if abs, err := filepath.Abs(file); err == nil && abs == c.Paths.BaseConfig {
				continue // it is part of all the others
			}
			checks = append(checks, newCheck(file, file).run(c))
		}
		return checks
	}
	path, err := catalog.Resolve(arg, c.Paths.DAGsDir)
	if err != nil {
		return []*check{newCheck(arg, arg).fail(err)}
	}
	return []*check{newCheck(arg, path).run(c)}
}

func newCheck(arg, path string) *check {
	return &check{arg: arg, File: path, Errors: []problem{}, Warnings: []problem{}}
}

// run loads the file strictly.
func (k *check) run(c config.Config) *check {
	source, err := catalog.ReadSource(k.File, basesOf(c))
	if err != nil {
		return k.fail(err)
	}
	k.File = source.File
	d, err := dag.Validate(source, dag.Options{
		Location: c.Location, IsDAG: isDAG(filepath.Dir(source.File), c.Paths.DAGsDir),
	})
	if err != nil {
		return k.fail(err)
	}
	k.DAG, k.Valid, k.notices = d.Name, true, d.Notices
	for _, w := range d.Warnings {
		k.Warnings = append(k.Warnings, problem{File: w.File, Line: w.Line, Column: w.Column, Message: w.Message, text: w.String()})
	}
	return k
}

// isDAG returns what tells whether one of the directories has a DAG of a name.
func isDAG(dirs ...string) func(name string) bool {
	return func(name string) bool {
		if name != filepath.Base(name) {
			return false
		}
		for _, dir := range dirs {
			for _, ending := range []string{".yaml", ".yml"} {
				if info, err := os.Stat(filepath.Join(dir, name+ending)); err == nil && info.Mode().IsRegular() {
					return true
				}
			}
		}
		return false
	}
}

// addNotices adds the references that will not be resolved, or may not be.
func (k *check) addNotices(all bool) {
	for _, n := range k.notices {
		if all || !n.RunTime {
			k.Warnings = append(k.Warnings, problem{
				File: n.File, Line: n.Line, Column: n.Column, Field: n.Field, Message: n.Message(), Reason: string(n.Reason),
				minor: n.RunTime, text: n.String(),
			})
		}
	}
}

func (k *check) fail(err error) *check {
	var all dag.Errors
	if !errors.As(err, &all) {
		k.Errors = append(k.Errors, problem{Message: err.Error(), text: err.Error()})
		return k
	}
	for _, e := range all {
		k.Errors = append(k.Errors, problem{
			File: e.File, Line: e.Line, Column: e.Column, Field: e.Field, Message: e.Message, Value: e.Value, text: e.Error(),
		})
	}
	return k
}

// tell prints what was found for people.
func (k *check) tell(w io.Writer) {
	for _, p := range k.Warnings {
		word := "Warning"
		if p.minor {
			word = "Info"
		}
		tell(w, "%s: %s", word, p.text)
	}
	if k.Valid {
		return
	}
	tell(w, "Error: Validation failed for %s", k.arg)
	for _, p := range k.Errors {
		tell(w, "- %s", strings.ReplaceAll(strings.TrimRight(p.text, "\n"), "\n", "\n  "))
	}
}
