package runner_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest"
	"go.uber.org/zap/zaptest/observer"

	"dagu/modules/runlog"
	"dagu/modules/runner"
	"dagu/modules/store"
)

// soon is how long tests wait for what happens at once on a machine with time.
const soon = 20 * time.Second

// rig is a runner with a store that remembers.
type rig struct {
	t      *testing.T
	store  *fakeStore
	runner *runner.Runner
	dags   string // directory of the workflow's file
	temp   string
	runs   int
	logged *observer.ObservedLogs
}

// newRig starts a runner. Each edit changes its options.
func newRig(t *testing.T, edits ...func(*runner.Options)) *rig {
	t.Helper()
	dir := t.TempDir()
	r := &rig{t: t, store: newFakeStore(), dags: filepath.Join(dir, "dags"), temp: filepath.Join(dir, "tmp")}
	require.NoError(t, os.Mkdir(r.dags, 0o750))
	options := runner.Options{
		Environ:     []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "HOST_ONLY=host"},
		TempDir:     r.temp,
		FileTimeout: 10 * time.Second,
	}
	for _, edit := range edits {
		edit(&options)
	}
	logs, err := runlog.New(runlog.Options{LogDir: filepath.Join(dir, "logs"), WorkDir: filepath.Join(dir, "work")})
	require.NoError(t, err)
	var seen zapcore.Core
	seen, r.logged = observer.New(zapcore.DebugLevel)
	r.runner, err = runner.New(options, r.store, logs, zap.New(zapcore.NewTee(zaptest.NewLogger(t).Core(), seen)))
	require.NoError(t, err)
	require.NoError(t, r.runner.Start(t.Context()))
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		defer cancel()
		require.NoError(t, r.runner.Stop(ctx))
		left, err := os.ReadDir(r.temp)
		require.NoError(t, err)
		require.Empty(t, left, "temporary files are left")
	})
	return r
}

// record returns an admitted run of a text.
func (r *rig) record(text string, params ...string) store.Run {
	r.runs++
	hash := fmt.Sprintf("%s-%d", r.t.Name(), r.runs)
	r.store.put(store.Text{Hash: hash, DAG: "job", File: filepath.Join(r.dags, "job.yaml"), Body: []byte(text)})
	return store.Run{
		NewRun: store.NewRun{
			ID: fmt.Sprintf("run-%d", r.runs), DAG: "job", TextHash: hash, Trigger: store.TriggerManual, Params: params,
		},
		Status: store.StatusRunning, Attempt: 1, AttemptID: "attempt-1", Owner: "us", Started: time.Now(),
	}
}

// run executes a text in the foreground.
func (r *rig) run(text string, params ...string) store.Result {
	r.t.Helper()
	result, err := r.runner.Run(r.t.Context(), r.record(text, params...), nil)
	require.NoError(r.t, err)
	return result
}

// execute executes a record in the background and returns a channel that is
// closed at its end.
func (r *rig) execute(rec store.Run) <-chan struct{} {
	done := make(chan struct{})
	r.runner.Execute(rec, sync.OnceFunc(func() { close(done) }))
	return done
}

// kill kills all runs. On a busy machine their ends take longer to be recorded than
// Kill waits for that.
func (r *rig) kill() {
	r.t.Helper()
	if err := r.runner.Kill(r.t.Context()); err != nil {
		require.ErrorContains(r.t, err, "not recorded")
	}
}

// await waits for the end of an executed run and returns how it was recorded.
func (r *rig) await(done <-chan struct{}) store.Result {
	r.t.Helper()
	select {
	case <-done:
	case <-time.After(soon):
		require.FailNow(r.t, "run did not end")
	}
	results := r.store.recorded()
	require.NotEmpty(r.t, results)
	return results[len(results)-1]
}

// succeed executes a text that must succeed.
func (r *rig) succeed(text string, params ...string) {
	r.t.Helper()
	result := r.run(text, params...)
	require.Equal(r.t, store.StatusSucceeded, result.Status, result.Error)
}

// stdout returns what a step wrote to its log.
func (r *rig) stdout(step string) string {
	r.t.Helper()
	text, err := os.ReadFile(r.store.step(step).Stdout)
	require.NoError(r.t, err)
	return string(text)
}

// path returns a path in the directory of the workflow's file.
func (r *rig) path(name string) string { return filepath.Join(r.dags, name) }

// appears waits until a file is there.
func (r *rig) appears(path string) {
	r.t.Helper()
	require.Eventually(r.t, func() bool { _, err := os.Stat(path); return err == nil }, soon, time.Millisecond)
}

// text joins the lines of a workflow; $DIR is the directory of its file.
func (r *rig) text(lines ...string) string {
	return strings.ReplaceAll(strings.Join(lines, "\n"), "$DIR", r.dags)
}
