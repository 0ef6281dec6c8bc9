package dag_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag"
)

func TestWorkspaceOf(t *testing.T) {
	t.Parallel()
	const steps = "steps: [{run: x}]\n"
	for name, tt := range map[string]struct{ text, base, want string }{
		"none":               {steps, "", ""},
		"no value":           {"labels: [workspace]\n" + steps, "", ""},
		"list":               {"labels: [a, workspace=ops]\n" + steps, "", "ops"},
		"text":               {"labels: a workspace=ops, b\n" + steps, "", "ops"},
		"map":                {"labels: {Workspace: OPS}\n" + steps, "", "ops"},
		"alias":              {"tags: [workspace=ops]\n" + steps, "", "ops"},
		"from the base file": {steps, "labels: [workspace=core]", "core"},
		"over the base file": {"labels: [workspace=ops]\n" + steps, "labels: [workspace=core]", "ops"},
		"of the first":       {"---\n---\nlabels: [x]\n" + steps + "---\nname: b\nlabels: [workspace=ops]\n" + steps, "", ""},
		"in another field":   {"env: [workspace=ops]\nworkspace: ops\n" + steps, "", ""},
		"no directory":       {"labels: [workspace=../../etc]\n" + steps, "", ""},
		"parent":             {"labels: [workspace=..]\n" + steps, "", ""},
		"broken":             {"labels: [workspace=ops\n", "", ""},
		"no map":             {"[workspace=ops]", "", ""},
		"wrong labels":       {"labels: [[workspace=ops], workspace=b]\n", "", "b"},
	} {
		require.Equal(t, tt.want, dag.WorkspaceOf([]byte(tt.text), dag.ParseBase("b", []byte(tt.base), dag.Options{})), name)
	}
	require.Equal(t, "ops", dag.WorkspaceOf([]byte("labels: [workspace=ops]"), nil))
}

func TestWorkspaceComesBetween(t *testing.T) {
	t.Parallel()
	source := dag.Source{
		File: "/d/job.yaml", BaseFile: "/base.yaml", WorkspaceFile: "/d/workspaces/ops/base.yaml",
		Base:      []byte("env: [A=base]\nqueue: base\npriority: 1\ndelay_sec: 1\nhist_retention_runs: 4\nhandler_on: {exit: {run: base}}\nactions: {a: {run: x}}"),
		Workspace: []byte("env: [B=$A]\nqueue: ws\npriority: 2\nhist_retention_days: 9\nhandler_on: {failure: {run: ws}}\nactions: {b: {run: x}}"),
		Text:      []byte("env: [C=$B]\nqueue: own\nlabels: [workspace=ops]\nsteps: [{run: x}]"),
	}
	base := dag.ParseBase(source.BaseFile, source.Base, dag.Options{Location: time.UTC})
	workspace := base.Workspace(source.WorkspaceFile, source.Workspace)
	for name, options := range map[string]dag.Options{
		"parsed before": {Location: time.UTC, Base: workspace},
		"the other":     {Location: time.UTC, Base: base},
		"none":          {Location: time.UTC},
	} {
		d, err := dag.Validate(source, options)
		require.NoError(t, err, name)
		require.Equal(t, []dag.Var{{"A", "base"}, {"B", "$A"}, {"C", "$B"}}, d.Env, name)
		require.Equal(t, "own", d.Queue, name)
		require.Equal(t, 2, d.Priority, name)
		require.Equal(t, time.Second, d.Delay, name)
		require.Equal(t, []int{9, 0}, []int{d.RetentionDays, d.RetentionRuns}, name)
		require.Equal(t, "base", d.Handlers.Exit.Run.Text, name)
		require.Equal(t, "ws", d.Handlers.Failure.Run.Text, name)
		require.Empty(t, d.Notices, name)
	}

	source.Text = []byte("steps: [{action: a}, {action: b}]")
	_, err := dag.Load(source, dag.Options{})
	require.ErrorContains(t, err, `action "a", a custom one`)
	require.ErrorContains(t, err, `action "b", a custom one`)

	source.Workspace = []byte("nonsense: 1\ncontainer: x\nworker_selector: {a: b}")
	_, err = dag.Load(source, dag.Options{})
	require.ErrorContains(t, err, "/d/workspaces/ops/base.yaml:1:1: field 'nonsense': invalid keys: nonsense")
	require.ErrorContains(t, err, "/d/workspaces/ops/base.yaml:2:12: field 'container': container is not supported")

	plain := source
	plain.WorkspaceFile, plain.Workspace = "", nil
	d, err := dag.Load(dag.Source{File: plain.File, BaseFile: plain.BaseFile, Base: plain.Base, Text: []byte("steps: [{run: x}]")}, dag.Options{Base: base, Location: time.UTC})
	require.NoError(t, err)
	require.Equal(t, "base", d.Queue, "a workspace leaves the base file as it is")
}

func TestHashCoversTheWorkspace(t *testing.T) {
	t.Parallel()
	a := dag.Source{File: "f", Text: []byte("t")}
	b := dag.Source{File: "f", Text: []byte("t"), WorkspaceFile: "w"}
	c := dag.Source{File: "f", Text: []byte("t"), WorkspaceFile: "w", Workspace: []byte("x")}
	d := dag.Source{File: "f", Text: []byte("t"), Document: "w"}
	require.Len(t, map[string]bool{a.Hash(): true, b.Hash(): true, c.Hash(): true, d.Hash(): true}, 4)
}
