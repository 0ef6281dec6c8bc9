package cmd

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"dagu/app"
	"dagu/config"
	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/store"
)

// target is the DAG that a command's argument stands for.
type target struct {
	source dag.Source
	dag    *dag.DAG
}

// loadTarget finds and loads a DAG by path or name; name overrides its own unless
// it is "". Its error is told as a user needs it.
func loadTarget(c config.Config, arg, name string) (target, error) {
	path, err := catalog.Resolve(arg, c.Paths.DAGsDir)
	if err == nil {
		err = checkOverride(name)
	}
	if err == nil {
		var t target
		t.source, t.dag, err = catalog.LoadFile(path, basesOf(c), catalog.LoadOptions{
			Options: dag.Options{Location: c.Location},
			Name:    name,
		})
		if err == nil {
			return t, nil
		}
	}
	return target{}, fmt.Errorf("failed to load DAG from %s: %w", quoted([]string{arg}), err)
}

// checkOverride tells what is wrong with --name, which is not the file's fault.
func checkOverride(name string) error {
	if name == "" {
		return nil
	}
	if err := dag.CheckName(name); err != nil {
		return fmt.Errorf("--name: %w", err)
	}
	return nil
}

// text is what the store keeps of the DAG.
func (t target) text() store.Text {
	return catalog.TextOf(t.source, t.dag.Name, t.source.Hash())
}

// basesOf are the places of base files that are configured.
func basesOf(c config.Config) catalog.Bases {
	return catalog.Bases{File: c.Paths.BaseConfig, DAGsDir: c.Paths.DAGsDir}
}

// named is the DAG name that an argument stands for.
type named struct {
	name string
	// missing is why there is no such file; nil when there is. The history of a
	// DAG outlives its file.
	missing error
}

// loadNamed reads the configuration, and the name of the DAG that an argument
// stands for.
func loadNamed(c *cobra.Command, arg string) (*config.Loaded, named, error) {
	loaded, err := load(c)
	if err != nil {
		return nil, named{}, err
	}
	n, err := nameOf(loaded.Config, arg)
	return loaded, n, err
}

// nameOf finds the name of a DAG, whose file may be broken, or gone.
func nameOf(c config.Config, arg string) (named, error) {
	path, err := catalog.Resolve(arg, c.Paths.DAGsDir)
	name := strings.TrimSuffix(strings.TrimSuffix(arg, ".yaml"), ".yml")
	switch {
	case err == nil:
		return named{name: catalog.NameIn(path)}, nil
	case strings.ContainsRune(arg, '/'), name == "": // which a filter would take for all DAGs
		return named{}, err
	default:
		return named{name: name, missing: err}, nil
	}
}

// unknown is why there is no file of the DAG, where no run has its name either: a
// wrong name is then the likely reason for finding nothing. Else it is nil.
func (n named) unknown(ctx context.Context, st *store.Store) error {
	if n.missing == nil {
		return nil
	}
	if runs, err := st.Runs(ctx, store.Filter{DAG: n.name, Limit: 1}); err != nil || len(runs) > 0 {
		return err
	}
	return n.missing
}

// nothing is the error when what was looked for is not there.
func (n named) nothing(ctx context.Context, st *store.Store, format string, args ...any) error {
	if err := n.unknown(ctx, st); err != nil {
		return err
	}
	return fmt.Errorf(format, args...)
}

// run finds a run of the DAG.
func (n named) run(ctx context.Context, st *store.Store, id string) (store.Run, error) {
	run, err := st.Run(ctx, id)
	if errors.Is(err, store.ErrNotFound) || (err == nil && run.DAG != n.name) {
		return store.Run{}, n.nothing(ctx, st, "%s has no run %s", n.name, id)
	}
	return run, err
}

// newest finds the run of the DAG that was queued last.
func (n named) newest(ctx context.Context, st *store.Store) (store.Run, error) {
	runs, err := st.Runs(ctx, store.Filter{DAG: n.name, Limit: 1})
	if err == nil && len(runs) == 0 {
		err = n.nothing(ctx, st, "%s has no runs", n.name)
	}
	if err != nil {
		return store.Run{}, err
	}
	return runs[0], nil
}

// withStore calls work with the store that the configuration names. A signal ends
// its context.
func withStore(c *cobra.Command, loaded *config.Loaded, work func(ctx context.Context, st *store.Store) error) error {
	return withGraph(c, loaded, app.Records, work)
}

// withGraph is withStore for the store of another graph.
func withGraph(c *cobra.Command, loaded *config.Loaded, graph app.Graph, work func(ctx context.Context, st *store.Store) error) error {
	ctx, release := signal.NotifyContext(c.Context(), syscall.SIGINT, syscall.SIGTERM)
	defer release()
	var st *store.Store
	err := app.Once(ctx, graph(loaded), func(ctx context.Context) error { return work(ctx, st) }, &st)
	if ctx.Err() != nil {
		return app.ErrInterrupted
	}
	return err
}

// dagThenParams accepts one DAG, and words behind "--" as its parameters.
func dagThenParams(c *cobra.Command, args []string) error {
	switch dash := c.ArgsLenAtDash(); {
	case len(args) == 0 || dash == 0:
		return errNoDAG
	case dash < 0 && len(args) > 1, dash > 1:
		stray := args[1:]
		if dash > 1 {
			stray = args[1:dash]
		}
		return fmt.Errorf("unexpected arguments after DAG definition: %s; use '--' before parameters, as in: %s %s -- %s",
			quoted(stray), c.CommandPath(), args[0], quoted(args[1:]))
	default:
		return nil
	}
}

var errNoDAG = errors.New("name a DAG: a path, or a name in the DAG directory")

// oneDAG accepts one DAG and nothing else.
func oneDAG(c *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return errNoDAG
	case 1:
		return nil
	default:
		return fmt.Errorf("%s takes one DAG, found also %s", c.CommandPath(), quoted(args[1:]))
	}
}

// atMostOneDAG accepts one DAG or nothing.
func atMostOneDAG(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return oneDAG(c, args)
}
