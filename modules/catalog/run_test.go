package catalog_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/store"
)

// A run has of its file what admission and retention need, and their defaults.
func TestRunHasWhatTheFileSays(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bare.yaml"), "steps: [{run: 'true'}]")
	write(t, filepath.Join(dir, "full.yaml"),
		"queue: heavy\npriority: 7\nlabels: [Slow]\nhist_retention_runs: 4\non_interrupt: retry\nsteps: [{run: 'true'}]")
	entries, err := catalog.ReadDir(dir, "", dag.Options{})
	require.NoError(t, err)
	require.Len(t, entries, 2)
	bare, full := &entries[0], &entries[1]
	require.Equal(t, store.NewRun{
		ID: "a", DAG: "bare", TextHash: bare.Hash, Trigger: store.TriggerScheduler, Queue: "bare", RetainDays: 30,
	}, bare.NewRun("a", store.TriggerScheduler))
	require.Equal(t, store.NewRun{
		ID: "b", DAG: "full", TextHash: full.Hash, Trigger: store.TriggerManual, Queue: "heavy", Priority: 7,
		Labels: []string{"slow"}, RetainRuns: 4, RetryInterrupted: true,
	}, full.NewRun("b", store.TriggerManual))
}
