package runner_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// again runs a record once more, as another run.
func (r *rig) again(rec store.Run) (store.Result, error) {
	rec.ID += "-again"
	return r.runner.Run(r.t.Context(), rec, nil)
}

// Of a text that was loaded a moment ago nothing is read again; it is dropped once
// many others were loaded.
func TestATextIsLoadedOnceInAWhile(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rec := r.record("steps: [{run: \"true\"}]")
	_, err := r.runner.Run(t.Context(), rec, nil)
	require.NoError(t, err)
	r.store.forget(rec.TextHash)
	result, err := r.again(rec)
	require.NoError(t, err)
	require.Equal(t, store.StatusSucceeded, result.Status, result.Error)

	for range 32 {
		r.run("steps: [{run: \"true\"}]")
	}
	result, err = r.again(rec)
	require.NoError(t, err)
	require.Contains(t, result.Error, "read the DAG's text")
}

func TestALargeTextIsNotKept(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rec := r.record("steps: [{run: \"true\"}]\n#" + strings.Repeat("x", 64<<10))
	_, err := r.runner.Run(t.Context(), rec, nil)
	require.NoError(t, err)
	r.store.forget(rec.TextHash)
	result, err := r.again(rec)
	require.NoError(t, err)
	require.Contains(t, result.Error, "read the DAG's text")
}
