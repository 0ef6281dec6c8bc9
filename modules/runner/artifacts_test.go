package runner_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag"
	"dagu/modules/store"
)

// artifact reads a file below the artifacts of the rig's first run.
func (r *rig) artifact(name string) (text string, mode os.FileMode) {
	r.t.Helper()
	dirs, err := filepath.Glob(filepath.Join(filepath.Dir(r.dags), "artifacts", "job", "dag-run_*_run-1"))
	require.NoError(r.t, err)
	require.Len(r.t, dirs, 1)
	path := filepath.Join(dirs[0], name)
	read, err := os.ReadFile(path)
	require.NoError(r.t, err)
	info, err := os.Stat(path)
	require.NoError(r.t, err)
	return string(read), info.Mode()
}

func TestArtifacts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text(
		"consts: [{team: core}]",
		"env: {ROOT: $DAG_RUN_ARTIFACTS_DIR, DAG_RUN_ARTIFACTS_DIR: mine}",
		"type: chain",
		"steps:",
		`  - {name: a, run: 'echo out; echo err >&2', env: [N: x], stdout: {artifact: 'logs/${consts.team}/$N.log'}, stderr: {artifact: err.log}}`,
		`  - {name: b, run: 'echo more', stdout: {artifact: logs/core/x.log}}`,
		`  - {name: c, run: 'echo made > "$DAG_RUN_ARTIFACTS_DIR/made"'}`,
		`  - {name: d, action: log.write, with: {message: '${context.paths.artifacts_dir} ${env.ROOT} ${env.DAG_RUN_ARTIFACTS_DIR}'}}`,
		"handler_on: {exit: {run: 'cat \"$DAG_RUN_ARTIFACTS_DIR/made\"'}}",
	))
	text, mode := r.artifact("logs/core/x.log")
	require.Equal(t, "out\nmore\n", text, "it is appended to")
	require.Equal(t, os.FileMode(0o600), mode)
	text, _ = r.artifact("err.log")
	require.Equal(t, "err\n", text)
	require.Equal(t, "out\n", r.stdout("a"), "the log has it too")
	require.Equal(t, "made\n", r.stdout("onExit"))
	dirs := strings.Fields(r.stdout("d"))
	require.Equal(t, []string{dirs[0], dirs[0], dirs[0]}, dirs)
	linked, err := os.Readlink(filepath.Join(filepath.Dir(r.store.step("a").Stdout), "artifacts"))
	require.NoError(t, err)
	require.Equal(t, dirs[0], linked)
}

func TestNoArtifacts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("steps: [{name: a, run: 'env; echo ${context.paths.work_dir}'}]"))
	require.NotContains(t, r.stdout("a"), "ARTIFACTS")
	require.NoDirExists(t, filepath.Join(filepath.Dir(r.dags), "artifacts"))
}

func TestArtifactDirectory(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("params: [{name: P, default: p}]", "env: {E: e}",
		"artifacts: {enabled: true, dir: '$DIR/${params.P}/$P'}", "steps: [{name: a, run: 'echo $DAG_RUN_ARTIFACTS_DIR'}]"))
	dir := strings.TrimSpace(r.stdout("a"))
	require.Equal(t, r.path("p/p/job"), filepath.Dir(dir))
	require.Regexp(t, `^dag-run_\d{8}_\d{6}Z_run-1$`, filepath.Base(dir))

	require.NoError(t, os.WriteFile(r.path("file"), nil, 0o600))
	result := r.run(r.text("artifacts: {enabled: true, dir: $DIR/file}", "steps: [{name: a, run: touch $DIR/ran}]"))
	require.Equal(t, store.StatusFailed, result.Status)
	require.Contains(t, result.Error, "make artifact directory")
	require.NoFileExists(t, r.path("ran"))
}

func TestArtifactPathsThatFail(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ step, says string }{
		"absolute":           {"stdout: {artifact: '$ABS'}", `artifact "/tmp/x" must be a path below the artifacts of the run, not an absolute one`},
		"parent":             {"stdout: {artifact: 'a/$UP/x'}", `without ..`},
		"home":               {"stderr: {artifact: '${TILDE}/x'}", `not one of the home directory`},
		"blank":              {"stdout: {artifact: '$NONE'}", `not blank`},
		"linked file":        {"stdout: {artifact: link}", "link is a link"},
		"linked parent":      {"stdout: {artifact: dir/x}", "dir is a link"},
		"dangling link":      {"stdout: {artifact: dangling}", "dangling is a link"},
		"below a file":       {"stdout: {artifact: file/x}", "file"},
		"the same":           {"stdout: {artifact: same}\n    stderr: {artifact: 'sa${NONE}me'}", "stdout and stderr are the same file"},
		"the same path":      {"stdout: {artifact: same}\n    stderr: '$DAG_RUN_ARTIFACTS_DIR/same'", "stdout and stderr are the same file"},
		"the same inode":     {"stdout: {artifact: file}\n    stderr: '$DAG_RUN_ARTIFACTS_DIR/link'", "stdout and stderr are the same file"},
		"no directory":       {"stdout: $DIR/missing/x", "no such file or directory"},
		"a name that is ..x": {"stdout: {artifact: '..x/y..'}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			result := r.run(r.text("type: chain", "env: {ABS: /tmp/x, UP: .., TILDE: '~', NONE: ''}", "steps:",
				"  - {name: links, run: 'cd $DAG_RUN_ARTIFACTS_DIR && touch file && mkdir real && ln -s file link && ln -s real dir && ln -s gone dangling'}",
				"  - name: a", "    run: touch $DIR/ran", "    "+tt.step))
			if tt.says == "" {
				require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
				return
			}
			require.Contains(t, r.store.step("a").Error, tt.says)
			require.NoFileExists(t, r.path("ran"))
		})
	}
}

func TestSecretsInArtifacts(t *testing.T) {
	t.Parallel()
	r := hushed(t)
	r.succeed(r.text("secrets: [{name: TOKEN, provider: env, key: OUR_TOKEN}]",
		"steps: [{name: a, run: 'echo \"<$TOKEN>\"', stdout: {artifact: a.log, outputs: said}}]"))
	text, _ := r.artifact("a.log")
	require.Equal(t, "<***TOKEN***>\n", text)
	require.Equal(t, map[string]string{"said": "<***TOKEN***>"}, r.store.step("a").Published)
}

func TestDryLeavesNoArtifacts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	text := r.text("artifacts: {enabled: true, dir: $DIR/kept}", "secrets: [{name: A, provider: env, key: HOST_ONLY}]",
		"steps: [{name: a, run: x}]")
	d, err := dag.Load(dag.Source{File: r.path("job.yaml"), Text: []byte(text)}, dag.Options{})
	require.NoError(t, err)
	run, _, err := r.runner.Dry(t.Context(), d, store.NewRun{ID: "dry", DAG: "job"})
	require.NoError(t, err)
	require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
	entries, err := os.ReadDir(r.path("kept"))
	require.NoError(t, err)
	require.Empty(t, entries)
}
