package web_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
	"dagu/modules/web"
)

// Runs inside of a run stand at the step that waits for them, those of a body at the
// step around it.
func TestSubRuns(t *testing.T) {
	t.Parallel()
	steps := []store.Step{{Name: "call"}, {Name: "loop"}, {Name: "loop.v2"}, {Name: "idle"}}
	inside := func(id, step string) store.Run {
		return store.Run{NewRun: store.NewRun{ID: id, DAG: "inner", Parent: "outer", ParentStep: step, RootDAG: "main", RootID: "outer"}}
	}
	run := store.Run{NewRun: store.NewRun{ID: "outer", DAG: "main"}}
	view := web.ViewRun(run, steps, time.Now())
	view.AddSubRuns(steps, []store.Run{
		inside("a", "call"), inside("b", "loop.0.call"), inside("c", "loop.v2.3.call"), inside("d", "call"), inside("e", "gone"),
	}, time.Now())
	ids := make(map[string][]string)
	for _, s := range view.Steps {
		for _, sub := range s.SubRuns {
			ids[s.Name] = append(ids[s.Name], sub.RunID)
		}
	}
	require.Equal(t, map[string][]string{"call": {"a", "d"}, "loop": {"b"}, "loop.v2": {"c"}}, ids)
	sub := view.Steps[0].SubRuns[0]
	require.Equal(t, []string{"outer", "call", "main", "outer"}, []string{sub.ParentRunID, sub.ParentStep, sub.RootDAG, sub.RootRunID})
	require.Empty(t, view.ParentRunID)
}
