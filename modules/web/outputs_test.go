package web_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
	"dagu/modules/web"
)

func TestOutputsOfARun(t *testing.T) {
	t.Parallel()
	steps := []store.Step{
		{Name: "none"},
		{Name: "a", Output: "TOTAL_ROWS", HasOutput: true, OutputValue: "1"},
		{Name: "failed", Output: "FAILED"},
		{Name: "b", Output: "rows_2_x", HasOutput: true, OutputValue: "2", Emitted: map[string]string{"declared": "no output of the run"}},
		{Name: "c", HasOutput: true, OutputValue: `{"k":"v"}`, Published: map[string]string{"k": "v"}},
		{Name: "d", Output: "myDoc", HasOutput: true, OutputValue: "3"},
		{Name: "e", Output: "_", HasOutput: true, OutputValue: "4"},
		{Name: "f", Output: "__LAST__WORD", HasOutput: true, OutputValue: ""},
		{Name: "g", Output: "total_rows", HasOutput: true, OutputValue: "later"},
	}
	require.Equal(t, map[string]string{
		"totalRows": "later", "rows2X": "2", "k": "v", "myDoc": "3", "_": "4", "lastWord": "",
	}, store.Outputs(steps))
	require.Nil(t, store.Outputs(steps[:1]))

	var shown struct {
		Outputs map[string]string
		Steps   []struct{ Outputs map[string]string }
	}
	text, err := json.Marshal(web.ViewRun(store.Run{}, steps, time.Now()))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &shown))
	require.Equal(t, store.Outputs(steps), shown.Outputs)
	require.Equal(t, map[string]string{"declared": "no output of the run"}, shown.Steps[3].Outputs)
	require.Equal(t, map[string]string{"k": "v"}, shown.Steps[4].Outputs)
	require.Nil(t, shown.Steps[1].Outputs)
}
