package runner_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/runner"
	"dagu/modules/store"
)

// emits is a workflow whose step writes a file to DAGU_OUTPUT_FILE.
func emits(r *rig, written, declared string) string {
	require.NoError(r.t, os.WriteFile(r.path("written"), []byte(written), 0o600))
	return r.text("steps:", `  - {id: a, run: 'cat $DIR/written > "$DAGU_OUTPUT_FILE"'`+declared+`}`)
}

func TestDeclaredOutputs(t *testing.T) {
	t.Parallel()
	const one, two = ", outputs: [{name: v}]", ", outputs: [{name: v}, {name: w, type: json}]"
	for name, tt := range map[string]struct {
		written, declared string
		want              map[string]string
		says              string
	}{
		"a line":              {"v=1\n", one, map[string]string{"v": "1"}, ""},
		"without its end":     {"v=1", one, map[string]string{"v": "1"}, ""},
		"as it is":            {"v= a=b <<c \t\n", one, map[string]string{"v": " a=b <<c \t"}, ""},
		"empty":               {"v=\n", one, map[string]string{"v": ""}, ""},
		"two":                 {"w={ \"x\": 1.50 }\nv=1\n", two, map[string]string{"v": "1", "w": `{ "x": 1.50 }`}, ""},
		"a block":             {"v<<END\na=1\n\n END\nEND\n", one, map[string]string{"v": "a=1\n\n END"}, ""},
		"an empty block":      {"v<<E\nE\n", one, map[string]string{"v": ""}, ""},
		"a block's last end":  {"v<<_E1\na\n\n_E1", one, map[string]string{"v": "a\n"}, ""},
		"a block of JSON":     {"w<<E\n[1,\n 2]\nE\nv<<E\nx\nE\n", two, map[string]string{"v": "x", "w": "[1,\n 2]"}, ""},
		"CRLF":                {"v<<E\r\na\r\nb\r\nE\r\n", one, map[string]string{"v": "a\nb"}, ""},
		"CRLF of a line":      {"v=a\r\n", one, map[string]string{"v": "a"}, ""},
		"CR alone":            {"v=a\rb\n", one, map[string]string{"v": "a\rb"}, ""},
		"nothing declared":    {"", "", nil, ""},
		"not text":            {"v=\xff\n", one, nil, "is not UTF-8 text"},
		"an empty line":       {"v=1\n\n", one, nil, "has an empty line"},
		"an empty CRLF line":  {"\r\nv=1\n", one, nil, "has an empty line"},
		"no record":           {"v\n", one, nil, "is no record"},
		"no name":             {"=1\n", one, nil, "without a name"},
		"no name of a block":  {"<<E\n1\nE\n", one, nil, "without a name"},
		"an open block":       {"v<<E\n1\n", one, nil, `has a block of "v" without its end E`},
		"an open empty block": {"v<<E", one, nil, `has a block of "v" without its end E`},
		"no word":             {"v<<\n1\n\n", one, nil, `has a block of "v" that ends with no word`},
		"a bad word":          {"v<<1E\n1\n1E\n", one, nil, `has a block of "v" that ends with no word: "1E"`},
		"a word with =":       {"v<<E=F\n", one, nil, `ends with no word: "E=F"`},
		"undeclared":          {"x=1\n", one, nil, `undeclared step output "x"`},
		"undeclared block":    {"x<<E\nE\n", one, nil, `undeclared step output "x"`},
		"blanks in a name":    {"v =1\n", one, nil, `undeclared step output "v "`},
		"undeclared at all":   {"v=1\n", "", nil, `undeclared step output "v"`},
		"twice":               {"v=1\nv=1\n", one, nil, `duplicate step output "v"`},
		"missing":             {"v=1\n", two, nil, `declared output "w" was not emitted`},
		"nothing":             {"", one, nil, `declared output "v" was not emitted`},
		"bad JSON":            {"v=1\nw={\n", two, nil, `step output "w" is not valid JSON`},
		"empty JSON":          {"v=1\nw=\n", two, nil, `step output "w" is not valid JSON`},
		"two JSON values":     {"v=1\nw=1 2\n", two, nil, `step output "w" is not valid JSON`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			result := r.run(emits(r, tt.written, tt.declared))
			step := r.store.step("a")
			require.Equal(t, tt.want, step.Emitted)
			if tt.says == "" {
				require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
				return
			}
			require.Equal(t, store.StepFailed, step.Status)
			require.Contains(t, step.Error, tt.says)
			require.Zero(t, step.ExitCode, "the command itself did not fail")
		})
	}
}

func TestSizeOfTheOutputFile(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *runner.Options) { o.MaxOutput = 10 })
	r.run(emits(r, "v=12345678", ", outputs: [{name: v}]"))
	require.Equal(t, map[string]string{"v": "12345678"}, r.store.step("a").Emitted, "exactly the limit")
	r.run(emits(r, "v=123456789", ", outputs: [{name: v}]"))
	require.Contains(t, r.store.step("a").Error, "exceeded maximum size limit of 10 bytes")
}

func TestOutputFileOfEachAttempt(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("steps:",
		"  - id: a",
		"    retry_policy: {limit: 2, interval_sec: 0}",
		"    outputs: [{name: v}]",
		"    run: |",
		`      echo x >> $DIR/tries`,
		`      [ -s "$DAGU_OUTPUT_FILE" ] && exit 9`,
		`      n=$(wc -l < $DIR/tries)`,
		`      echo "v=$n" > "$DAGU_OUTPUT_FILE"`,
		`      [ "$n" -eq 1 ] && exit 3`,
		`      [ "$n" -eq 2 ] && echo bad >> "$DAGU_OUTPUT_FILE"`,
		"      true",
	))
	step := r.store.step("a")
	require.Equal(t, 3, step.Tries, "a failure and a bad file are tried again")
	require.Equal(t, map[string]string{"v": "3"}, step.Emitted)
}

func TestFailuresEmitNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.run(r.text("steps:",
		`  - {id: a, run: 'echo v=1 > "$DAGU_OUTPUT_FILE"; exit 3', outputs: [{name: v}], continue_on: {failed: true}}`,
		`  - {id: b, run: 'echo v=1 > "$DAGU_OUTPUT_FILE"; sleep 100', outputs: [{name: v}], timeout_sec: 1, continue_on: {failed: true}}`,
		`  - {id: c, run: "echo v=1", outputs: [{name: v}]}`,
	))
	for _, name := range []string{"a", "b", "c"} {
		require.Nil(t, r.store.step(name).Emitted, name)
	}
	require.Equal(t, "exit status 3", r.store.step("a").Error, "the failure is told and not the file")
	require.Contains(t, r.store.step("c").Error, "not emitted", "stdout is no output")
}

func TestOutputFileOfEveryStep(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("steps:",
		`  - {id: a, run: ['echo v=1 > "$DAGU_OUTPUT_FILE"', 'echo w=2 >> "$DAGU_OUTPUT_FILE"'], outputs: [{name: v}, {name: w}]}`,
		`  - {id: b, action: exec, with: {command: sh, args: [-c, 'echo v=3 > $DAGU_OUTPUT_FILE']}, outputs: [{name: v}]}`,
		`handler_on: {exit: {id: h, run: 'echo v=4 > "${context.paths.step_output_file}"', outputs: [{name: v}]}}`,
	))
	require.Equal(t, map[string]string{"v": "1", "w": "2"}, r.store.step("a").Emitted, "one file for the list")
	require.Equal(t, map[string]string{"v": "3"}, r.store.step("b").Emitted)
	require.Equal(t, map[string]string{"v": "4"}, r.store.step("onExit").Emitted)
	require.Empty(t, strings.TrimSpace(r.stdout("a")))
}
