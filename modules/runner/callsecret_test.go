package runner_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/runner"
	"dagu/modules/store"
)

// unseen looks for a secret in all files that a run has left, the database among them.
func (r *callRig) unseen(secret string) {
	r.t.Helper()
	require.NoError(r.t, filepath.WalkDir(r.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.HasPrefix(filepath.Base(path), "own-") {
			return err
		}
		text, err := os.ReadFile(path)
		require.False(r.t, bytes.Contains(text, []byte(secret)), "%s has the secret", path)
		return err
	}))
}

func TestSecretsOfACaller(t *testing.T) {
	t.Parallel()
	r := newCallRig(t, func(o *runner.Options) { o.Environ = append(o.Environ, "OUR_TOKEN="+secret, "ANOTHER=an0ther") })
	run := r.run(
		"secrets: [{name: TOKEN, provider: env, key: OUR_TOKEN}]",
		"type: chain",
		"steps:",
		"  - {id: call, action: dag.run, with: {dag: inner, params: {T: '${env.TOKEN}'}}, output: GOT}",
		"  - {name: use, run: 'printf %s \"$GOT\" > $DAGU_T/own-got'}",
		"---",
		"name: inner",
		"params: [{name: T, default: none}]",
		"secrets: [{name: TOKEN, provider: env, key: ANOTHER}]",
		"steps:",
		"  - {name: a, run: 'echo \"t=$T\"; echo \"own $TOKEN\" >&2', output: SAID}",
		"  - {name: b, run: 'printf %s \"$T $TOKEN\" > $DAGU_T/own-inner'}",
	)
	require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
	require.Equal(t, secret+" an0ther", r.file("own-inner"), "it gets the value, and its own secret of the same name")
	require.Contains(t, r.file("own-got"), `"SAID": "t=`+secret+`"`, "and the caller what it gave")
	child := r.children(run.ID)[0]
	require.Equal(t, []string{"T=***TOKEN***"}, child.Params)
	require.Equal(t, "t=***main.TOKEN***", r.step(child.ID, "a").OutputValue)
	r.unseen(secret)
	r.unseen("an0ther")
}

func TestSecretsOfARecalledRun(t *testing.T) {
	t.Parallel()
	r := newCallRig(t, func(o *runner.Options) { o.Environ = append(o.Environ, "OUR_TOKEN="+secret) })
	run := r.run(
		"secrets: [{name: TOKEN, provider: env, key: OUR_TOKEN}]",
		"steps:",
		"  - id: call",
		"    action: dag.run",
		"    with: {dag: inner, params: {T: '${env.TOKEN}'}}",
		"    output: {said: {from: stdout, decode: json, select: .outputs.SAID}, later: {from: file, path: $DAGU_T/own-later}}",
		"  - {name: use, depends: call, run: 'printf %s \"${call.output.said}\" > $DAGU_T/own-got'}",
		"---",
		"name: inner",
		"params: [{name: T, default: none}]",
		"steps: [{name: a, run: 'echo $T', output: SAID}]",
	)
	require.Equal(t, store.StatusFailed, run.Status, "the file is not there yet")
	r.write("own-later")
	run = r.retry(run.ID)
	require.Equal(t, store.StatusSucceeded, run.Status, run.Error)
	require.Len(t, r.children(run.ID), 1)
	require.Equal(t, 1, r.children(run.ID)[0].Attempt, "it is not run again")
	require.Equal(t, secret, r.file("own-got"))
	r.unseen(secret)
}

func TestSecretsOfAQueuedRun(t *testing.T) {
	t.Parallel()
	r := newCallRig(t, func(o *runner.Options) { o.Environ = append(o.Environ, "OUR_TOKEN="+secret) })
	run := r.run(
		"secrets: [{name: TOKEN, provider: env, key: OUR_TOKEN}]",
		"steps:",
		"  - {name: call, action: dag.enqueue, with: {dag: inner, params: {T: '${env.TOKEN}'}}}",
		"---",
		"name: inner",
		"params: [{name: T, default: none}]",
		"steps: [{run: x}]",
	)
	require.Equal(t, store.StatusFailed, run.Status)
	require.Contains(t, run.Error, "a parameter holds a secret")
	r.unseen(secret)
}
