package dag_test

import (
	"testing"
	"time"

	"dagu/modules/dag"

	"github.com/stretchr/testify/require"
)

// load loads a text as /dags/job.yaml.
func load(t *testing.T, text string) *dag.DAG {
	t.Helper()
	loaded, err := dag.Load(dag.Source{File: "/dags/job.yaml", Text: []byte(text)}, dag.Options{Location: time.UTC})
	require.NoError(t, err)
	return loaded
}

func TestLoadSimpleFile(t *testing.T) {
	t.Parallel()
	d := load(t, `# a job
description: nightly
schedule: "30 4 * * *"
queue: etl
timeout_sec: "90"
env:
  - A: 1
  - B=x=y
steps:
  - id: one
    run: " echo one "
  - id: two
    name: second
    depends: one
    run: |
      echo two
  - depends: [two]
    run: [echo a, "", "b: c"]
`)
	require.Equal(t, "job", d.Name)
	require.Equal(t, "/dags", d.WorkingDirBase)
	require.Equal(t, 90*time.Second, d.Timeout)
	require.Equal(t, "30 4 * * *", d.Schedules[0].Text)
	require.Equal(t, []dag.Var{{"A", "1"}, {"B", "x=y"}}, d.Env)
	require.Equal(t, dag.Run{Form: dag.FormCommand, Text: "echo one"}, d.Steps[0].Run)
	require.Equal(t, "one", d.Steps[0].Name)
	require.Equal(t, dag.Run{Form: dag.FormScript, Text: "echo two\n"}, d.Steps[1].Run)
	require.Equal(t, []string{"one"}, d.Steps[1].Depends)
	require.Equal(t, "cmd_3", d.Steps[2].Name)
	require.Equal(t, []string{"second"}, d.Steps[2].Depends)
	require.Equal(t, []string{"echo a", "b: c"}, d.Steps[2].Run.List)
	require.Empty(t, d.Warnings)
}
