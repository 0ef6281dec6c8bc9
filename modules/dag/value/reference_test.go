package value_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/dag/value"
)

func TestReferences(t *testing.T) {
	t.Parallel()
	text := `${params} ${params.x}\${env.A} ${consts.c} ${ run.started_at } ${context.run.nope} ${foo.bar} $A ${A} ${steps.a.outputs.b}`
	var got []value.Reference
	for _, r := range value.References(text) {
		require.True(t, strings.HasPrefix(text[r.Offset:], r.Text), r.Text)
		r.Offset = 0
		got = append(got, r)
	}
	require.Equal(t, []value.Reference{
		{Text: "${params}", Namespace: value.NamespaceParams},
		{Text: "${params.x}", Namespace: value.NamespaceParams, Name: "x"},
		{Text: "${consts.c}", Namespace: value.NamespaceConsts, Name: "c"},
		{Text: "${ run.started_at }", Namespace: value.NamespaceContext, Name: "attempt.started_at"},
		{Text: "${context.run.nope}", Namespace: value.NamespaceContext, Name: "run.nope"},
		{Text: "${steps.a.outputs.b}", Namespace: value.NamespaceSteps, Name: "a.outputs.b"},
	}, got)
}

func TestContextTable(t *testing.T) {
	t.Parallel()
	fields := value.Fields()
	require.Len(t, fields, 22)
	require.Len(t, value.Aliases(), 22)
	s := value.Scope{Context: map[string]string{}}
	for _, f := range fields {
		require.True(t, value.KnownContext(f.Name), f.Name)
		require.Equal(t, "${context."+f.Name+"} ${"+f.Alias+"}", s.Refs("${context."+f.Name+"} ${"+f.Alias+"}"), "unavailable")
		s.Context[f.Name] = "[" + f.Name + "]"
	}
	for _, f := range fields {
		want := "[" + f.Name + "]"
		require.Equal(t, want+want, s.Refs("${context."+f.Name+"}${"+f.Alias+"}"))
		require.Equal(t, f.Name, value.Aliases()[f.Alias])
	}
	require.Equal(t, "attempt.started_at", value.Aliases()["run.started_at"])
	require.Equal(t, "${attempt.started_at}", s.Refs("${attempt.started_at}"), "its alias is another one")
	for _, name := range []string{"run.started_at", "run.nope", "", "run"} {
		require.False(t, value.KnownContext(name), name)
	}
}
