package cmd

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"dagu/config"
	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/store"
)

// stepFlags select steps of a run.
type stepFlags struct {
	name       string
	downstream bool
}

// choose names the steps that the run is to repeat; none stands for all that did not
// succeed.
func (f stepFlags) choose(ctx context.Context, st *store.Store, run store.Run) ([]string, error) {
	if f.name == "" {
		return nil, nil
	}
	text, err := st.Text(ctx, run.TextHash)
	if err != nil {
		return nil, err
	}
	source := catalog.SourceOf(text)
	source.Name = text.DAG
	d, err := dag.Load(source, dag.Options{})
	if err != nil {
		return nil, fmt.Errorf("load what run %s executed: %w", run.ID, err)
	}
	graph, err := d.Graph()
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(d.Steps, func(s dag.Step) bool { return s.Name == f.name || s.ID == f.name })
	if at < 0 {
		return nil, fmt.Errorf("run %s of %s has no step %q%s", run.ID, run.DAG, f.name, insteadOf(f.name, d.Steps))
	}
	chosen := []int{at}
	if f.downstream {
		chosen = graph.After(at)
	}
	names := make([]string, len(chosen))
	for i, step := range chosen {
		names[i] = d.Steps[step].Name
	}
	return names, nil
}

// mostNames is how many steps an error lists.
const mostNames = 20

// insteadOf offers the steps that there are, where the word is none of them.
func insteadOf(word string, steps []dag.Step) string {
	names := make([]string, len(steps))
	for i := range steps {
		names[i] = steps[i].Name
	}
	list := strings.Join(names[:min(len(names), mostNames)], ", ")
	if more := len(names) - mostNames; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	return "; its steps are " + list + didYouMean(word, names)
}

// completeStep offers the steps of the run that --run-id names, else of the DAG's
// newest one.
func completeStep(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var offers []string
	err := peek(c, func(ctx context.Context, loaded *config.Loaded, st *store.Store) error {
		if len(args) == 0 {
			return errNoDAG
		}
		n, err := nameOf(loaded.Config, args[0])
		if err != nil {
			return err
		}
		var run store.Run
		if id, _ := c.Flags().GetString("run-id"); id != "" {
			run, err = n.run(ctx, st, id)
		} else {
			run, err = n.newest(ctx, st)
		}
		if err != nil {
			return err
		}
		steps, err := st.Steps(ctx, run.ID, run.Attempt)
		for _, s := range steps {
			if !isHandler(s.Name) {
				offers = append(offers, cobra.CompletionWithDesc(s.Name, string(s.Status)))
			}
		}
		return err
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
}
