package cmd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"dagu/config"
	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/store"
)

// newRunFlags are the flags of commands that create a run.
type newRunFlags struct {
	name, id, params string
	labels           []string
}

func addNewRunFlags(c *cobra.Command) *newRunFlags {
	f := &newRunFlags{}
	addParamFlags(c, f)
	c.Flags().StringVarP(&f.id, "run-id", "r", "", "id of the run: letters, digits, - and _, at most 64, and new (default: a UUID)")
	c.Flags().StringSliceVar(&f.labels, "labels", nil, "labels of the run beside those of the DAG, such as team=core")
	noCompletion(c, "run-id", "labels")
	return f
}

// addParamFlags adds the flags that say what the DAG is and gets.
func addParamFlags(c *cobra.Command, f *newRunFlags) {
	c.Flags().StringVarP(&f.name, "name", "N", "", "name of the DAG for this run, in place of its own")
	c.Flags().StringVarP(&f.params, "params", "p", "", `parameters as one text, such as "day=Mon 3"; words after -- win over it`)
	noCompletion(c, "name", "params")
}

// words are the parameters that the caller gave: those behind "--", else --params.
func (f *newRunFlags) words(t target, args []string) ([]string, error) {
	words := args[1:]
	if len(words) == 0 {
		var err error
		if words, err = dag.SplitParams(f.params); err != nil {
			return nil, fmt.Errorf("--params: %w", err)
		}
	}
	for _, word := range words {
		if !utf8.ValidString(word) {
			return nil, fmt.Errorf("parameter %q: must be UTF-8", word)
		}
	}
	return words, checkParams(t.dag, words)
}

// checkParams tells early what no run could accept. Dynamic defaults are left to
// the run: nothing is executed here.
func checkParams(d *dag.DAG, words []string) error {
	decl := make([]dag.Param, len(d.Params))
	for i, p := range d.Params {
		if p.Eval != "" {
			p.Eval, p.Required = "", false
		}
		decl[i] = p
	}
	_, err := dag.BindParams(decl, words, nil)
	return err
}

// resolve finds the DAG that the arguments name, and the run that is asked for. No
// store is needed, and nothing is made.
func (f *newRunFlags) resolve(c config.Config, args []string) (target, store.NewRun, error) {
	t, err := loadTarget(c, args[0], f.name)
	if err != nil {
		return target{}, store.NewRun{}, err
	}
	n, err := f.newRun(t, args)
	return t, n, err
}

// newRun is the run that the flags and the words behind "--" ask for.
func (f *newRunFlags) newRun(t target, args []string) (store.NewRun, error) {
	id := f.id
	if id == "" {
		id = uuid.NewString()
	}
	if err := store.CheckRunID(id); err != nil {
		return store.NewRun{}, fmt.Errorf("--run-id: %w", err)
	}
	labels, err := cleanLabels(f.labels)
	if err != nil {
		return store.NewRun{}, fmt.Errorf("--labels: %w", err)
	}
	run := catalog.NewRun(t.dag, id, store.TriggerManual)
	if run.Params, err = f.words(t, args); err != nil {
		return store.NewRun{}, err
	}
	run.Labels = append(run.Labels[:len(run.Labels):len(run.Labels)], labels...)
	return run, nil
}

// cleanLabels writes labels as those of DAG files are: in lower case, without an empty value.
func cleanLabels(given []string) ([]string, error) {
	var labels []string
	for _, label := range given {
		key, value, _ := strings.Cut(strings.ToLower(label), "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		switch {
		case key == "":
			return nil, fmt.Errorf("found %q, want key or key=value", label)
		case value != "":
			key += "=" + value
		}
		labels = append(labels, key)
	}
	return labels, nil
}

// record keeps the DAG's text and then the run, by one of the store's ways.
func record(ctx context.Context, st *store.Store, t target, run store.NewRun,
	how func(context.Context, store.NewRun) (store.Run, error),
) (store.Run, error) {
	if old, err := st.Run(ctx, run.ID); err == nil {
		return store.Run{}, fmt.Errorf("the run id %s is taken by a run of %s: choose another, or none", run.ID, old.DAG)
	}
	if err := st.PutTexts(ctx, []store.Text{t.text()}); err != nil {
		return store.Run{}, err
	}
	recorded, err := how(ctx, run)
	if errors.Is(err, store.ErrExists) {
		return store.Run{}, fmt.Errorf("the run id %s is taken: choose another, or none", run.ID)
	}
	return recorded, err
}
