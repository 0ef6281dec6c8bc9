package app

import (
	"context"
	"time"

	"go.uber.org/fx"
	"go.uber.org/zap"

	"dagu/modules/runner"
	"dagu/modules/store"
)

const (
	// mostNamed is how many runs of a kind the receipt names.
	mostNamed = 20
	// receiptTimeout bounds how long the store may take to tell what waits.
	receiptTimeout = 2 * time.Second
)

type drain struct {
	fx.In

	Runner *runner.Runner
	Store  *store.Store
	Log    *zap.Logger
}

func (d drain) tell(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, receiptTimeout)
	defer cancel()
	ended := d.Runner.Drained()
	fields := append(named("finished", len(ended.Finished), ended.Finished), named("cut", len(ended.Cut), ended.Cut)...)
	if ended.Abandoned > 0 {
		fields = append(fields, zap.Int("abandoned", ended.Abandoned))
	}
	_, waiting, err := d.Store.Counts(ctx)
	var runs []store.Run
	if err == nil {
		runs, err = d.Store.Runs(ctx, store.Filter{Statuses: []store.Status{store.StatusQueued}, Limit: mostNamed})
	}
	if err != nil {
		fields = append(fields, zap.NamedError("queued_unknown", err))
	} else {
		fields = append(fields, named("queued", waiting, runs)...)
	}
	d.Log.Info("drained", fields...)
}

// named counts runs and names the first of them.
func named(what string, count int, runs []store.Run) []zap.Field {
	fields := []zap.Field{zap.Int(what, count)}
	if len(runs) == 0 {
		return fields
	}
	names := make([]string, min(len(runs), mostNamed))
	for i := range names {
		names[i] = runs[i].DAG + " " + runs[i].ID
	}
	return append(fields, zap.Strings(what+"_runs", names))
}
