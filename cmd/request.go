package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"dagu/modules/store"
)

// request is a run that is asked for, with the text that it executes.
type request struct {
	text store.Text
	run  store.NewRun
	// from is the recorded run that this one is made from. It has the text, and all
	// of the run that is not asked for; nil where a file has been loaded.
	from *original
}

// original is a recorded run that is to be run again as another one.
type original struct {
	dag named
	id  string
}

// record keeps the text and then the run, by one of the store's ways.
func (r request) record(ctx context.Context, st *store.Store, how func(context.Context, store.NewRun) (store.Run, error)) (store.Run, error) {
	if r.from != nil {
		old, err := r.from.dag.run(ctx, st, r.from.id)
		if err != nil {
			return store.Run{}, err
		}
		if r.text, err = st.Text(ctx, old.TextHash); err != nil {
			return store.Run{}, err
		}
		r.run = over(old.NewRun, r.run)
	}
	if old, err := st.Run(ctx, r.run.ID); err == nil {
		return store.Run{}, fmt.Errorf("the run id %s is taken by a run of %s: choose another, or none", r.run.ID, old.DAG)
	}
	if err := st.PutTexts(ctx, []store.Text{r.text}); err != nil {
		return store.Run{}, err
	}
	recorded, err := how(ctx, r.run)
	if errors.Is(err, store.ErrExists) {
		return store.Run{}, fmt.Errorf("the run id %s is taken: choose another, or none", r.run.ID)
	}
	return recorded, err
}

// over is a run with what the caller asks for in place of its own.
func over(run, asked store.NewRun) store.NewRun {
	run.ID, run.Trigger, run.Due = asked.ID, asked.Trigger, asked.Due
	run.DefaultWorkingDir = cmp.Or(asked.DefaultWorkingDir, run.DefaultWorkingDir)
	run.Labels = slices.Clone(run.Labels)
	for _, label := range asked.Labels {
		if !slices.Contains(run.Labels, label) {
			run.Labels = append(run.Labels, label)
		}
	}
	return run
}
