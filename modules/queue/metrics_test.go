package queue_test

import (
	"errors"
	"strconv"
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
	"dagu/modules/store"
)

// What waits is counted after turns, at most once a second, and again after a failure.
func TestWhatWaitsIsCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, e, m := newFakeStore(0), &fakeExecutor{}, queue.NewMetrics()
		var counts atomic.Int32
		s.backlog = func() (store.Backlog, error) {
			if counts.Add(1) == 2 {
				return store.Backlog{}, errors.New("no answer")
			}
			return store.Backlog{Queued: len(s.queued), Held: 2, Paused: 1}, nil
		}
		q, err := queue.New(queue.Options{MaxActive: 2, Metrics: m}, s, e, &fakePulse{}, zap.NewNop())
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
		require.InDelta(t, 1, gauge(t, m, "dagu_queues_paused"), 0)
		require.InDelta(t, 2, gauge(t, m, "dagu_runs_held"), 0)
		time.Sleep(time.Second) // synctest
		synctest.Wait()
		require.InDelta(t, 3, queued(t, m), 0)
		require.NoError(t, q.Stop(t.Context()))
	})
}

// queued is the value of dagu_runs_queued.
func queued(t *testing.T, m *queue.Metrics) float64 {
	t.Helper()
	return gauge(t, m, "dagu_runs_queued")
}

func gauge(t *testing.T, m *queue.Metrics, name string) float64 {
	t.Helper()
	for _, c := range m.Collectors() {
		if g, ok := c.(prometheus.Gauge); ok && strings.Contains(g.Desc().String(), strconv.Quote(name)) {
			return testutil.ToFloat64(g)
		}
	}
	require.FailNow(t, "there is no such metric")
	return 0
}
