package cmd

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dagu/app"
	"dagu/config"
	"dagu/modules/catalog"
	"dagu/modules/store"
)

// complete offers fixed words for a flag.
func complete(c *cobra.Command, flag string, words ...string) {
	completeBy(c, flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// noCompletion keeps the shell from offering files for flags.
func noCompletion(c *cobra.Command, flags ...string) {
	for _, flag := range flags {
		completeBy(c, flag, cobra.NoFileCompletions)
	}
}

func completeBy(c *cobra.Command, flag string, by cobra.CompletionFunc) {
	// It fails only for a flag that does not exist.
	cobra.CheckErr(c.RegisterFlagCompletionFunc(flag, by))
}

// completeDAG offers the names in the DAG directory, and files.
func completeDAG(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return dagNames(c), cobra.ShellCompDirectiveDefault
}

// completeRecorded is completeDAG for commands that work also for a DAG whose file is
// gone: it offers as well the names that runs have, the newest ones first.
func completeRecorded(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	return withRecorded(c, args, word, func(ctx context.Context, st *store.Store) ([]store.Run, error) {
		last, err := st.LastRuns(ctx)
		return slices.SortedFunc(maps.Values(last), func(a, b store.Run) int { return b.Queued.Compare(a.Queued) }), err
	})
}

// completeOpen is completeRecorded for the names of runs that are queued or running.
func completeOpen(c *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	return withRecorded(c, args, word, func(ctx context.Context, st *store.Store) ([]store.Run, error) {
		return st.Runs(ctx, store.Filter{Statuses: []store.Status{store.StatusQueued, store.StatusRunning}, Limit: maxHistory})
	})
}

// withRecorded adds to completeDAG the first names of runs that begin as the word does
// and have no file. What cannot be read is not offered.
func withRecorded(
	c *cobra.Command, args []string, word string, runs func(ctx context.Context, st *store.Store) ([]store.Run, error),
) ([]string, cobra.ShellCompDirective) {
	names, directive := completeDAG(c, args, word)
	if len(args) > 0 {
		return names, directive
	}
	most := len(names) + maxCompletions
	_ = peek(c, func(ctx context.Context, _ *config.Loaded, st *store.Store) error {
		list, err := runs(ctx, st)
		for _, run := range list {
			if len(names) < most && strings.HasPrefix(run.DAG, word) && !slices.Contains(names, run.DAG) {
				names = append(names, run.DAG)
			}
		}
		return err
	})
	return names, directive
}

func dagNames(c *cobra.Command) []string {
	loaded, err := loadQuietly(c)
	if err != nil {
		return nil
	}
	return catalog.Names(loaded.Config.Paths.DAGsDir)
}

// completeBeside offers directories from that of the DAG's file on, against which
// a relative one is meant.
func completeBeside(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	loaded, err := loadQuietly(c)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	dir := loaded.Config.Paths.DAGsDir
	if len(args) > 0 {
		if path, err := catalog.Resolve(args[0], dir); err == nil {
			dir = filepath.Dir(path)
		}
	}
	return []string{dir}, cobra.ShellCompDirectiveFilterDirs
}

// maxCompletions is how many runs, and DAGs without a file, are offered.
const maxCompletions = 20

// completeRun offers the ids of the DAG's newest runs in the given states; none
// stands for all. Where nothing is recorded yet, nothing is made.
func completeRun(statuses ...store.Status) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		runs, err := newestRuns(c, args, store.Filter{Statuses: statuses, Limit: maxCompletions})
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		offers := make([]string, len(runs))
		for i, run := range runs {
			offers[i] = cobra.CompletionWithDesc(run.ID, string(run.Status)+" "+run.DAG+" "+run.Queued.Local().Format(time.DateTime))
		}
		return offers, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveKeepOrder
	}
}

// newestRuns reads runs for a completion, of the DAG if one is named already.
func newestRuns(c *cobra.Command, args []string, filter store.Filter) (runs []store.Run, err error) {
	err = peek(c, func(ctx context.Context, loaded *config.Loaded, st *store.Store) (err error) {
		if len(args) > 0 {
			n, missing := nameOf(loaded.Config, args[0])
			if missing != nil {
				return missing
			}
			filter.DAG = n.name
		}
		runs, err = st.Runs(ctx, filter)
		return err
	})
	return runs, err
}

// peek calls look with the store for a completion. Where nothing is recorded yet it
// calls nobody, and nothing is made.
func peek(c *cobra.Command, look func(ctx context.Context, loaded *config.Loaded, st *store.Store) error) error {
	loaded, err := loadQuietly(c)
	if err != nil || !store.Exists(loaded.Config.Paths.DataDir) {
		return err
	}
	var st *store.Store
	return app.Once(c.Context(), app.Records(loaded), func(ctx context.Context) error { return look(ctx, loaded, st) }, &st)
}
