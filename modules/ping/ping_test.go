package ping_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"dagu/modules/health"
	"dagu/modules/ping"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeRegistry is ready or not.
type fakeRegistry struct {
	ready atomic.Bool
	asked atomic.Int64
}

func (r *fakeRegistry) Verdict(p health.Probe) health.Verdict {
	r.asked.Add(1)
	return health.Verdict{Healthy: p == health.ProbeReady && r.ready.Load()}
}

// service is a dead man's switch.
type service struct {
	*httptest.Server
	count, code atomic.Int64
	path        atomic.Value
	hang        chan struct{}
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{hang: make(chan struct{})}
	s.code.Store(http.StatusOK)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.path.Store(r.Method + " " + r.URL.String())
		s.count.Add(1)
		if s.code.Load() == 0 {
			select {
			case <-s.hang:
			case <-r.Context().Done():
			}
			return
		}
		w.WriteHeader(int(s.code.Load()))
	}))
	t.Cleanup(s.Close)
	return s
}

func begin(t *testing.T, options ping.Options, r *fakeRegistry) (*ping.Pinger, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	p, err := ping.New(options, r, zap.New(core))
	require.NoError(t, err)
	require.NoError(t, p.Start(t.Context()))
	require.NoError(t, p.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, p.Stop(context.WithoutCancel(t.Context()))) })
	return p, logs
}

func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 10*time.Second, time.Millisecond)
}

func TestPingsComeOnlyWhileReady(t *testing.T) {
	t.Parallel()
	s, r := newService(t), &fakeRegistry{}
	begin(t, ping.Options{URL: s.URL + "/check/secret?x=1", Interval: 10 * time.Millisecond}, r)
	r.ready.Store(true)
	eventually(t, func() bool { return s.count.Load() >= 3 })
	require.Equal(t, "GET /check/secret?x=1", s.path.Load())
	r.ready.Store(false)
	turns := func(n int64) {
		from := r.asked.Load()
		eventually(t, func() bool { return r.asked.Load() >= from+n })
	}
	turns(2) // what was under way has arrived
	count := s.count.Load()
	turns(5)
	require.Equal(t, count, s.count.Load())
	r.ready.Store(true)
	eventually(t, func() bool { return s.count.Load() > count })
}

// A process that lives for less than an interval, or is not ready just when a ping is
// due, would else be taken for dead.
func TestAPingComesAsSoonAsTheProcessIsReady(t *testing.T) {
	t.Parallel()
	s, r := newService(t), &fakeRegistry{}
	begin(t, ping.Options{URL: s.URL, Interval: time.Hour}, r)
	eventually(t, func() bool { return r.asked.Load() > 0 })
	require.Zero(t, s.count.Load())
	r.ready.Store(true)
	eventually(t, func() bool { return s.count.Load() == 1 })
}

func TestFailuresAreLoggedOnceAndWithoutThePath(t *testing.T) {
	t.Parallel()
	s, r := newService(t), &fakeRegistry{}
	r.ready.Store(true)
	s.code.Store(http.StatusInternalServerError)
	_, logs := begin(t, ping.Options{URL: s.URL + "/secret", Interval: 10 * time.Millisecond}, r)
	eventually(t, func() bool { return s.count.Load() >= 3 })
	require.Equal(t, 1, logs.Len())
	s.code.Store(http.StatusOK)
	eventually(t, func() bool { return logs.Len() == 2 })
	s.CloseClientConnections()
	s.Close()
	eventually(t, func() bool { return logs.Len() == 3 })
	for _, entry := range logs.All() {
		require.NotContains(t, entry.Message, "secret")
		for _, value := range entry.ContextMap() {
			require.NotContains(t, value, "secret")
		}
	}
}

// A service that does not answer holds up neither the loop nor the end.
func TestAServiceThatHangs(t *testing.T) {
	t.Parallel()
	s, r := newService(t), &fakeRegistry{}
	r.ready.Store(true)
	s.code.Store(0)
	p, logs := begin(t, ping.Options{URL: s.URL, Interval: 100 * time.Millisecond}, r)
	eventually(t, func() bool { return s.count.Load() >= 2 })
	require.Equal(t, 1, logs.Len())
	require.NoError(t, p.Stop(t.Context()))
	close(s.hang)
}

func TestWithoutAURLNothingIsDone(t *testing.T) {
	t.Parallel()
	p, _ := begin(t, ping.Options{}, &fakeRegistry{})
	require.NoError(t, p.Stop(t.Context()))
	_, err := ping.New(ping.Options{URL: "http://x"}, &fakeRegistry{}, zap.NewNop())
	require.ErrorContains(t, err, "interval")
}
