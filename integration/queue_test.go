package integration_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// span is a DAG whose runs write when they began and ended.
func (h *home) span(name, more string) {
	h.tb.Helper()
	require.NoError(h.tb, os.MkdirAll(h.path("spans"), 0o755))
	file := h.path("spans", "${context.run.id}")
	h.dag(name, fmt.Sprintf("%ssteps:\n  - run: date +%%s%%N > %[2]s; sleep 0.2; date +%%s%%N >> %[2]s\n", more, file))
}

// widest is how many of the n spans there were at once.
func (h *home) widest(n int) int {
	h.tb.Helper()
	files, err := filepath.Glob(h.path("spans", "*"))
	require.NoError(h.tb, err)
	require.Len(h.tb, files, n)
	type edge struct {
		at   int64
		step int
	}
	var edges []edge
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(h.tb, err)
		times := lines(string(text))
		require.Len(h.tb, times, 2)
		for i, step := range []int{1, -1} {
			at, err := strconv.ParseInt(times[i], 10, 64)
			require.NoError(h.tb, err)
			edges = append(edges, edge{at, step})
		}
	}
	slices.SortFunc(edges, func(a, b edge) int { return int(a.at - b.at) })
	now, most := 0, 0
	for _, e := range edges {
		now += e.step
		most = max(most, now)
	}
	return most
}

// Runs that wait when the scheduler starts are admitted by the limits: of a
// named queue, of a DAG's own queue, of the process.
func TestLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, config, dag string
		want              int
	}{
		{"named queue", "queues:\n  config:\n    - {name: wide, max_concurrency: 3}\n", "queue: wide\n", 3},
		{"own queue", "", "", 1},
		{"process", "worker: {max_active_runs: 2}\nqueues: {enabled: false}\n", "", 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const runs = 9
			h := newHome(t)
			h.write("config.yaml", tt.config)
			h.span("span", tt.dag)
			for range runs {
				h.enqueue("span")
			}
			s := h.records()
			d := h.scheduler()
			eventually(t, func() bool { return h.counts(s, "")["succeeded"] == runs }, "all runs end")
			require.Equal(t, tt.want, h.widest(runs))
			d.stop()
		})
	}
}
