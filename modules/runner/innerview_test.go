package runner_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/runner"
)

func TestCamelCase(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"OUT": "out", "ROW_COUNT": "rowCount", "row_count": "rowCount", "rowCount": "rowCount", "Total_ROWS": "totalRows",
		"_A__B2_": "aB2", "__": "__", "x": "x",
	} {
		require.Equal(t, want, runner.CamelCase(name), name)
	}
}
