package runner_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"dagu/config"
	"dagu/modules/dag"
	"dagu/modules/runlog"
	"dagu/modules/runner"
	"dagu/modules/store"
)

// The module, with the store and the files that it has in the real graphs.
func TestModule(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var (
		r  *runner.Runner
		st *store.Store
	)
	app := fxtest.New(t,
		fx.NopLogger,
		fx.Supply(config.Config{Paths: config.Paths{DataDir: dir}}),
		fx.Provide(
			func() *zap.Logger { return zaptest.NewLogger(t) },
			func(lc fx.Lifecycle, log *zap.Logger) (*store.Store, error) {
				s, err := store.New(store.Options{Dir: dir}, log)
				lc.Append(fx.StartStopHook(s.Start, s.Stop))
				return s, err
			},
			func(s *store.Store) runner.Store { return s },
			func() (*runlog.Log, error) {
				return runlog.New(runlog.Options{LogDir: filepath.Join(dir, "logs"), WorkDir: filepath.Join(dir, "work")})
			},
		),
		runner.Module,
		fx.Populate(&r, &st),
	)
	app.RequireStart()
	_, err := st.Own(t.Context(), store.RoleOneShot)
	require.NoError(t, err)
	source := dag.Source{File: filepath.Join(dir, "job.yaml"), Text: []byte("steps: [{name: a, run: echo hi}, {name: b, run: exit 3}]")}
	require.NoError(t, st.PutTexts(t.Context(), []store.Text{{Hash: source.Hash(), DAG: "job", File: source.File, Body: source.Text}}))
	run, err := st.StartNow(t.Context(), store.NewRun{ID: "one", DAG: "job", TextHash: source.Hash(), Trigger: store.TriggerManual})
	require.NoError(t, err)

	_, err = r.Run(t.Context(), run, nil)

	require.NoError(t, err)
	run, err = st.Run(t.Context(), "one")
	require.NoError(t, err)
	require.Equal(t, store.StatusFailed, run.Status)
	require.Contains(t, run.Error, "step b: exit status 3")
	require.DirExists(t, run.WorkDir)
	require.FileExists(t, filepath.Join(run.LogDir, "dag-run.log"))
	steps, err := st.Steps(t.Context(), "one", 1)
	require.NoError(t, err)
	require.Len(t, steps, 2)
	require.Equal(t, store.StepSucceeded, steps[0].Status)
	text, err := os.ReadFile(steps[0].Stdout)
	require.NoError(t, err)
	require.Equal(t, "hi\n", string(text))

	// A retry of it runs the failed step alone, in the same directories.
	again, err := st.Retry(t.Context(), "one")
	require.NoError(t, err)
	_, err = r.Run(t.Context(), again, nil)
	require.NoError(t, err)
	retried, err := st.Run(t.Context(), "one")
	require.NoError(t, err)
	require.Equal(t, run.LogDir, retried.LogDir)
	steps, err = st.Steps(t.Context(), "one", 2)
	require.NoError(t, err)
	require.Equal(t, store.StepSucceeded, steps[0].Status)
	require.Equal(t, store.StepFailed, steps[1].Status)
	app.RequireStop()
}
