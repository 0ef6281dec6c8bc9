package cmd

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"dagu/app"
	"dagu/modules/catalog"
	"dagu/modules/store"
)

func newRestart() *cobra.Command {
	c := &cobra.Command{
		Use:     "restart DAG",
		GroupID: groupRun,
		Short:   "Stop the running runs of a DAG and run it again",
		Long: `Stop the running runs of a DAG as "dagu stop" does, wait for their end, and run the
DAG again in this process, as its file is now, with the parameters and the default
working directory of the newest of them, restart_wait_sec of the file after that end.
When none is running, the newest run is the one to be run again, at once. Queued runs
stay queued. Exit codes and signals are those of "dagu start".`,
		Example: `  dagu restart etl
  dagu restart etl --run-id nightly-7`,
		Args:              oneDAG,
		ValidArgsFunction: completeDAG,
	}
	id := c.Flags().StringP("run-id", "r", "", "stop and run again only this run")
	completeBy(c, "run-id", completeRun(store.StatusRunning))
	f := addForegroundFlags(c)
	c.RunE = func(c *cobra.Command, args []string) error {
		loaded, err := load(c)
		if err != nil {
			return err
		}
		t, err := loadTarget(loaded.Config, args[0], "")
		if err != nil {
			return err
		}
		return f.run(c, loaded, func(ctx context.Context, parts app.Foreground) (store.Run, error) {
			pattern, running, err := named{name: t.dag.Name}.pattern(ctx, parts.Store, *id)
			if err != nil {
				return store.Run{}, err
			}
			if err = checkParams(t.dag, pattern.Params); err != nil {
				return store.Run{}, err // before anything is stopped
			}
			for _, run := range running {
				if _, err = parts.Store.RequestStop(ctx, run.DAG, run.ID); err != nil {
					return store.Run{}, err
				}
			}
			if err = awaitEnd(ctx, parts, running, true); err != nil {
				return store.Run{}, err
			}
			for _, run := range running {
				tell(c.ErrOrStderr(), "%s run %s: %s", run.DAG, run.ID, run.Status)
			}
			if pause := t.dag.RestartWait; pause > 0 && len(running) > 0 {
				tell(c.ErrOrStderr(), "%s is run again in %s", t.dag.Name, span(pause))
				if err = sleep(ctx, pause); err != nil {
					return store.Run{}, err
				}
			}
			n := catalog.NewRun(t.dag, uuid.NewString(), store.TriggerManual)
			n.Params, n.DefaultWorkingDir = pattern.Params, pattern.DefaultWorkingDir
			return request{text: t.text(), run: n}.record(ctx, parts.Store, parts.Store.StartNow)
		})
	}
	return c
}

// sleep lets time pass, unless the context ends before.
func sleep(ctx context.Context, d time.Duration) error {
	over := time.NewTimer(d)
	defer over.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-over.C:
		return nil
	}
}

// pattern is the run whose parameters and directory a restart takes, with the
// running ones that it stops. Without an id both may be none.
func (n named) pattern(ctx context.Context, st *store.Store, id string) (pattern store.Run, running []store.Run, err error) {
	if id != "" {
		if pattern, err = n.run(ctx, st, id); err == nil && pattern.Status == store.StatusRunning {
			running = []store.Run{pattern}
		}
		return pattern, running, err
	}
	running, err = st.Runs(ctx, store.Filter{DAG: n.name, Statuses: []store.Status{store.StatusRunning}, Limit: maxHistory})
	if err != nil || len(running) > 0 {
		if err == nil {
			pattern = running[0]
		}
		return pattern, running, err
	}
	last, err := st.Runs(ctx, store.Filter{DAG: n.name, Limit: 1})
	if len(last) > 0 {
		pattern = last[0]
	}
	return pattern, nil, err
}
