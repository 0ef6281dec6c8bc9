package runner_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/runner"
	"dagu/modules/store"
)

// Every field takes the forms that are its own: references everywhere, $NAME where no
// shell reads the text, and our own environment where nothing else is said.
func TestFieldsAndWhatTheyTake(t *testing.T) {
	t.Parallel()
	const text = "${params.p}-$p-$HOST_ONLY"
	const names, host = "P-P-$HOST_ONLY", "P-P-host"
	for name, tt := range map[string]struct {
		lines []string // which leave what became of the text in the stdout of a
		want  string
	}{
		"root env":           {[]string{"env: ['V=" + text + "']", "steps: [{name: a, run: printenv V}]"}, host},
		"step env":           {[]string{"steps: [{name: a, env: ['V=" + text + "'], run: printenv V}]"}, names},
		"defaults env":       {[]string{"defaults: {env: ['V=" + text + "']}", "steps: [{name: a, run: printenv V}]"}, names},
		"dotenv":             {[]string{"dotenv: ['" + text + ".env']", "steps: [{name: a, run: printenv DOTENV}]"}, "P-P-host.env"},
		"exec":               {[]string{"steps: [{name: a, action: exec, with: {command: echo, args: ['" + text + "']}}]"}, host},
		"exec command":       {[]string{"steps: [{name: a, action: exec, with: {command: '$DIR/" + text + "'}}]"}, "P-P-host.sh"},
		"with of an action":  {[]string{"steps: [{name: a, action: log.write, with: {message: '" + text + "'}}]"}, names},
		"command":            {[]string{"steps: [{name: a, run: \"echo '" + text + "'\"}]"}, "P-$p-$HOST_ONLY"},
		"list of commands":   {[]string{"steps: [{name: a, run: [\"echo '" + text + "'\"]}]"}, "P-$p-$HOST_ONLY"},
		"script":             {[]string{"steps:", "  - name: a", "    run: |", "      echo '" + text + "'"}, "P-$p-$HOST_ONLY"},
		"working_dir":        {[]string{"steps: [{name: a, working_dir: '" + text + "', run: basename $PWD}]"}, names},
		"root working_dir":   {[]string{"working_dir: '" + text + "'", "steps: [{name: a, run: basename $PWD}]"}, names},
		"shell of a step":    {[]string{"steps: [{name: a, run: 'true', with: {shell: [echo, '" + text + "']}}]"}, names + " -c true"},
		"arguments of one":   {[]string{"steps: [{name: a, run: 'true', with: {shell: echo, shell_args: ['" + text + "']}}]"}, names + " -c true"},
		"root shell":         {[]string{"shell: [echo, '" + text + "']", "steps: [{name: a, run: 'true'}]"}, names + " -c true"},
		"root shell_args":    {[]string{"shell: echo", "shell_args: ['" + text + "']", "steps: [{name: a, run: 'true'}]"}, names + " -c true"},
		"condition":          {[]string{"steps: [{name: a, preconditions: [{condition: '" + text + "', expected: '" + names + "'}], run: echo met}]"}, "met"},
		"eval":               {[]string{"steps: [{name: a, preconditions: [{eval: '" + text + "', expected: '" + host + "'}], run: echo met}]"}, "met"},
		"eval of parameters": {[]string{"params: [{name: p, default: P}, {name: q, eval: '" + text + "'}]", "steps: [{name: a, run: 'echo $q'}]"}, host},
		"expected":           {[]string{"steps: [{name: a, preconditions: [{condition: '\\$p', expected: '$p'}], run: echo met}]"}, "met"},
		"default":            {[]string{"params: [{name: p, default: P}, 'q=" + text + "']", "steps: [{name: a, run: \"echo '${params.q}'\"}]"}, text},
		"stdout":             {[]string{"steps: [{name: w, run: echo out, stdout: '$DIR/" + text + "'}, {name: a, depends: w, run: \"ls $DIR | grep '^P-P-[$]'\"}]"}, names},
		"stderr":             {[]string{"steps: [{name: w, run: echo err >&2, stderr: '$DIR/" + text + "'}, {name: a, depends: w, run: \"ls $DIR | grep '^P-P-[$]'\"}]"}, names},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			require.NoError(t, os.WriteFile(r.path("P-P-host.env"), []byte("DOTENV=P-P-host.env"), 0o600))
			require.NoError(t, os.WriteFile(r.path("P-P-host"), []byte("#!/bin/sh\necho P-P-host.sh\n"), 0o700)) //nolint:gosec // it is executed
			if !strings.HasPrefix(tt.lines[0], "params") {
				tt.lines = append([]string{"params: [p=P]"}, tt.lines...)
			}
			r.succeed(r.text(tt.lines...))
			require.Equal(t, tt.want+"\n", r.stdout("a"))
		})
	}
}

// A backslash protects a name in a text, and is an ordinary character in the path of a stream.
func TestBackslashes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("params: [p=P]", "working_dir: $DIR", "steps:",
		`  - {name: a, env: ['V=\$p'], stdout: 'out\$p', run: "printenv V"}`,
		`  - {name: b, action: log.write, with: {message: "\\${params.p} \\\\${params.p}"}}`))
	require.Equal(t, "$p\n", r.stdout("a"))
	require.FileExists(t, r.path(`out\P`))
	require.Equal(t, "${params.p} \\\\P\n", r.stdout("b"))
}

func TestPositionalParametersAreInsertedEverywhere(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("params: one two", "env: ['V=$1']", "steps:",
		"  - {name: a, run: 'echo $1 ${2} $3 $V'}",
		"  - {name: b, action: log.write, with: {message: '${1} $2 $3'}}"), "eins")
	require.Equal(t, "eins two eins\n", r.stdout("a"), "the shell has no third one either")
	require.Equal(t, "eins two $3\n", r.stdout("b"))
}

func TestTheShellExpandsTildes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("params: ['d=~/x y', 'e=~/x', 'f=~']", "steps: [{name: a, run: 'echo $e $f \"$d\"'}]"))
	home := filepath.Dir(r.dags)
	require.Equal(t, home+"/x "+home+" ~/x y\n", r.stdout("a"))
}

func TestQuotedNamesAreJSONWhereNoShellReads(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text(`params: [{name: p, default: 'a "b" \ c'}]`,
		`steps: [{name: a, action: log.write, with: {message: '{"k": "${p}", "q": ''$p''}'}}, {name: b, run: 'echo "${p}"'}]`))
	require.Equal(t, `{"k": "a \"b\" \\ c", "q": '$p'}`+"\n", r.stdout("a"))
	require.Equal(t, `a "b" \ c`+"\n", r.stdout("b"))
}

func TestCommandChecksGetRawNames(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("params: [{name: p, default: 'a; exit 1'}]",
		"steps: [{name: a, preconditions: ['true $p'], run: echo}, {name: b, preconditions: [\"[ '$p' = '$''p' ]\", '[ -n \"${p:-x}\" ]', '[ $HOST_ONLY x = x ]'], run: echo}]"))
	require.Equal(t, store.StepSkipped, r.store.step("a").Status, "a name in scope is inserted as raw text")
	require.Equal(t, store.StepSucceeded, r.store.step("b").Status, "the rest is left to the shell")
}

func TestTypedFieldsOfReferences(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.run(r.text("params: [n=1]", "steps:",
		"  - {name: a, run: exit 1, retry_policy: {limit: '${params.n}', interval_sec: '$ZERO'}, env: [ZERO=0]}",
		"  - {name: b, run: exit 1, retry_policy: {limit: '${params.none}', interval_sec: 0}}"))
	require.Equal(t, 2, r.store.step("a").Tries)
	require.Zero(t, r.store.step("b").Tries)
	require.Contains(t, r.store.step("b").Error, `retry_policy.limit: "${params.none}" is not a whole number`)
}

// contextFields is a text with every field of the run context.
func contextFields(names ...string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, "%s=${context.%s} ", name, name)
	}
	return strings.TrimSpace(b.String())
}

func TestTheRunContextWhereItIs(t *testing.T) {
	t.Parallel()
	every := contextFields("dag.name", "run.id", "attempt.id", "attempt.started_at", "trigger.type", "paths.log_file", "paths.work_dir", "run.scheduled_at")
	some := contextFields("run.status", "run.root_name", "run.root_id", "step.name", "step.id", "trigger.actor",
		"paths.step_stdout_file", "paths.step_stderr_file", "paths.step_output_file", "profile.name", "profile.resolved_at",
		"pushback.iteration", "pushback.previous_stdout_file")
	r := newRig(t)
	rec := r.record(r.text("env: {ROOT_EVERY: '"+every+"', ROOT_SOME: '"+some+"'}", "steps:",
		"  - {id: first, name: a, env: {EVERY: '"+every+"', SOME: '"+some+"'}, run: 'printenv ROOT_EVERY EVERY ROOT_SOME SOME'}",
		"  - {id: one, name: b, action: log.write, with: {message: '"+some+"'}}",
		"  - {name: c, action: log.write, with: {message: '${context.step.id} ${step.id} ${step.name}'}}",
		"handler_on: {exit: {id: h, action: log.write, with: {message: '"+some+"'}}}"))
	rec.Started = time.Date(2031, 5, 1, 6, 30, 0, 0, time.FixedZone("", 7200))
	result, err := r.runner.Run(t.Context(), rec, nil)
	require.NoError(t, err)
	require.Equal(t, store.StatusSucceeded, result.Status, result.Error)

	lines := strings.Split(strings.TrimSpace(r.stdout("a")), "\n")
	require.Len(t, lines, 4)
	require.Equal(t, lines[0], lines[1])
	for _, want := range []string{
		"dag.name=job", "run.id=run-1", "attempt.id=attempt-1", "attempt.started_at=2031-05-01T04:30:00Z", "trigger.type=manual",
		"paths.log_file=/", "paths.work_dir=/", "run.scheduled_at=${context.run.scheduled_at}",
	} {
		require.Contains(t, lines[0], want)
	}
	require.Equal(t, some, lines[2], "nothing of it is there for the root env")
	literal := func(names ...string) string { return contextFields(names...) }
	require.Equal(t, strings.Join([]string{
		literal("run.status", "run.root_name", "run.root_id"), "step.name=a step.id=first",
		literal("trigger.actor", "paths.step_stdout_file", "paths.step_stderr_file", "paths.step_output_file",
			"profile.name", "profile.resolved_at", "pushback.iteration", "pushback.previous_stdout_file"),
	}, " "), lines[3], "the files of an execution are not there for the env of a step")

	b := r.store.step("b")
	require.Contains(t, r.stdout("b"), "step.name=b step.id=one")
	require.Contains(t, r.stdout("b"), "paths.step_stdout_file="+b.Stdout+" paths.step_stderr_file="+b.Stderr+" paths.step_output_file="+r.temp)
	require.Equal(t, "${context.step.id} ${step.id} c\n", r.stdout("c"))
	require.Contains(t, r.stdout("onExit"), "run.status=succeeded")
	require.Contains(t, r.stdout("onExit"), "step.name=onExit step.id=${context.step.id}")
	require.Contains(t, r.stdout("onExit"), "paths.step_stdout_file=${context.paths.step_stdout_file} paths.step_stderr_file=${context.paths.step_stderr_file} paths.step_output_file="+r.temp)
}

func TestNothingShadowsTheRunContext(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("params: [run=x, step=y]", "steps: [{id: one, name: a, run: 'echo ${run.id} ${step.name} ${params.run} $step'}]"))
	require.Equal(t, "run-1 a x y\n", r.stdout("a"))
}

func TestProtectedVariables(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	names := []string{"DAG_NAME", "DAG_RUN_ID", "DAG_RUN_LOG_FILE", "DAG_RUN_WORK_DIR", "DAG_PARAMS_JSON"}
	var env, seen, shadow []string
	for _, name := range names {
		env = append(env, name+"=mine", "SEEN_"+name+"=$"+name)
		seen = append(seen, "SEEN_"+name)
		shadow = append(shadow, name+"=shadow")
	}
	list := func(texts []string) string { return "['" + strings.Join(texts, "', '") + "']" }
	require.NoError(t, os.WriteFile(r.path(".env"), []byte(strings.Join(names, "=dotenv\n")+"=dotenv\n"), 0o600))
	r.succeed(r.text("params: [p=1]", "env: "+list(env), "steps:",
		"  - {name: a, run: 'printenv "+strings.Join(seen, " ")+"'}",
		"  - {name: b, run: 'printenv "+strings.Join(names, " ")+"'}",
		"  - {name: c, env: "+list(shadow)+", run: 'printenv "+strings.Join(names, " ")+"; echo ${env.DAG_NAME} ${context.dag.name}'}"))
	require.Equal(t, strings.Repeat("mine\n", len(names)), r.stdout("a"), "later entries read what the author wrote")
	require.NotContains(t, r.stdout("b"), "mine")
	require.NotContains(t, r.stdout("b"), "dotenv")
	require.Contains(t, r.stdout("b"), "job\nrun-1\n/")
	require.Contains(t, r.stdout("b"), `{"p":"1"}`)
	require.Equal(t, strings.Repeat("shadow\n", len(names))+"shadow job\n", r.stdout("c"))
}

func TestVariablesOfAnExecution(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	names := []string{"DAG_RUN_STEP_STDOUT_FILE", "DAG_RUN_STEP_STDERR_FILE", "DAGU_OUTPUT_FILE"}
	var env []string
	for _, name := range names {
		env = append(env, name+"=mine")
	}
	r.succeed(r.text("steps:",
		"  - {name: a, env: ['"+strings.Join(env, "', '")+"'], run: 'printenv "+strings.Join(names, " ")+"'}",
		"  - {name: b, env: ['A=$DAGU_OUTPUT_FILE ${env.DAG_RUN_STEP_STDOUT_FILE}'], run: 'printenv A'}"))
	require.NotContains(t, r.stdout("a"), "mine")
	require.Contains(t, r.stdout("a"), r.store.step("a").Stdout+"\n"+r.store.step("a").Stderr+"\n")
	require.Equal(t, "$DAGU_OUTPUT_FILE ${env.DAG_RUN_STEP_STDOUT_FILE}\n", r.stdout("b"))
}

func TestDynamicParameters(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		eval, more string
		words      []string
		want       string // "" is a failure that says so
	}{
		"stdout is trimmed, stderr dropped": {"[$(printf ' x \\n\\n'; echo bad >&2)]", "", nil, "[x]"},
		"consts and earlier parameters":     {"${consts.c} ${params.a} $a `echo $a`", "", nil, "C A A A"},
		"values cannot smuggle":             {"$a", "", []string{"a=$(echo no)`id`"}, "$(echo no)`id`"},
		"not what comes later":              {"${params.z} $z ${env.ROOT}", "", nil, "${params.z} $z ${env.ROOT}"},
		"the whole process environment":     {"$HOST_ONLY $(echo $HOST_ONLY)", "", nil, "host host"},
		"given by the caller":               {"$(exit 1)", "", []string{"p=given"}, "given"},
		"failure with a default":            {"x$(exit 1)", ", default: d", nil, "d"},
		"failure":                           {"x$(exit 3)", "", nil, ""},
		"no such command":                   {"`no-such-command-here`", "", nil, ""},
		"not nested":                        {"$(echo `echo x`)", "", nil, "x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *runner.Options) { o.DefaultShell = "sh" })
			text := r.text("consts: [{c: C}]", "env: [ROOT=r]", "params: [{name: a, default: A}, {name: p, eval: '"+strings.ReplaceAll(tt.eval, "'", "''")+"'"+tt.more+"}, {name: z, default: Z}]",
				"steps: [{name: s, run: 'printenv p'}]")
			result := r.run(text, tt.words...)
			if tt.want == "" {
				require.Equal(t, store.StatusFailed, result.Status)
				require.Contains(t, result.Error, "params: eval failed")
				require.Equal(t, store.StepNotStarted, r.store.step("s").Status)
				return
			}
			require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
			require.Equal(t, tt.want+"\n", r.stdout("s"))
		})
	}
}

func TestShellsOfDynamicTexts(t *testing.T) {
	t.Parallel()
	shell := func(r *rig, name string) {
		text := "#!/bin/sh\necho " + name + " in $(basename \"$PWD\")\n"
		require.NoError(t, os.WriteFile(r.path(name), []byte(text), 0o700)) //nolint:gosec // it is executed
	}
	params := "params: [{name: p, eval: '$(x)'}]"
	step := "steps: [{name: a, action: log.write, with: {message: '${params.p}'}}]"
	root := "shell: $DIR/root" // of steps, and of no parameter

	r := newRig(t, func(o *runner.Options) { o.DefaultShell = filepath.Join(filepath.Dir(o.TempDir), "dags", "configured") })
	shell(r, "configured")
	r.succeed(r.text(params, root, step))
	require.Contains(t, r.stdout("a"), "configured in ")

	r = newRig(t, func(o *runner.Options) {
		o.Environ = append(o.Environ, "SHELL="+filepath.Join(filepath.Dir(o.TempDir), "dags", "users"))
	})
	shell(r, "users")
	r.succeed(r.text(params, root, step))
	require.Contains(t, r.stdout("a"), "users in ")

	shell(r, "own")
	shell(r, "root")
	r.succeed(r.text(root, "working_dir: $DIR", "steps:",
		"  - {name: a, working_dir: sub, preconditions: [{eval: '$(x)', expected: own in sub}], run: x, with: {shell: $DIR/own}}",
		"  - {name: b, preconditions: [{eval: '`x`', expected: root in dags}], run: x}"))
	require.Equal(t, store.StepSucceeded, r.store.step("a").Status, "it is the shell and the directory of the step")
	require.Equal(t, store.StepSucceeded, r.store.step("b").Status)
}
