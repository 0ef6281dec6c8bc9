package integration_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// olderFile has the steps of older releases; %s is the address of a server.
const olderFile = `type: chain
params: [{P: x}]
steps:
  - echo plain ${params.P}
  - {name: listed, command: [echo 1, echo 2]}
  - {name: interpreted, command: sh -f, script: "echo $-\n"}
  - {name: shelled, command: 'echo $0', shell: sh, shell_args: [-u]}
  - {name: executed, exec: {command: echo, args: [a b, 1, "${params.P}"]}}
  - {name: executed2, exec: [echo, 2]}
  - {name: called, call: child, params: "A=${params.P}"}
  - {name: filtered, executor: jq, command: .a, script: '{"a": "${params.P}"}'}
  - {name: filtered2, executor: {type: jq, config: {raw: true}}, command: .a, script: '{"a": "y"}'}
  - {name: requested, type: http, command: GET %s/a, config: {silent: true}}
  - {name: rendered, type: template, script: "Hi {{.n}} $HOME", config: {data: {n: "${params.P}"}}}
  - {name: logged, type: log, with: {message: hi}}
  - {name: nothing, type: noop}
  - {name: queried, type: sqlite, command: SELECT 1 AS a, config: {dsn: ":memory:", outputFormat: csv}}
  - {name: named, action: jq, with: {filter: ., data: 1}}
---
name: child
params: [{A: 0}]
steps:
  - {name: told, command: 'echo A is $A'}
`

// TestOlderSteps validates and runs a file of an older release with the built binary.
func TestOlderSteps(t *testing.T) {
	t.Parallel()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Method+" "+r.URL.Path)
	}))
	t.Cleanup(service.Close)
	h := newHome(t)
	h.write("dags/old.yaml", fmt.Sprintf(olderFile, service.URL))

	checked := h.run("validate", h.path("dags", "old.yaml"))
	require.Zero(t, checked.code, checked.stderr)
	require.Empty(t, checked.stdout)
	for _, construct := range []string{
		"steps[0] is deprecated; use run", "steps[1].command is deprecated; use run", "steps[2].script is deprecated; use run",
		"steps[3].shell is deprecated; use run and with.shell", "steps[3].shell_args is deprecated; use run and with.shell_args",
		"steps[4].exec is deprecated; use action: exec", "steps[6].call is deprecated; use action: dag.run and with.dag",
		"steps[6].params is deprecated; use with.params", "steps[7].executor is deprecated; use action",
		"steps[8].executor is deprecated; use action", "steps[9].type is deprecated; use action",
		"steps[9].config is deprecated; use with", "steps[11].with is deprecated; use action",
		"document[1].steps[0].command is deprecated; use run",
	} {
		require.Equal(t, 1, strings.Count(checked.stderr, "Deprecated DAG syntax: "+construct), construct)
	}
	require.NotContains(t, checked.stderr, "steps[14]", "an older name of an action is as good as the present one")

	ended := h.run("start", "old")
	require.Zero(t, ended.code, ended.stdout+ended.stderr)
	require.NotContains(t, ended.stderr, "Deprecated")
	logs := h.logsOf("old")
	for name, want := range map[string]string{
		"cmd_1": "plain x\n", "listed": "1\n2\n", "interpreted": "f\n", "shelled": "sh\n", "executed": "a b 1 x\n", "executed2": "2\n",
		"filtered": "\"x\"\n", "filtered2": "y\n", "requested": "GET /a", "rendered": "Hi x $HOME", "logged": "hi\n", "nothing": "",
		"queried": "1\n", "named": "1\n",
	} {
		require.Equal(t, want, logs[name+".out"], name)
	}
	require.Contains(t, logs["called.out"], `"name": "child"`)
	require.Contains(t, logs["called.out"], `"status": "succeeded"`)
	require.Contains(t, logs["called.out"], `"params": "A=x"`)
}

// TestCommandThatNamesADAG holds that validate warns of run: NAME, which older releases
// took for a call.
func TestCommandThatNamesADAG(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	child := "steps: [{run: echo hi}]\n"
	h.write("dags/child.yaml", child)
	h.write("elsewhere/near.yml", child)
	for run, warned := range map[string]bool{
		"child": true, "near": true, "child x": false, "other": false, "./child": false, "child.yaml": false, "elsewhere": false,
	} {
		h.write("elsewhere/old.yaml", "steps: [{run: "+run+"}]\n")
		checked := h.run("validate", h.path("elsewhere", "old.yaml"))
		require.Zero(t, checked.code)
		if !warned {
			require.Equal(t, result{}, checked, run)
			continue
		}
		require.Contains(t, checked.stderr, "steps[0].run is the name of a DAG", run)
		require.Contains(t, checked.stderr, "use action: dag.run and with.dag", run)
		require.Equal(t, 1, strings.Count(checked.stderr, "\n"))
	}
}
