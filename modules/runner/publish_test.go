package runner_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/runner"
	"dagu/modules/store"
)

// published runs a step with the lines, which may read data.json and big.yaml.
func published(t *testing.T, lines string) store.Step {
	t.Helper()
	r := newRig(t, func(o *runner.Options) { o.MaxOutput = 400 })
	require.NoError(t, os.WriteFile(r.path("data.json"), []byte(` {"z": 1.50, "a": [{"n": "x\ny"}, null], "html": "<&>"} `), 0o600))
	require.NoError(t, os.WriteFile(r.path("big.txt"), []byte(strings.Repeat("x", 401)), 0o600))
	r.run(r.text("consts: [{team: core}]", "env: {E: env}", "working_dir: $DIR", "steps:", "- id: a\n  "+strings.ReplaceAll(lines, "\n", "\n  ")))
	return r.store.step("a")
}

func TestOutputObject(t *testing.T) {
	t.Parallel()
	const text, data = "run: echo ' two  words '; echo trouble >&2\n", "run: cat data.json\n"
	for name, tt := range map[string]struct{ lines, want, says string }{
		"alone":             {"output: {b: 1, a: text}", `{"b":1,"a":"text"}`, ""},
		"any YAML":          {"output: {a: [1, 2.50, true, null, {y: x, b: []}], n: null, m: {path: p}}", `{"a":[1,2.5,true,null,{"b":[],"y":"x"}],"n":null,"m":{"path":"p"}}`, ""},
		"resolved":          {"output: {a: '${consts.team} $E ${E:-x}', b: ['$E'], '$E': {k: '$E'}}", `{"a":"core env env","b":["env"],"$E":{"k":"env"}}`, ""},
		"markup":            {"output: {a: <&>}", `{"a":"<&>"}`, ""},
		"value":             {"output: {a: {value: {from: here}}, b: {value: $E}}", `{"a":{"from":"here"},"b":"env"}`, ""},
		"streams":           {text + "output: {o: {from: stdout}, e: {from: stderr}}", `{"o":"two  words","e":"trouble"}`, ""},
		"of nothing":        {"output: {o: {from: stdout}}", `{"o":""}`, ""},
		"JSON":              {data + "output: {o: {from: stdout, decode: json}}", `{"o":{"a":[{"n":"x\ny"},null],"html":"<&>","z":1.50}}`, ""},
		"selected":          {data + "output: {o: {from: stdout, decode: json, select: '.a[0].n'}, p: {from: stdout, decode: json, select: '.a | length'}}", `{"o":"x\ny","p":2}`, ""},
		"a file":            {"output: {o: {from: file, path: data.json, decode: json, select: .z}, t: {from: file, path: '$PWD/data.json'}}", `{"o":1.50,"t":"{\"z\": 1.50, \"a\": [{\"n\": \"x\\ny\"}, null], \"html\": \"<&>\"}"}`, ""},
		"a file it makes":   {"run: echo hi > made\noutput: {o: {from: file, path: made}}", `{"o":"hi"}`, ""},
		"YAML":              {"run: 'printf \"a: [1, 2020-01-02, 1.50]\\n2: x\\n\"'\noutput: {o: {from: stdout, decode: yaml}}", `{"o":{"2":"x","a":[1,"2020-01-02",1.5]}}`, ""},
		"selected null":     {data + "output: {o: {from: stdout, decode: json, select: '.a[1]'}}", `{"o":null}`, ""},
		"an alternative":    {data + "output: {o: {from: stdout, decode: json, select: '.q // \"none\"'}}", `{"o":"none"}`, ""},
		"nested too deeply": {data + "output: {o: {from: stdout, decode: json, select: 'reduce range(10001) as $i (0; [.])'}}", "", "output.o: stdout: select reduce range(10001) as $i (0; [.]): the value is nested more than 10000 levels deep"},
		"a nested error":    {data + "output: {o: {from: stdout, decode: json, select: 'reduce range(10001) as $i (0; [.]) | error'}}", "", "(0; [.]) | error: the value is nested more than 10000 levels deep"},
		"no such path":      {data + "output: {o: {from: stdout, decode: json, select: .q.r}}", "", "output.o: stdout: select .q.r: there is no such value"},
		"no such entry":     {data + "output: {o: {from: stdout, decode: json, select: '.a[2]'}}", "", "there is no such value"},
		"several":           {data + "output: {o: {from: stdout, decode: json, select: '.a[]'}}", "", "it selects 2 values, not one"},
		"none":              {data + "output: {o: {from: stdout, decode: json, select: empty}}", "", "it selects 0 values, not one"},
		"a select error":    {data + "output: {o: {from: stdout, decode: json, select: .z.y}}", "", "output.o: stdout: select .z.y: "},
		"bad JSON":          {text + "output: {o: {from: stdout, decode: json}}", "", "output.o: stdout: is not valid JSON"},
		"no JSON":           {"output: {o: {from: stdout, decode: json}}", "", "is not valid JSON: there is nothing"},
		"two of JSON":       {"run: echo 1 2\noutput: {o: {from: stdout, decode: json}}", "", "is not valid JSON: there is more than one value"},
		"bad YAML":          {"run: 'echo \"a: b: c\"'\noutput: {o: {from: stdout, decode: yaml}}", "", "output.o: stdout: is not valid YAML"},
		"infinite YAML":     {"run: 'echo .inf'\noutput: {o: {from: stdout, decode: yaml}}", "", "JSON has no form for the number +Inf"},
		"no file":           {"output: {o: {from: file, path: gone}}", "", "gone: no such file or directory"},
		"a directory":       {"output: {o: {from: file, path: .}}", "", "is not a regular file"},
		"a large file":      {"output: {o: {from: file, path: big.txt}}", "", "big.txt exceeded maximum size limit of 400 bytes"},
		"much stderr":       {"run: cat big.txt >&2\noutput: {o: {from: stderr}}", "", "output exceeded maximum size limit of 400 bytes"},
		"a large object":    {"output: {o: '" + strings.Repeat("x", 400) + "'}", "", "output exceeded maximum size limit of 400 bytes"},
		"a failing command": {"run: exit 3\noutput: {o: 1}\ncontinue_on: {failed: true}", "", "exit status 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := published(t, tt.lines)
			if tt.says != "" {
				require.Equal(t, store.StepFailed, step.Status)
				require.Contains(t, step.Error, tt.says)
				require.Equal(t, []any{false, "", map[string]string(nil)}, []any{step.HasOutput, step.OutputValue, step.Published})
				return
			}
			require.Equal(t, store.StepSucceeded, step.Status, step.Error)
			require.True(t, step.HasOutput)
			require.Equal(t, tt.want, step.OutputValue)
			require.Empty(t, step.Output, "it is no variable")
			require.NotEmpty(t, step.Published)
		})
	}
}

func TestPublishedByKey(t *testing.T) {
	t.Parallel()
	const data, text = "run: cat data.json\n", "run: echo ' two  words '\n"
	for name, tt := range map[string]struct {
		lines string
		want  map[string]string
		says  string
	}{
		"of the object":     {"output: {t: ' text ', n: 1, l: [1, {b: 2}], z: null}", map[string]string{"t": " text ", "n": "1", "l": `[1,{"b":2}]`, "z": "null"}, ""},
		"a field":           {text + "stdout: {outputs: words}", map[string]string{"words": "two  words"}, ""},
		"a field as a map":  {text + "stdout: {outputs: {field: words}}", map[string]string{"words": "two  words"}, ""},
		"a decoded field":   {data + "stdout: {outputs: {field: f, decode: json, select: .a}}", map[string]string{"f": `[{"n":"x\ny"},null]`}, ""},
		"a selected field":  {data + "stdout: {outputs: {field: f, select: '.a[0].n'}}", map[string]string{"f": "x\ny"}, ""},
		"an object":         {data + "stdout: {outputs: {decode: json}}", map[string]string{"z": "1.50", "a": `[{"n":"x\ny"},null]`, "html": "<&>"}, ""},
		"an object of JSON": {data + "stdout: {outputs: {select: '.a[0]'}}", map[string]string{"n": "x\ny"}, ""},
		"an object of YAML": {"run: 'echo \"a: 1\"'\nstdout: {outputs: {decode: yaml}}", map[string]string{"a": "1"}, ""},
		"fields": {
			data + "stdout: {outputs: {fields: {a: {decode: json, select: .z}, b: '${consts.team}', c: {from: stderr}, d: {from: file, path: data.json, decode: json, select: .html}}}}",
			map[string]string{"a": "1.50", "b": "core", "c": "", "d": "<&>"},
			"",
		},
		"beside an object": {text + "stdout: {outputs: words}\noutput: {n: 1}", map[string]string{"words": "two  words", "n": "1"}, ""},
		"no object":        {"run: echo '[1]'\nstdout: {outputs: {decode: json}}", nil, "stdout.outputs: stdout is no object whose keys could be published"},
		"bad JSON":         {text + "stdout: {outputs: {field: f, decode: json}}", nil, "stdout.outputs.f: stdout: is not valid JSON"},
		"too much":         {"run: cat big.txt\nstdout: {outputs: f}", nil, "output exceeded maximum size limit of 400 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := published(t, tt.lines)
			require.Equal(t, tt.want, step.Published)
			if tt.says != "" {
				require.Contains(t, step.Error, tt.says)
				return
			}
			require.Equal(t, store.StepSucceeded, step.Status, step.Error)
			require.Nil(t, step.Emitted, "declared outputs are others")
			require.Equal(t, strings.Contains(tt.lines, "output: {"), step.HasOutput)
		})
	}
}

func TestOutputSchema(t *testing.T) {
	t.Parallel()
	const schema = "\noutput_schema: {type: object, required: [n], properties: {n: {type: integer, minimum: 2}}}"
	for name, tt := range map[string]struct{ run, want, says string }{
		"matching":  {`printf '{ "n" : 3,\n "m": 1.50 }'`, `{"n":3,"m":1.50}`, ""},
		"too small": {`echo '{"n": 1}'`, "", "stdout does not match output_schema: at '/n': minimum: got 1, want 2"},
		"missing":   {`echo '{}'`, "", "missing property 'n'"},
		"no JSON":   {`echo n`, "", "stdout is not valid JSON"},
		"nothing":   {`true`, "", "stdout is not valid JSON"},
		"more":      {`echo '{"n": 3} {}'`, "", "stdout is not valid JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			step := published(t, fmt.Sprintf("run: %q%s", tt.run, schema))
			require.Equal(t, tt.want, step.OutputValue)
			require.Equal(t, tt.says == "", step.HasOutput)
			require.Contains(t, step.Error, tt.says)
		})
	}
	step := published(t, "run: cat data.json\noutput: DOC\noutput_schema: {required: [z]}")
	require.Equal(t, []string{"DOC", `{"z":1.50,"a":[{"n":"x\ny"},null],"html":"<&>"}`}, []string{step.Output, step.OutputValue})
	step = published(t, "run: echo 1\noutput_schema: false")
	require.Contains(t, step.Error, "does not match output_schema")
}

func TestTheLastAttemptPublishes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.succeed(r.text("steps:",
		"  - {id: a, run: 'echo x >> $DIR/n; wc -l < $DIR/n; test $(wc -l < $DIR/n) -eq 2', output: N, stdout: {outputs: n}, retry_policy: {limit: 3, interval_sec: 0}}",
		"  - {name: b, depends: a, run: 'echo $N'}"))
	require.Equal(t, "2", r.store.step("a").OutputValue)
	require.Equal(t, map[string]string{"n": "2"}, r.store.step("a").Published)
	require.Equal(t, "2\n", r.stdout("b"))
}

// endless is a step whose select has no end of its own.
const endless = "{name: a, run: echo 1, output: {o: {from: stdout, decode: json, select: 'last(range(1e12))'}}"

// The time of a step holds for what it selects, too, and a stop and a kill end that.
func TestEndOfASelectWithoutEnd(t *testing.T) {
	t.Parallel()
	t.Run("timeout", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		require.Equal(t, store.StatusFailed, r.run("steps: ["+endless+", timeout_sec: 1}]").Status)
		require.Equal(t, "timed out after 1s: exit status 124", r.store.step("a").Error)
	})
	for name, end := range map[string]func(*rig){
		"stop": func(r *rig) { r.store.requestStop("run-1") },
		"kill": func(r *rig) { r.kill() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			done := r.execute(r.record("max_clean_up_time_sec: 1\nsteps: [" + endless + "}]"))
			require.Eventually(t, func() bool { return r.store.step("a").Status == store.StepRunning }, soon, time.Millisecond)
			end(r)
			require.Equal(t, store.StatusAborted, r.await(done).Status)
			require.Equal(t, store.StepAborted, r.store.step("a").Status)
		})
	}
}

// A string of 32 pages is too long for execve(2), and 6 MiB are too much together
// however large the stack may be.
func TestOutputsThatAreTooBigForAProcess(t *testing.T) {
	t.Parallel()
	longest := 32*os.Getpagesize() - 1 - len("O0=")
	for name, tt := range map[string]struct {
		count, size int
		says        string // by a step, which fails
		given       string // to the handler, which succeeds
		warns       string
	}{
		"as big as possible": {1, longest, "", "some", ""},
		"one byte too many": {
			1, longest + 1, fmt.Sprintf("variable O0 has %d bytes; a process can be given %d, ", longest+1, longest+3), "none",
			fmt.Sprintf("O0 has %d bytes\n", longest+1),
		},
		"together": {
			50, longest - 1, " bytes together, more than the system gives to a process: ", "none",
			fmt.Sprintf("O0 has %d bytes, O1 has %d bytes, O10 has ", longest-1, longest-1),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			lines, before := []string{"steps:"}, make([]string, tt.count)
			for i := range tt.count {
				before[i] = fmt.Sprintf("s%d", i)
				lines = append(lines, fmt.Sprintf("- {id: s%d, run: \"printf '%%0%dd'\", output: O%d}", i, tt.size, i))
			}
			lines = append(lines, "- {id: b, depends: ["+strings.Join(before, ", ")+"], run: echo b}",
				"handler_on: {exit: {preconditions: ['true'], run: ['echo ${O0:+some}', 'echo ${O0:-none} | tail -c 5']}}")
			result := r.run(r.text(lines...))

			require.Equal(t, tt.says == "", result.Status == store.StatusSucceeded, result.Error)
			require.Contains(t, r.store.step("b").Error, tt.says)
			require.Equal(t, store.StepSucceeded, r.store.step("onExit").Status, r.store.step("onExit").Error)
			require.Contains(t, r.stdout("onExit"), tt.given)
			account, err := os.ReadFile(r.account())
			require.NoError(t, err)
			const warning = "warning: outputs that are too big for variables are not given to handler onExit: "
			require.Equal(t, tt.warns != "", strings.Contains(string(account), warning+tt.warns), string(account))
		})
	}
}
