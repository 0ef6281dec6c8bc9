package runner_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/runner"
	"dagu/modules/store"
)

func TestForms(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		lines []string
		want  string // the stdout of step a
		says  string // its error; "" succeeds
	}{
		"command":                {[]string{"run: echo ${params.P} | tr x y"}, "y\n", ""},
		"command stops at error": {[]string{"run: 'false; echo on'"}, "", "exit status 1"},
		"command with a break":   {[]string{"run: 'echo ${params.N}'"}, "", "line break"},
		"list":                   {[]string{"run: ['echo 1; V=x', 'echo 2 $V', 'echo 3']"}, "1\n2\n3\n", ""},
		"list stops":             {[]string{"run: [echo 1, exit 4, echo 3]"}, "1\n", "exit status 4"},
		"script":                 {[]string{"run: |", "  echo one", "  echo ${params.P}", "  echo \"$0\" | grep -c /"}, "one\nx\n1\n", ""},
		"script stops at error":  {[]string{"run: |", "  echo one", "  false", "  echo two"}, "one\n", "exit status 1"},
		"script on stdin":        {[]string{"run: |", "  cat", "  echo end"}, "end\n", ""},
		"shebang":                {[]string{"run: |", "  #!/usr/bin/env -S sh -u", "  false", "  echo $0 | grep -c run-1"}, "1\n", ""},
		"shebang in path":        {[]string{"run: |", "  #!dash", "  echo hi"}, "hi\n", ""},
		"shebang without end":    {[]string{"run: |", "  #!dash 'x", "  echo hi"}, "", "interpreter"},
		"shebang of no program":  {[]string{"run: |", "  #!no-such-program", "  echo hi"}, "", "no-such-program"},
		"own shell, no shebang":  {[]string{"with: {shell: sh}", "run: |", "  #!/bin/false", "  false", "  echo on"}, "on\n", ""},
		"own shell":              {[]string{"with: {shell: sh}", "run: 'false; echo on'"}, "on\n", ""},
		"own arguments":          {[]string{"with: {shell_args: [-u]}", "run: 'false; echo on'"}, "", "exit status 1"},
		"arguments are resolved": {[]string{"with: {shell: 'sh ${params.F}'}", "run: 'echo $-'"}, "f\n", ""},
		"byte of no text":        {[]string{"env: [{B: \"a\\0b\"}]", "run: echo hi"}, "", "NUL byte"},
		"bad carrier":            {[]string{"with: {shell: sh -cecho}", "run: echo hi"}, "", "-cecho"},
		"packages":               {[]string{"with: {shell_packages: [jq]}", "run: echo hi"}, "", "shell_packages"},
		"unknown shell":          {[]string{"with: {shell: no-such-shell}", "run: echo hi"}, "", `program "no-such-shell" was not found in PATH`},
		"never from the directory": {
			[]string{"working_dir: $DIR", "with: {shell: tool}", "env: ['PATH=:.:/bin:/usr/bin']", "run: echo hi"}, "", `program "tool" was not found`,
		},
		"by path":                {[]string{"working_dir: $DIR", "with: {shell: ./tool}", "run: echo hi"}, "tool -c echo hi\n", ""},
		"not executable":         {[]string{"with: {shell: /etc/passwd}", "run: echo hi"}, "", "cannot be executed"},
		"directory as a program": {[]string{"with: {shell: /etc}", "run: echo hi"}, "", "not a file that can be executed"},
		"own PATH":               {[]string{"env: ['PATH=$DIR:/bin:/usr/bin']", "with: {shell: tool}", "run: echo hi"}, "tool -c echo hi\n", ""},
		"output record":          {[]string{"run: echo v=1 >> $DAGU_OUTPUT_FILE"}, "", `undeclared step output "v"`},
		"output block":           {[]string{"run: 'printf \"b<<X\\n1\\nX\\n\" >> $DAGU_OUTPUT_FILE'"}, "", `undeclared step output "b"`},
		"output of a failure":    {[]string{"run: 'echo v=1 >> $DAGU_OUTPUT_FILE; exit 3'"}, "", "exit status 3"},
		"output file removed":    {[]string{"run: rm $DAGU_OUTPUT_FILE"}, "", ""},
		"output file replaced":   {[]string{"run: rm $DAGU_OUTPUT_FILE; mkfifo $DAGU_OUTPUT_FILE"}, "", "not a file any more"},
		"output file linked":     {[]string{"run: ln -sf /etc/passwd $DAGU_OUTPUT_FILE"}, "", "DAGU_OUTPUT_FILE"},
		"output not text":        {[]string{"run: 'printf \"\\377\" > $DAGU_OUTPUT_FILE'"}, "", "UTF-8"},
		"output no record":       {[]string{"run: 'echo word > $DAGU_OUTPUT_FILE'"}, "", "no record"},
		"output empty line":      {[]string{"run: 'echo > $DAGU_OUTPUT_FILE'"}, "", "empty line"},
		"output too large":       {[]string{"run: 'head -c 2000000 /dev/zero > $DAGU_OUTPUT_FILE'"}, "", "maximum size limit"},
		"old command and script": {[]string{"command: sh -f", "script: |", "  echo $-"}, "f\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			require.NoError(t, os.WriteFile(r.path("tool"), []byte("#!/bin/sh\necho tool \"$@\"\n"), 0o700)) //nolint:gosec // it is a program
			text := "params: [{P: x}, {name: N, type: string, default: \"a\\nb\"}, {F: -f}]\nsteps:\n- name: a\n  " + strings.Join(tt.lines, "\n  ") + "\n"
			result := r.run(r.text(text))
			if tt.says == "" {
				require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
				require.Equal(t, tt.want, r.stdout("a"))
				return
			}
			require.Equal(t, store.StatusFailed, result.Status)
			require.Contains(t, r.store.step("a").Error, tt.says)
			if tt.want != "" {
				require.Equal(t, tt.want, r.stdout("a"))
			}
		})
	}
}

func TestShellThatApplies(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		edit func(*runner.Options)
		root string
		with string
		want string
	}{
		"nothing":              {nil, "", "", "sh -e -c"},
		"$SHELL":               {func(o *runner.Options) { o.Environ = append(o.Environ, "SHELL=$DIR/bash") }, "", "", "bash -e -c"},
		"configured":           {func(o *runner.Options) { o.DefaultShell = "ksh -u" }, "", "", "ksh -u -e -c"},
		"root":                 {func(o *runner.Options) { o.DefaultShell = "ksh -u" }, "shell: zsh -x", "", "zsh -x -e -c"},
		"root with arguments":  {func(o *runner.Options) { o.DefaultShell = "ksh -u" }, "shell: zsh\nshell_args: [-x]", "", "zsh -x -e -c"},
		"root arguments alone": {func(o *runner.Options) { o.DefaultShell = "ksh -u" }, "shell_args: [-x]", "", "ksh -u -x -e -c"},
		"step":                 {nil, "shell: zsh -x", "shell: bash -y", "bash -y -c"},
		"step arguments":       {nil, "shell: zsh -x", "shell_args: [-y]", "zsh -x -y -e -c"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for _, shell := range []string{"sh", "bash", "ksh", "zsh"} {
				tool := "#!/bin/dash\necho " + shell + " \"$@\"\n"
				require.NoError(t, os.WriteFile(filepath.Join(dir, shell), []byte(tool), 0o700)) //nolint:gosec // it is a program
			}
			r := newRig(t, func(o *runner.Options) {
				if tt.edit != nil {
					tt.edit(o)
				}
				for i := range o.Environ {
					o.Environ[i] = strings.Replace(o.Environ[i], "$DIR", dir, 1)
				}
				o.Environ = append(o.Environ, "PATH="+dir)
			})
			r.succeed(tt.root + "\nsteps: [{name: a, run: text, with: {" + tt.with + "}}]")
			require.Equal(t, tt.want+" text\n", r.stdout("a"))
		})
	}
}

func TestRedirectedStreams(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	require.NoError(t, os.WriteFile(r.path("out"), []byte("before\n"), 0o600))
	r.succeed(r.text("steps:",
		"  - {name: a, run: 'echo 1; echo 2 >&2', working_dir: $DIR, stdout: out, stderr: '${DAG_NAME}.err', output: V}",
		"  - {name: b, run: 'echo \"$V\"', depends: a}"))
	for file, want := range map[string]string{"out": "before\n1\n", "job.err": "2\n"} {
		text, err := os.ReadFile(r.path(file))
		require.NoError(t, err)
		require.Equal(t, want, string(text))
	}
	info, err := os.Stat(r.path("job.err"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Equal(t, "1\n", r.stdout("a"), "the log has the stream as well")
	require.Equal(t, "1\n", r.stdout("b"))
}

func TestRedirectionThatFails(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ field, says string }{
		"no parent":  {"stdout: $DIR/none/out", "no such file or directory"},
		"same file":  {"stdout: $DIR/x, stderr: $DIR/y/../x", "same file"},
		"full disk":  {"stdout: /dev/full", "no space left"},
		"directory":  {"stderr: $DIR", "is a directory"},
		"lonely end": {"stdout: $DIR/fifo", "no such device or address"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.succeed(r.text("steps: [{name: a, run: mkfifo $DIR/fifo}]"))
			result := r.run(r.text("steps: [{name: a, run: echo hi, " + tt.field + "}]"))
			require.Equal(t, store.StatusFailed, result.Status)
			require.Contains(t, result.Error, tt.says)
		})
	}
}

func TestManyBytesThroughAPump(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("steps: [{name: a, run: 'head -c 20000000 /dev/zero', stdout: $DIR/copy}]"))
	for _, path := range []string{r.path("copy"), r.store.step("a").Stdout} {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, int64(20_000_000), info.Size())
	}
}
