package cmd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"dagu/app"
	"dagu/config"
	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/queue"
	"dagu/modules/store"
)

var errNoQueue = errors.New("name a queue; dagu queue list shows those that are in use")

// oneQueue accepts one queue and nothing else.
func oneQueue(c *cobra.Command, args []string) error {
	switch len(args) {
	case 0:
		return errNoQueue
	case 1:
		return nil
	default:
		return fmt.Errorf("%s takes one queue, found also %s", c.CommandPath(), quoted(args[1:]))
	}
}

// findQueue finds a queue that is in use, or named in the configuration or by a DAG
// file.
func findQueue(ctx context.Context, st *store.Store, loaded *config.Loaded, name string) (queueState, error) {
	list, limits, err := readQueues(ctx, st, loaded)
	if err != nil {
		return queueState{}, err
	}
	names := map[string]bool{}
	for _, q := range list {
		if q.Name == name {
			return q, nil
		}
		names[q.Name] = true
	}
	for q := range queue.Limits(loaded).Slots {
		names[q] = true
	}
	dags := queuesOfDAGs(loaded.Config)
	for _, q := range dags {
		names[q] = true
	}
	if !names[name] {
		return queueState{}, noQueue(name, dags[name], slices.Collect(maps.Keys(names)))
	}
	return queueState{store.Queue{Name: name}, limits}, nil
}

// noQueue says what was probably meant. of is the queue of the DAG of that name; ""
// when there is no such DAG.
func noQueue(name, of string, names []string) error {
	if of != "" {
		return fmt.Errorf("no queue %q: the runs of the DAG %s are in the queue %q", name, name, of)
	}
	return fmt.Errorf("no queue %q: no configuration and no DAG names it, and it holds no run%s", name, didYouMean(name, names))
}

// queuesOfDAGs are the queues of the DAGs in the DAG directory, by the DAG's name.
// Those that do not load are left out.
func queuesOfDAGs(c config.Config) map[string]string {
	files, err := catalog.Files(c.Paths.DAGsDir)
	if err != nil {
		return nil
	}
	queues := make(map[string]string, len(files))
	for _, file := range files {
		o := catalog.LoadOptions{Options: dag.Options{Location: c.Location}}
		if _, d, err := catalog.LoadFile(file, basesOf(c), o); err == nil {
			queues[d.Name] = catalog.NewRun(d, "", store.TriggerManual).Queue
		}
	}
	return queues
}

// anyQueue selects every queue.
func anyQueue(store.Queue) bool { return true }

// completeQueue offers the queues that are in use, or named by the configuration or
// a DAG, and are selected. Where nothing is recorded yet, nothing is made.
func completeQueue(selected func(store.Queue) bool) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		loaded, err := loadQuietly(c)
		if err != nil || len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var list []queueState
		if store.Exists(loaded.Config.Paths.DataDir) {
			var st *store.Store
			err = app.Once(c.Context(), app.Records(loaded), func(ctx context.Context) (err error) {
				list, _, err = readQueues(ctx, st, loaded)
				return err
			}, &st)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
		}
		return offerQueues(list, loaded, selected), cobra.ShellCompDirectiveNoFileComp
	}
}

func offerQueues(list []queueState, loaded *config.Loaded, selected func(store.Queue) bool) []string {
	known := map[string]queueState{}
	idle := func(name string) { known[name] = queueState{store.Queue{Name: name}, queue.Limits(loaded)} }
	for _, name := range queuesOfDAGs(loaded.Config) {
		idle(name)
	}
	for name := range queue.Limits(loaded).Slots {
		idle(name)
	}
	for _, q := range list {
		known[q.Name] = q
	}
	var offers []string
	now := time.Now()
	for _, name := range slices.Sorted(maps.Keys(known)) {
		if q := known[name]; selected(q.Queue) {
			offers = append(offers, cobra.CompletionWithDesc(name, q.words(now)))
		}
	}
	return offers
}

// words describe what a queue holds.
func (q queueState) words(now time.Time) string {
	text := fmt.Sprintf("limit %s, %d running, %d queued", queue.Slots(q.limits, q.Name), q.Running, q.Queued)
	if wait, ok := elapsed(q.Oldest, time.Time{}, now); ok {
		text += " for " + span(wait)
	}
	if !q.Paused.IsZero() {
		text += ", paused"
	}
	return text
}
