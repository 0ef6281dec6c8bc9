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

func TestForeach(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		foreach string // the lines of foreach, without its steps
		steps   string // the body; "" prints what an item is
		want    string // the stdout of the step
		says    string // its error; "" succeeds
	}{
		"texts and numbers": {
			"items: [b, 2, 1.50, 1e3, true, null]\ncollect: {v: '<${foreach.item}>'}", "run: 'true'",
			`{"summary":{"total":6,"succeeded":6,"failed":0},"items":[` +
				`{"index":0,"key":"0","status":"succeeded","outputs":{"v":"<b>"}},` +
				`{"index":1,"key":"1","status":"succeeded","outputs":{"v":"<2>"}},` +
				`{"index":2,"key":"2","status":"succeeded","outputs":{"v":"<1.5>"}},` +
				`{"index":3,"key":"3","status":"succeeded","outputs":{"v":"<1000>"}},` +
				`{"index":4,"key":"4","status":"succeeded","outputs":{"v":"<true>"}},` +
				`{"index":5,"key":"5","status":"succeeded","outputs":{"v":"<>"}}],` +
				`"outputs":[{"v":"<b>"},{"v":"<2>"},{"v":"<1.5>"},{"v":"<1000>"},{"v":"<true>"},{"v":"<>"}]}`, "",
		},
		"no items": {"items: []", "run: exit 1", `{"summary":{"total":0,"succeeded":0,"failed":0},"items":[],"outputs":[]}`, ""},
		"maps": {
			"items: [{n: x, deep: {z: 1, a: [2]}}]\nas: it\ncollect: {v: '${foreach.it.n} ${foreach.it.deep} ${foreach.it}'}", "run: 'true'",
			`{"summary":{"total":1,"succeeded":1,"failed":0},"items":[{"index":0,"key":"0","status":"succeeded","outputs":` +
				`{"v":"x {\"a\":[2],\"z\":1} {\"deep\":{\"a\":[2],\"z\":1},\"n\":\"x\"}"}}],` +
				`"outputs":[{"v":"x {\"a\":[2],\"z\":1} {\"deep\":{\"a\":[2],\"z\":1},\"n\":\"x\"}"}]}`, "",
		},
		"a text with an array": {
			"items: '${params.LIST}'\nkey: k${foreach.item.id}\ncollect: {big: '${foreach.item.n}'}", "run: 'true'",
			`{"summary":{"total":1,"succeeded":1,"failed":0},"items":[{"index":0,"key":"k7","status":"succeeded","outputs":` +
				`{"big":"12345678901234567890"}}],"outputs":[{"big":"12345678901234567890"}]}`, "",
		},
		"no collect": {
			"items: [a]", "run: 'true'",
			`{"summary":{"total":1,"succeeded":1,"failed":0},"items":[{"index":0,"key":"0","status":"succeeded","outputs":{}}],"outputs":[{}]}`, "",
		},
		"a failing item stops no other": {
			"items: [3, 0, 4]\ncollect: {v: '${foreach.item}'}", "{name: s, run: 'exit ${foreach.item}'}",
			`{"summary":{"total":3,"succeeded":1,"failed":2},"items":[` +
				`{"index":0,"key":"0","status":"failed","error":"step s: exit status 3"},` +
				`{"index":1,"key":"1","status":"succeeded","outputs":{"v":"0"}},` +
				`{"index":2,"key":"2","status":"failed","error":"step s: exit status 4"}],"outputs":[{"v":"0"}]}`,
			`2 of 3 items failed, the first with the key "0": step s: exit status 3`,
		},
		"an object is no array":    {"items: '{}'", "run: x", "", "foreach.items string must resolve to a JSON array"},
		"null is no array":         {"items: 'null'", "run: x", "", "foreach.items string must resolve to a JSON array"},
		"more than an array":       {"items: '[] []'", "run: x", "", "foreach.items string must resolve to a JSON array"},
		"too many items":           {"items: '${params.MANY}'", "run: x", "", "at most 1000 entries, not 1001"},
		"duplicate key":            {"items: [a, b]\nkey: k", "run: x", "", `duplicate foreach item key "k"`},
		"empty key":                {"items: ['']\nkey: '${foreach.item}'", "run: x", "", "foreach.key of item 0 is empty"},
		"collect without a value":  {"items: [{a: 1}]\ncollect: {v: '${foreach.item.b}'}", "run: 'true'", "", "${foreach.item.b} has no value"},
		"unevaluated precondition": {"items: [a]", "{run: x, preconditions: [{eval: '$(exit 1)', expected: x}]}", "", "1 of 1 items failed"},
		"timeout":                  {"items: [a]", "run: sleep 100", "", "timed out after 1s: exit status 124"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if tt.steps == "" {
				tt.steps = "run: echo"
			}
			many := strings.TrimSuffix(strings.Repeat("1,", 1001), ",")
			text := fmt.Sprintf("params: [{name: LIST, default: '[{\"id\": 7, \"n\": 12345678901234567890}]'}, {name: MANY, default: '[%s]'}]\n"+
				"steps:\n- name: fan\n", many)
			if name == "timeout" {
				text += "  timeout_sec: 1\n"
			}
			text += "  foreach:\n    " + strings.ReplaceAll(tt.foreach, "\n", "\n    ") + "\n    steps:\n    - " + tt.steps + "\n"
			result := r.run(r.text(text))
			if tt.want != "" {
				require.Equal(t, tt.want, r.stdout("fan"))
			}
			if tt.says == "" {
				require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
				return
			}
			require.Equal(t, store.StatusFailed, result.Status)
			require.Contains(t, r.store.step("fan").Error, tt.says)
		})
	}
}

// inside returns what a step of a body wrote to its log, by the name of the log.
func inside(r *rig, name string) string {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(r.store.step("fan").Stdout), name+".out"))
	require.NoError(r.t, err)
	return string(text)
}

func TestBodyOfForeach(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.run(r.text(`
type: chain
steps:
- id: before
  run: echo early
  output: EARLY
- id: fan
  env: [{OWN: own}]
  foreach:
    items: [a, b]
    as: it
    steps:
    - id: one
      run: echo $EARLY-$OWN-${foreach.it}-${foreach.index}-${foreach.key}-${context.step.id}-$DAG_RUN_STEP_NAME
      output: ONE
    - name: two
      depends: one
      run: echo "two $ONE" '${context.step.id}'
      output: TWO
    collect: {two: $TWO}
  output: RESULT
- run: echo '${one.output}'"$ONE|$RESULT"
`))
	require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
	require.Equal(t, "early-own-a-0-0-one-one\n", inside(r, "fan.0.one"))
	require.Equal(t, "two early-own-b-1-1-one-one ${context.step.id}\n", inside(r, "fan.1.two"))
	require.Contains(t, r.stdout("fan"), `"two":"two early-own-a-0-0-one-one ${context.step.id}"`)
	require.Equal(t, "|"+r.stdout("fan")+"\n", strings.TrimPrefix(r.stdout("cmd_3"), "${one.output}"), "what a body publishes stays in it")
}

func TestForeachIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.run(r.text(`
steps:
- name: fan
  foreach:
    items: [1, 2, 3, 4, 5, 6]
    max_concurrent: 2
    steps:
    - run: |
        mkdir $DAG_RUN_WORK_DIR/slot1 2>/dev/null && { sleep 0.05; rmdir $DAG_RUN_WORK_DIR/slot1; exit 0; }
        mkdir $DAG_RUN_WORK_DIR/slot2 && { sleep 0.05; rmdir $DAG_RUN_WORK_DIR/slot2; }
`))
	require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
}

func TestForeachIsRetriedWhole(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.run(r.text(`
steps:
- name: fan
  retry_policy: {limit: 1, interval_sec: 0}
  foreach:
    items: [a, b]
    steps: [{name: s, run: 'echo x >> log.${foreach.item}; test $(cat log.* | wc -l) -gt 2'}]
- {depends: fan, name: count, run: cat log.a log.b}
`))
	require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
	require.Equal(t, "x\nx\nx\nx\n", r.stdout("count"))
}

func TestStopOfForeach(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(o *runner.Options) { o.Resend = time.Millisecond })
	done := r.execute(r.record(r.text(`
steps:
- name: fan
  foreach:
    items: [1, 2, 3]
    max_concurrent: 1
    steps: [{name: s, run: "touch $DIR/begun; exec sleep 1000"}, {depends: s, run: touch $DIR/second}]
`)))
	r.appears(r.path("begun"))
	r.store.requestStop("run-1")
	require.Equal(t, store.StatusAborted, r.await(done).Status)
	require.Equal(t, store.StepAborted, r.store.step("fan").Status)
	require.NoFileExists(t, r.path("second"))
}

func TestNestedForeach(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	result := r.run(r.text(`
steps:
- name: fan
  foreach:
    items: [a, b]
    as: outer
    key: k${foreach.outer}
    steps:
    - name: in
      foreach:
        items: ['${foreach.outer}1', '${foreach.outer}2']
        steps: [{name: s, run: 'echo ${foreach.outer} ${foreach.item} ${foreach.key}'}]
`))
	require.Equal(t, store.StatusSucceeded, result.Status, result.Error)
	require.Equal(t, "b b2 1\n", inside(r, "fan.1.in.1.s"))
}
