package action_test

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/action"
)

// workbench calls actions in a directory of its own.
type workbench struct {
	t   *testing.T
	dir string
}

func newWorkbench(t *testing.T) *workbench {
	t.Helper()
	return &workbench{t: t, dir: t.TempDir()}
}

// call checks with as the start of a step does, and returns what the action printed.
func (w *workbench) call(name string, with action.Values) (string, error) {
	w.t.Helper()
	return w.callIn(w.t.Context(), name, with)
}

func (w *workbench) callIn(ctx context.Context, name string, with action.Values) (string, error) {
	w.t.Helper()
	d, ok := action.Lookup(name)
	require.True(w.t, ok, name)
	if problems := d.Problems(with, true); len(problems) > 0 {
		return "", problems[0]
	}
	var out, err bytes.Buffer
	failed := d.Run(ctx, &action.Call{With: maps.Clone(with), Dir: w.dir, Stdout: &out, Stderr: &err, MaxOutput: 1 << 20})
	return out.String(), failed
}

// says requires that the call fails with the words.
func (w *workbench) says(words, name string, with action.Values) {
	w.t.Helper()
	_, err := w.call(name, with)
	require.ErrorContains(w.t, err, words)
}

// done requires that the call succeeds, and returns what it printed.
func (w *workbench) done(name string, with action.Values) string {
	w.t.Helper()
	out, err := w.call(name, with)
	require.NoError(w.t, err)
	return out
}

func (w *workbench) path(name string) string { return filepath.Join(w.dir, name) }

// put writes files.
func (w *workbench) put(files map[string]string) {
	w.t.Helper()
	for name, content := range files {
		require.NoError(w.t, os.MkdirAll(filepath.Dir(w.path(name)), 0o750))
		require.NoError(w.t, os.WriteFile(w.path(name), []byte(content), 0o640)) //nolint:gosec // a test
	}
}

func (w *workbench) read(name string) string {
	w.t.Helper()
	text, err := os.ReadFile(w.path(name))
	require.NoError(w.t, err)
	return string(text)
}
