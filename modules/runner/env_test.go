package runner_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/runner"
	"dagu/modules/store"
)

func TestEnvironmentOfAStep(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *runner.Options) {
		o.Environ = append(o.Environ, "DAGU_AUTH_BASIC_PASSWORD=s", "DAGU_DATABASE_URL=u", "DAGU_HOME=/h", "PASSED=1", "DAG_RUN_ID=outer")
		o.EnvPassthrough = []string{"PASS*"}
	})
	r.succeed(r.text("params: [{p: 1}]", "env: [E: root]", "steps: [{id: one, name: a, run: env}]"))
	env := make(map[string]string)
	for line := range strings.Lines(r.stdout("a")) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		env[name] = value
	}
	step := r.store.step("a")
	require.Equal(t, "run-1:attempt-1", env["DAGU_RUN_MARKER"])
	require.Equal(t, "job", env["DAG_NAME"])
	require.Equal(t, "run-1", env["DAG_RUN_ID"])
	require.Equal(t, "a", env["DAG_RUN_STEP_NAME"])
	require.Equal(t, step.Stdout, env["DAG_RUN_STEP_STDOUT_FILE"])
	require.Equal(t, step.Stderr, env["DAG_RUN_STEP_STDERR_FILE"])
	require.Equal(t, env["DAG_RUN_WORK_DIR"], env["PWD"])
	require.FileExists(t, env["DAG_RUN_LOG_FILE"])
	require.Equal(t, r.temp, env["DAGU_OUTPUT_FILE"][:len(r.temp)])
	require.NoFileExists(t, env["DAGU_OUTPUT_FILE"], "it is removed once the step is over")
	require.JSONEq(t, `{"p":"1"}`, env["DAG_PARAMS_JSON"])
	require.JSONEq(t, `{"p":"1"}`, env["DAGU_PARAMS_JSON"])
	require.Equal(t, "1", env["p"])
	require.Equal(t, "root", env["E"])
	require.Equal(t, "/h", env["DAGU_HOME"])
	require.Equal(t, "1", env["PASSED"])
	for _, name := range []string{"DAGU_AUTH_BASIC_PASSWORD", "DAGU_DATABASE_URL", "HOST_ONLY", "DAG_RUN_STATUS"} {
		require.NotContains(t, env, name)
	}
}

func TestPrecedence(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lines []string // the step a prints
		echo  string
		want  string
	}{
		"parameter over inherited": {[]string{"params: [{HOME: p}]"}, "$HOME", "p"},
		"root over parameter":      {[]string{"params: [{X: p}]", "env: [X: r]"}, "$X", "r"},
		"dotenv over root":         {[]string{"dotenv: .x", "env: [D: r]"}, "$D", "dot"},
		"step over dotenv":         {[]string{"dotenv: .x", "defaults: {env: [D: s]}"}, "$D", "s"},
		"ours over root":           {[]string{"env: [DAG_NAME: mine, SEEN: '$DAG_NAME']"}, "$DAG_NAME $SEEN", "job mine"},
		"step over ours":           {[]string{"defaults: {env: [DAG_NAME: mine]}"}, "$DAG_NAME ${env.DAG_NAME}", "mine mine"},
		"execution over step":      {[]string{"defaults: {env: [DAGU_OUTPUT_FILE: mine]}"}, "$([ -f \"$DAGU_OUTPUT_FILE\" ] && echo file)", "file"},
		"earlier over later":       {[]string{"env: [A: 1, B: '$A', A: 2]"}, "$A $B", "2 1"},
		"later is literal":         {[]string{"env: ['A=$B', B=1]"}, "$(printf %s \"$A\")", "$B"},
		"host in root env":         {[]string{"env: ['A=$HOST_ONLY']"}, "$A", "host"},
		"no host in step env":      {[]string{"defaults: {env: ['A=$HOST_ONLY']}"}, "$A", "$HOST_ONLY"},
		"constants":                {[]string{"consts: [{c: 7}]", "env: ['A=${consts.c}']"}, "$A ${consts.c}", "7 7"},
		"references":               {[]string{"params: [{day: Mon}]"}, "${params.day} ${context.run.id} ${run.id} ${context.step.name} ${attempt.id}", "Mon run-1 run-1 a attempt-1"},
		"scheduled":                {nil, "${context.run.scheduled_at}", "2031-05-01T04:30:00Z"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			require.NoError(t, os.WriteFile(r.path(".x"), []byte("D=dot\n"), 0o600))
			run, err := json.Marshal("echo \"" + tt.echo + "\"")
			require.NoError(t, err)
			rec := r.record(strings.Join(append(tt.lines, "steps: [{name: a, run: "+string(run)+"}]"), "\n"))
			rec.Due = time.Date(2031, 5, 1, 6, 30, 0, 0, time.FixedZone("", 7200))
			result, err := r.runner.Run(t.Context(), rec, nil)
			require.NoError(t, err)
			require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
			require.Equal(t, tt.want+"\n", r.stdout("a"))
		})
	}
}

func TestParameters(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("params:", "  - {name: a, type: string, default: x}", "  - {name: b, type: string, eval: '$(echo $a-$HOST_ONLY)'}",
		"steps: [{name: s, run: 'echo ${params.a} $b ${params}'}]"), "a=y")
	require.Equal(t, `y y-host {a:y,b:y-host}`+"\n", r.stdout("s"))
}

func TestDotenv(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	write := func(name, text string) { require.NoError(t, os.WriteFile(r.path(name), []byte(text), 0o600)) }
	write(".env", "A=1\nB=1\n# comment\nexport C='a b'\n")
	write("more.env", "B=2\n")
	write("broken.env", "this is = = not\n'\n")
	require.NoError(t, os.Mkdir(r.path("folder.env"), 0o750))
	r.succeed(r.text("dotenv: [more.env, missing.env, broken.env, folder.env]", "steps: [{name: a, run: 'echo $A $B $C'}]"))
	require.Equal(t, "1 2 a b\n", r.stdout("a"))
	r.succeed("dotenv: []\nsteps: [{name: a, run: 'echo none $A'}]")
	require.Equal(t, "none\n", r.stdout("a"))
}

func TestPlacesOfDotenv(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.NoError(t, os.Mkdir(r.path("work"), 0o750))
	for name, text := range map[string]string{
		".env": "A=beside", "work/.env": "A=working\nB=env", "only.env": "C=beside", "folder.env/x": "", "late.env": "B=late\nA=late",
	} {
		require.NoError(t, os.MkdirAll(filepath.Dir(r.path(name)), 0o750))
		require.NoError(t, os.WriteFile(r.path(name), []byte(text), 0o600))
	}
	r.succeed("working_dir: work\ndotenv: only.env\nsteps: [{name: a, run: 'echo $A $B $C'}]")
	require.Equal(t, "working env beside\n", r.stdout("a"), "the working directory comes first, then that of the file")
	r.succeed("working_dir: work\ndotenv: [late.env, .env, folder.env]\nsteps: [{name: a, run: 'echo $A $B'}]")
	require.Equal(t, "late late\n", r.stdout("a"), ".env is read first wherever it stands")
	require.Len(t, r.logged.FilterMessage("a dotenv file is not used").All(), 1, "one that cannot be read is a warning")
}

func TestDotenvIsNotQuoted(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{"name": "A=1\nno name\nKEY=hush\n", "quote": "A=1\nKEY='hush\n"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			require.NoError(t, os.WriteFile(r.path(".env"), []byte(text), 0o600))
			r.succeed("steps: [{name: a, run: 'echo $DAG_RUN_LOG_FILE'}]")
			account, err := os.ReadFile(strings.TrimSpace(r.stdout("a")))
			require.NoError(t, err)
			require.Contains(t, string(account), "parse "+r.path(".env")+": a line is not NAME=value")
			require.NotContains(t, string(account), "hush")
		})
	}
}

func TestOutputsReachDependents(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("steps:",
		"  - {name: z, run: 'echo z', output: V}",
		"  - {name: a, run: 'echo; echo \" a \"; echo two; echo', output: V, depends: z}",
		"  - {name: b, run: 'echo b', output: V}",
		"  - {name: ab, depends: [a, b], run: 'echo \"$V\"'}",
		"  - {name: ba, depends: [b, a], run: 'echo \"$V\"'}",
		"  - {name: deep, depends: ab, run: 'echo \"$V ${env.V}\"'}",
		"  - {name: other, run: 'echo \"[$V]\"'}",
		"  - {name: own, depends: a, run: 'echo \"$V\"', env: [V: mine]}",
		"handler_on: {exit: {run: 'echo \"$V\"'}}"))
	require.Equal(t, "z\n", r.stdout("ab"), "an ancestor of the last one is visited last")
	require.Equal(t, "z\n", r.stdout("ba"))
	require.Equal(t, "z z\n", r.stdout("deep"))
	require.Equal(t, "[]\n", r.stdout("other"))
	require.Equal(t, "mine\n", r.stdout("own"))
	require.Equal(t, "b\n", r.stdout("onExit"), "handlers see what every step has published")
	require.Equal(t, "V", r.store.step("a").Output)
	require.Equal(t, "a \ntwo", r.store.step("a").OutputValue, "only the ends are trimmed")
}

func TestLastVisitedOutputWins(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("steps:",
		"  - {name: a, run: 'echo a', output: V}",
		"  - {name: b, run: 'echo b', output: V}",
		"  - {name: ab, depends: [a, b], run: 'echo $V'}",
		"  - {name: ba, depends: [b, a], run: 'echo $V'}"))
	require.Equal(t, "b\n", r.stdout("ab"))
	require.Equal(t, "a\n", r.stdout("ba"))
}

func TestWhatFailedStepsPublish(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.run(r.text("steps:",
		"  - {name: a, run: 'echo a; exit 1', output: A, continue_on: {failed: true}}",
		"  - {name: b, run: 'echo b; exit 1', output: B}",
		"handler_on: {exit: {run: 'echo \"$A-$B\"'}}"))
	require.Equal(t, "a-\n", r.stdout("onExit"))
	require.Empty(t, r.store.step("b").Output)
}

func TestTooMuchOutput(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *runner.Options) { o.MaxOutput = 10 })
	result := r.run(r.text("steps:",
		"  - {name: exact, run: 'printf 0123456789', output: A}",
		"  - {name: over, run: 'printf 01234567890', output: B}",
		"  - {name: long, run: 'printf 01234567890'}"))
	require.Equal(t, store.StatusFailed, result.Status)
	require.Equal(t, "0123456789", r.store.step("exact").OutputValue)
	require.Equal(t, store.StepFailed, r.store.step("over").Status)
	require.Contains(t, r.store.step("over").Error, "exceeded maximum size limit of 10 bytes")
	require.Equal(t, "01234567890", r.stdout("over"), "the log has all of it")
	require.Equal(t, store.StepSucceeded, r.store.step("long").Status)
}
