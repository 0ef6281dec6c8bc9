package runner_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/runner"
	"dagu/modules/store"
)

const secret = "s3cr3t-0f-us"

// hushed returns a rig whose own environment has secrets.
func hushed(t *testing.T) *rig {
	t.Helper()
	return newRig(t, func(o *runner.Options) {
		o.Environ = append(o.Environ, "OUR_TOKEN="+secret, "DAGU_AUTH_TOKEN=for us alone", "EMPTY=")
	})
}

// told returns everything that a run has left where somebody may see it: its files but
// those of the workflow's own, what is recorded, and what was logged.
func (r *rig) told() string {
	r.t.Helper()
	var b strings.Builder
	root := filepath.Dir(r.dags)
	require.NoError(r.t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if path == r.dags {
			return fs.SkipDir
		}
		var text []byte
		if err == nil && d.Type().IsRegular() {
			text, err = os.ReadFile(path)
			fmt.Fprintf(&b, "%s: %s\n", path, text)
		}
		return err
	}))
	fmt.Fprintf(&b, "%+v\n", r.store.recorded())
	for name := range r.store.statuses() {
		fmt.Fprintf(&b, "%+v\n", r.store.step(name))
	}
	for _, entry := range r.logged.All() {
		fmt.Fprintf(&b, "%s %v\n", entry.Message, entry.ContextMap())
	}
	return b.String()
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	r := hushed(t)
	require.NoError(t, os.WriteFile(r.path("beside"), []byte("from beside\n"), 0o600))
	require.NoError(t, os.Mkdir(r.path("sub"), 0o750))
	require.NoError(t, os.WriteFile(r.path("sub/inside"), []byte("from inside"), 0o600))
	require.NoError(t, os.WriteFile(r.path("inside"), []byte("not this one"), 0o600))
	r.succeed(r.text(
		"working_dir: sub",
		"env: {ENV: of root, SEEN: '$ENV', ABSOLUTE: x}",
		"secrets:",
		"  - {name: ENV, provider: env, key: OUR_TOKEN}",
		"  - {name: INSIDE, provider: file, key: inside}",
		"  - {name: BESIDE, provider: file, key: beside}",
		"  - {name: ABSOLUTE, provider: file, key: $DIR/beside}",
		"  - {name: NOTHING, provider: env, key: EMPTY}",
		"steps:",
		"  - name: a",
		"    env: {OWN: 'own ${env.ENV}'}",
		`    run: printf '%s|' "$ENV" "$INSIDE" "$BESIDE" "$ABSOLUTE" "$OWN" "$SEEN" "<$NOTHING>" '${env.ENV}' > $DIR/seen`,
		"handler_on: {exit: {run: 'printf %s \"$ENV\" > $DIR/handled'}}",
	))
	seen, err := os.ReadFile(r.path("seen"))
	require.NoError(t, err)
	require.Equal(t, secret+"|from inside|from beside\n|from beside\n|own "+secret+"|of root|<>|"+secret+"|", string(seen))
	handled, err := os.ReadFile(r.path("handled"))
	require.NoError(t, err)
	require.Equal(t, secret, string(handled))
}

func TestMissingSecrets(t *testing.T) {
	t.Parallel()
	r := hushed(t)
	result := r.run(r.text(
		"secrets:",
		"  - {name: A, provider: env, key: NO_SUCH}",
		"  - {name: B, provider: file, key: nowhere}",
		"  - {name: C, provider: file, key: .}",
		"  - {name: D, provider: env, key: OUR_TOKEN}",
		"  - {name: E, provider: env, key: DAGU_AUTH_TOKEN}",
		"steps: [{name: a, run: touch $DIR/ran}]",
		"handler_on: {exit: {run: touch $DIR/ran}, init: {run: touch $DIR/ran}}",
	))
	require.Equal(t, store.StatusFailed, result.Status)
	for _, says := range []string{
		"secret A: the variable NO_SUCH is not set", "secret B: there is no file nowhere", "secret C: ",
		"secret E: the variable DAGU_AUTH_TOKEN is not set",
	} {
		require.Contains(t, result.Error, says)
	}
	require.NotContains(t, result.Error, "secret D")
	require.NoFileExists(t, r.path("ran"))
	require.NotContains(t, r.told(), secret)
}

func TestSecretsAreTold(t *testing.T) {
	t.Parallel()
	const pem = "-----BEGIN KEY-----\nabc\"def\nghi\n-----END KEY-----\n"
	r := hushed(t)
	require.NoError(t, os.WriteFile(r.path("key"), []byte(pem), 0o600))
	result := r.run(r.text(
		"secrets: [{name: TOKEN, provider: env, key: OUR_TOKEN}, {name: KEY, provider: file, key: key}]",
		"type: chain",
		"steps:",
		// No process is to find it in its arguments, which a shell traces.
		"  - {name: split, run: 'printf s3cr3; sleep 0.01; printf t-0f-; sleep 0.01; echo us; echo \"<$TOKEN>\" >&2'}",
		"  - {name: lines, run: 'echo \"$KEY\"; echo \"$KEY\" | while read -r l; do echo \"> $l\"; sleep 0.01; done'}",
		"  - {name: action, action: log.write, with: {message: 'say ${env.TOKEN}'}}",
		"  - {name: file, run: 'echo \"x $TOKEN\"; echo \"y $TOKEN\" >&2', stdout: $DIR/list.txt, stderr: $DIR/errors.txt}",
		"  - {name: two, run: ['printf s3cr3t-', 'echo 0f-us']}",
		"  - {name: trace, run: 'set -x; : $TOKEN'}",
		"  - {name: late, run: 'printf s3cr3t-0f'}",
		"  - {name: fail, run: 'echo last words \"$TOKEN\" >&2; exit 3', continue_on: {failed: true}}",
		"  - {name: unknown, action: exec, with: {command: 'no-$TOKEN'}, continue_on: {failed: true}}",
		"  - {name: json, run: 'echo $TOKEN', stdout: {outputs: {field: f, decode: json}}, continue_on: {failed: true}}",
		"  - {name: gate, run: 'true', preconditions: [{eval: '`false $TOKEN`', expected: x}]}",
	))
	require.Equal(t, store.StatusFailed, result.Status)
	require.Equal(t, "***TOKEN***\n", r.stdout("split"))
	require.Equal(t, "***KEY***\n\n> ***KEY:1***\n> ***KEY:2***\n> ghi\n> ***KEY:4***\n> \n", r.stdout("lines"))
	require.Equal(t, "say ***TOKEN***\n", r.stdout("action"))
	require.Equal(t, "x ***TOKEN***\n", r.stdout("file"))
	for name, want := range map[string]string{"list.txt": "x ***TOKEN***\n", "errors.txt": "y ***TOKEN***\n"} {
		text, err := os.ReadFile(r.path(name))
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
	require.Equal(t, "***TOKEN***\n", r.stdout("two"), "one process ends what another began")
	require.Equal(t, "s3cr3t-0f", r.stdout("late"), "what was held back is not lost")
	require.Contains(t, r.store.step("unknown").Error, `program "no-***TOKEN***" was not found`)
	require.Contains(t, r.store.step("gate").Error, "false ***TOKEN***")
	told := r.told()
	require.NotContains(t, told, secret)
	require.NotContains(t, told, "abc\"def")
	require.Contains(t, told, "last words ***TOKEN***")
}

func TestSecretsOfTheGate(t *testing.T) {
	t.Parallel()
	r := hushed(t)
	result := r.run(r.text("secrets: [{name: TOKEN, provider: env, key: OUR_TOKEN}]",
		"preconditions: [{eval: '$(false $TOKEN)', expected: x}]", "steps: [{name: a, run: 'true'}]"))
	require.Contains(t, result.Error, "false ***TOKEN***")
	require.NotContains(t, r.told(), secret)
}

func TestSecretsInOutputs(t *testing.T) {
	t.Parallel()
	text := []string{
		"secrets: [{name: TOKEN, provider: env, key: OUR_TOKEN}, {name: QUOTED, provider: file, key: quoted}]",
		"type: chain",
		"steps:",
		"  - {name: a, run: 'echo \"id $TOKEN\"', output: GOT}",
		"  - {id: b, run: 'echo \"v=$TOKEN\" > $DAGU_OUTPUT_FILE', outputs: [{name: v}], output: {k: $TOKEN, q: '${env.QUOTED}'}}",
		"  - {name: c, run: 'printf %s \"$GOT\" > $DIR/got; test ! -e $DIR/fail'}",
	}
	r := hushed(t)
	require.NoError(t, os.WriteFile(r.path("quoted"), []byte("x\"y\nz"), 0o600))
	require.NoError(t, os.WriteFile(r.path("fail"), nil, 0o600))
	r.run(r.text(text...))
	got, err := os.ReadFile(r.path("got"))
	require.NoError(t, err)
	require.Equal(t, "id "+secret, string(got), "later steps get it as it is")
	require.NotContains(t, r.told(), secret)
	a, b, c := r.store.step("a"), r.store.step("b"), r.store.step("c")
	require.Equal(t, "id ***TOKEN***", a.OutputValue)
	require.Equal(t, map[string]string{"v": "***TOKEN***"}, b.Emitted)
	require.Equal(t, `{"k":"***TOKEN***","q":"***QUOTED:json***"}`, b.OutputValue)
	require.Equal(t, map[string]string{"k": "***TOKEN***", "q": "***QUOTED***"}, b.Published)

	again := newRig(t, func(o *runner.Options) { o.Environ = append(o.Environ, "OUR_TOKEN=rotated") })
	require.NoError(t, os.WriteFile(again.path("quoted"), []byte("x\"y\nz"), 0o600))
	again.store.earlier = []store.Step{a, b, c}
	rec := again.record(again.text(append(text, `handler_on: {exit: {run: 'printf %s "$GOT" > $DIR/handled'}}`)...))
	rec.Attempt = 2
	result, err := again.runner.Run(t.Context(), rec, nil)
	require.NoError(t, err)
	require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
	got, err = os.ReadFile(again.path("got"))
	require.NoError(t, err)
	require.Equal(t, "id rotated", string(got), "a retry has the value that the secret has now")
	require.NotContains(t, again.told(), "rotated")
}

// watcher keeps what an observer hears.
type watcher struct{ heard []store.Step }

func (w *watcher) Begun(steps []store.Step) { w.heard = append(w.heard, steps...) }
func (w *watcher) Changed(s store.Step)     { w.heard = append(w.heard, s) }

func TestObserversSeeNoSecrets(t *testing.T) {
	t.Parallel()
	r := hushed(t)
	var w watcher
	_, err := r.runner.Run(t.Context(), r.record(r.text(
		"secrets: [{name: TOKEN, provider: env, key: OUR_TOKEN}]",
		"steps: [{name: a, run: 'echo $TOKEN', output: GOT}, {name: b, action: exec, with: {command: x-$TOKEN}}]",
	)), &w)
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%+v", w), secret)
	require.Contains(t, fmt.Sprintf("%+v", w), "***TOKEN***")
}
