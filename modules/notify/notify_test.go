package notify_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"dagu/modules/health"
	"dagu/modules/notify"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// systemd remembers the lines that it was sent.
type systemd struct {
	mu    sync.Mutex
	lines []string
	err   error
}

func (s *systemd) send(state string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, strings.Split(state, "\n")...)
	return s.err
}

// heard returns the lines since the last call, those of the watchdog as their number.
func (s *systemd) heard() (lines []string, alive int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.lines {
		if line == "WATCHDOG=1" {
			alive++
		} else {
			lines = append(lines, line)
		}
	}
	s.lines = nil
	return lines, alive
}

func (s *systemd) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// begin starts a notifier over a registry that has been started, in a bubble.
func begin(t *testing.T, s *systemd, watchdog time.Duration) (*health.Registry, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	r, err := health.NewRegistry(health.Options{StallThreshold: 10 * time.Second})
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context()))
	n := notify.New(notify.Options{Watchdog: watchdog, Send: s.send}, r, zap.New(core))
	require.NoError(t, n.Start(t.Context()))
	require.NoError(t, n.Start(t.Context()))
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		require.NoError(t, n.Stop(ctx))
		require.NoError(t, n.Stop(ctx))
		require.NoError(t, r.Stop(ctx))
	})
	return r, logs
}

func TestSystemdHearsOfALife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s systemd
		r, _ := begin(t, &s, 0)
		time.Sleep(2500 * time.Millisecond) // synctest
		lines, alive := s.heard()
		require.Equal(t, []string{
			"EXTEND_TIMEOUT_USEC=10000000", "STATUS=starting", "EXTEND_TIMEOUT_USEC=10000000", "EXTEND_TIMEOUT_USEC=10000000",
		}, lines)
		require.Zero(t, alive, "there is no watchdog")
		r.Advance(health.Running)
		pulse := r.Pulse(health.Loop{Name: health.QueueLoop})
		pulse.Beat("turn")
		time.Sleep(5 * time.Second) // synctest
		lines, _ = s.heard()
		require.Equal(t, []string{"READY=1", "STATUS=running"}, lines)
		time.Sleep(8 * time.Second) // synctest
		lines, _ = s.heard()
		require.Equal(t, []string{"STATUS=running, not ready: queue-loop"}, lines)
		pulse.Beat("turn")
		time.Sleep(time.Second) // synctest
		lines, _ = s.heard()
		require.Equal(t, []string{"STATUS=running"}, lines)
		r.Advance(health.Draining)
		time.Sleep(150 * time.Millisecond) // synctest
		lines, _ = s.heard()
		require.Equal(t, []string{"STOPPING=1", "STATUS=draining"}, lines)
	})
}

func TestTheWatchdogIsFedWhileTheProcessLives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s systemd
		r, _ := begin(t, &s, 20*time.Second)
		pulse := r.Pulse(health.Loop{Name: health.SchedulerLoop, Health: true, Live: true})
		time.Sleep(time.Minute) // synctest
		_, alive := s.heard()
		require.InDelta(t, 6, alive, 1, "also during the start")
		pulse.Beat("turn")
		r.Advance(health.Running)
		time.Sleep(15 * time.Second) // synctest
		_, alive = s.heard()
		require.Positive(t, alive, "unhealthy is not dead")
		time.Sleep(15 * time.Second) // synctest
		s.heard()
		time.Sleep(time.Hour) // synctest
		_, alive = s.heard()
		require.Zero(t, alive, "a loop that only a restart can mend")
		pulse.Beat("turn")
		time.Sleep(time.Second) // synctest
		_, alive = s.heard()
		require.Equal(t, 1, alive)
		r.Advance(health.Draining)
		time.Sleep(time.Minute) // synctest
		_, alive = s.heard()
		require.InDelta(t, 6, alive, 1, "a drain is no failure")
	})
}

// Whoever started the process may never read what it is sent.
func TestASocketThatNobodyReadsDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r, err := health.NewRegistry(health.Options{})
		require.NoError(t, err)
		full := make(chan struct{})
		core, logs := observer.New(zap.DebugLevel)
		n := notify.New(notify.Options{Send: func(string) error { <-full; return nil }}, r, zap.New(core))
		require.NoError(t, n.Start(t.Context()))
		before := time.Now()
		require.NoError(t, n.Stop(t.Context()))
		require.LessOrEqual(t, time.Since(before), time.Second)
		require.Equal(t, 1, logs.Len())
		close(full)
	})
}

func TestASocketThatFailsIsLoggedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s systemd
		s.fail(errors.New("no such socket"))
		_, logs := begin(t, &s, time.Second)
		time.Sleep(time.Minute) // synctest
		require.Equal(t, 1, logs.Len())
		s.fail(nil)
		time.Sleep(2 * time.Second) // synctest
		require.Equal(t, 2, logs.Len())
	})
}
