package queue_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/queue"
)

// What waits is counted after turns, at most once a second, and again after a failure.
func TestWhatWaitsIsCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, e, m := newFakeStore(0), &fakeExecutor{}, queue.NewMetrics()
		var counts atomic.Int32
		fail := errors.New("no answer")
		q, err := queue.New(queue.Options{MaxActive: 2, Metrics: m, Counts: func(context.Context) (int, int, error) {
			if counts.Add(1) == 2 {
				return 0, 0, fail
			}
			s.mu.Lock()
			defer s.mu.Unlock()
			return 0, len(s.queued), nil
		}}, s, e, &fakePulse{}, zap.NewNop())
		require.NoError(t, err)
		require.NoError(t, q.Start(t.Context()))
		synctest.Wait()
		require.EqualValues(t, 1, counts.Load())

		for range 5 { // in one moment
			s.enqueue(1)
			synctest.Wait()
		}
		require.EqualValues(t, 1, counts.Load(), "not more often than once a second")
		require.InDelta(t, 0, queued(t, m), 0)
		time.Sleep(1100 * time.Millisecond) // synctest
		synctest.Wait()
		require.EqualValues(t, 2, counts.Load())
		require.InDelta(t, 0, queued(t, m), 0, "no answer changes nothing")
		time.Sleep(time.Second) // synctest
		synctest.Wait()
		require.InDelta(t, 3, queued(t, m), 0)
		require.NoError(t, q.Stop(t.Context()))
	})
}

// queued is the value of dagu_runs_queued.
func queued(t *testing.T, m *queue.Metrics) float64 {
	t.Helper()
	for _, c := range m.Collectors() {
		if g, ok := c.(prometheus.Gauge); ok && strings.Contains(g.Desc().String(), "dagu_runs_queued") {
			return testutil.ToFloat64(g)
		}
	}
	require.FailNow(t, "there is no such metric")
	return 0
}
