package runner_test

import (
	"strconv"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"dagu/modules/runner"
	"dagu/modules/store"
)

// However many DAGs there are, the series by DAG are bounded.
func TestSeriesByDAGAreBounded(t *testing.T) {
	t.Parallel()
	m := runner.NewMetrics(true)
	for i := range 1500 {
		m.Ended("dag-"+strconv.Itoa(i), store.StatusSucceeded)
	}
	m.Ended("dag-7", store.StatusFailed)
	series := 0
	for _, c := range m.Collectors() {
		series += testutil.CollectAndCount(c)
	}
	plain := 0
	for _, c := range runner.NewMetrics(false).Collectors() {
		plain += testutil.CollectAndCount(c)
	}
	require.Equal(t, plain+2*1001+1, series, "two of each of 1,000 and of the rest, and one failure")
}
