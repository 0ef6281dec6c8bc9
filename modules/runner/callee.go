package runner

import (
	"context"
	"fmt"
	"path/filepath"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/runner/guard"
	"dagu/modules/store"
)

// maxDepth is how many runs one may be inside of: DAGs that call each other in a circle
// come to an end.
const maxDepth = 10

// callee is a DAG that a step calls. It is read-only.
type callee struct {
	dag *dag.DAG
	// run is what every run of it has.
	run store.NewRun
}

// callees finds the DAGs of all calls, by target, and has their texts recorded.
func (e *execution) callees(ctx context.Context) (map[string]*callee, error) {
	x := e.run
	found := make(map[string]*callee)
	var texts []store.Text
	for _, c := range e.calls {
		if found[c.target] != nil {
			continue
		}
		d, err := x.find(ctx, c.target)
		if err != nil {
			return nil, fmt.Errorf("find the DAG %s: %w", c.target, err)
		}
		run := catalog.NewRun(d, "", store.TriggerSubDAG)
		run.ParentStep, run.RootDAG, run.RootID = e.task.title(), x.rec.RootDAG, x.rec.RootID
		if run.RootID == "" {
			run.RootDAG, run.RootID = x.rec.DAG, x.rec.ID
		}
		found[c.target] = &callee{dag: d, run: run}
		texts = append(texts, catalog.TextOf(d.Source, d.Name, run.TextHash))
	}
	err := x.insist(ctx, "texts of the called DAGs", func() error { return x.runner.store.PutTexts(ctx, texts) })
	if err != nil {
		return nil, fmt.Errorf("record the called DAGs: %w", err)
	}
	return found, nil
}

// find loads the DAG that a target stands for: a local one of the run's file, else one
// beside the file, else one in the directory of DAGs.
func (x *run) find(ctx context.Context, target string) (*dag.DAG, error) {
	if local := x.dag.Callee(target); local != nil {
		return local, nil
	}
	dir, options := filepath.Dir(x.dag.Source.File), x.runner.options
	return guard.Do(ctx, x.runner.guard, func(touch *guard.Touch) (*dag.DAG, error) {
		if err := touch.At("DAG " + target + " beside " + dir); err != nil {
			return nil, err
		}
		path, err := catalog.ResolveCallee(target, dir, options.DAGsDir)
		if err != nil {
			return nil, err
		}
		if err = touch.At("DAG file " + path); err != nil {
			return nil, err
		}
		_, d, err := catalog.LoadFile(path, catalog.Bases{File: options.BaseFile, DAGsDir: options.DAGsDir}, catalog.LoadOptions{
			Options: dag.Options{Location: options.Location, Called: true},
		})
		return d, err
	}, nil)
}
