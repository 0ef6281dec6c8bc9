package cmd_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jedib0t/go-pretty/v6/text"
	"github.com/stretchr/testify/require"

	"dagu/cmd"
	"dagu/modules/store"
)

func noon() time.Time { return time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC) }

func etl() store.Run {
	return store.Run{NewRun: store.NewRun{ID: "one", DAG: "etl"}, Started: noon()}
}

func TestTheDisplayShowsEveryStep(t *testing.T) {
	t.Parallel()
	at := func(seconds float64) time.Time { return noon().Add(time.Duration(seconds * float64(time.Second))) }
	steps := []store.Step{
		{Name: "extract", Status: store.StepSucceeded, Started: at(0), Finished: at(0.4)},
		{Name: "check", Status: store.StepFailed, Started: at(0), Finished: at(2), Error: "exit status 3\nmore"},
		{Name: "gate", Status: store.StepSkipped, Started: at(0), Finished: at(0.1), Error: "precondition: not met"},
		{Name: "load", Status: store.StepRunning, Started: at(1), Tries: 2},
		{Name: "again", Status: store.StepRetrying, Started: at(1), Tries: 1},
		{Name: "tell\x1b[31m", Status: store.StepNotStarted},
	}
	require.Equal(t, []string{
		"⠋ etl one  3/6  1 failed  3s",
		"  ✓ extract   400ms",
		"  ✗ check     2s  exit status 3",
		"  - gate      100ms  precondition: not met",
		"  ⠋ load      2s  try 2",
		"  ↻ again     2s  try 1 failed, waiting",
		"  · tell[31m",
	}, cmd.Picture(etl(), steps, at(3), 80, 24))
	require.Equal(t, []string{"⠙ etl one  100ms"}, cmd.Picture(etl(), nil, at(0.1), 80, 24), "before the steps are known")
}

func TestTheDisplayFitsIntoTheTerminal(t *testing.T) {
	t.Parallel()
	steps := make([]store.Step, 1000)
	for i := range steps {
		steps[i] = store.Step{Index: i, Name: fmt.Sprintf("step-with-a-long-name-%03d", i), Status: store.StepNotStarted}
	}
	steps[700].Status, steps[700].Started = store.StepRunning, noon()
	steps[300].Status, steps[300].Error = store.StepFailed, strings.Repeat("wrong ", 40)
	steps[500].Status, steps[500].Finished = store.StepSucceeded, noon().Add(-time.Second)
	steps[400].Status, steps[400].Finished = store.StepSucceeded, noon()
	for _, size := range []struct{ width, height, steps int }{{80, 24, 15}, {40, 10, 7}, {20, 5, 2}, {5, 1, 1}} {
		lines := cmd.Picture(etl(), steps, noon(), size.width, size.height)
		require.Len(t, lines, size.steps+2)
		require.Equal(t, min(len(lines), max(size.height-1, 3)), len(lines), "the cursor stands below")
		for _, line := range lines {
			require.LessOrEqual(t, text.StringWidth(line), size.width, line)
		}
	}
	shown := strings.Join(cmd.Picture(etl(), steps, noon(), 100, 7), "\n")
	for _, name := range []string{"-300", "-400", "-500", "-700"} {
		require.Contains(t, shown, name, "what runs, what failed and what ended last comes first")
	}
	require.Contains(t, shown, "3/1000  1 failed")
	require.Contains(t, shown, "and 996 more")
	require.Less(t, strings.Index(shown, "-300"), strings.Index(shown, "-700"), "in the order of the file")
}
