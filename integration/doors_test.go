package integration_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// systemd is the socket that a service is given.
type systemd struct {
	path string
	conn *net.UnixConn

	mu    sync.Mutex
	lines []string
}

func newSystemd(t *testing.T) *systemd {
	t.Helper()
	dir, err := os.MkdirTemp("", "dagu") // the path of a socket must be short
	require.NoError(t, err)
	s := &systemd{path: filepath.Join(dir, "notify")}
	s.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: s.path, Net: "unixgram"})
	require.NoError(t, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		text := make([]byte, 4096)
		for {
			n, err := s.conn.Read(text)
			if err != nil {
				return
			}
			s.mu.Lock()
			s.lines = append(s.lines, lines(string(text[:n]))...)
			s.mu.Unlock()
		}
	}()
	t.Cleanup(func() {
		require.NoError(t, s.conn.Close())
		<-done
		require.NoError(t, os.RemoveAll(dir))
	})
	return s
}

// heard are the lines so far, without those that come again and again.
func (s *systemd) heard() (list []string, alive int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, line := range s.lines {
		switch {
		case line == "WATCHDOG=1":
			alive++
		case !strings.HasPrefix(line, "EXTEND_TIMEOUT_USEC="):
			list = append(list, line)
		}
	}
	return list, alive
}

func TestSystemdIsTold(t *testing.T) {
	t.Parallel()
	s := newSystemd(t)
	h := newHome(t, "NOTIFY_SOCKET="+s.path, "WATCHDOG_USEC=1000000")
	h.dag("env", "steps:\n  - run: env\n    stdout: "+h.path("env")+"\n")
	h.dag("long", "steps:\n  - run: sleep 1000\n")
	d := h.scheduler()
	eventually(t, func() bool { list, alive := s.heard(); return len(list) == 3 && alive > 2 }, "it runs")
	h.enqueue("env")
	eventually(t, func() bool { return h.counts(h.records(), "env")["succeeded"] == 1 }, "a step has run")
	require.NotContains(t, h.read("env"), "NOTIFY_SOCKET")
	require.NotContains(t, h.read("env"), "WATCHDOG")
	h.enqueue("long")
	eventually(t, func() bool { return countSleepers(h.processes()) == 1 }, "a run is active")
	_, before := s.heard()
	d.signal(syscall.SIGTERM)
	eventually(t, func() bool { list, alive := s.heard(); return len(list) == 5 && alive > before+2 }, "it drains, and lives")
	d.insist(syscall.SIGTERM)
	d.wait()
	list, _ := s.heard()
	require.Equal(t, []string{"STATUS=starting", "READY=1", "STATUS=running", "STOPPING=1", "STATUS=draining"}, list)
}

// Whoever started the process may have stopped reading.
func TestASocketThatNobodyReadsHoldsNothingUp(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "dagu") // the path of a socket must be short
	require.NoError(t, err)
	defer func() { require.NoError(t, os.RemoveAll(dir)) }()
	address := &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"}
	deaf, err := net.ListenUnixgram("unixgram", address)
	require.NoError(t, err)
	defer func() { require.NoError(t, deaf.Close()) }()
	talker, err := net.DialUnix("unixgram", nil, address)
	require.NoError(t, err)
	defer func() { require.NoError(t, talker.Close()) }()
	require.NoError(t, talker.SetWriteDeadline(time.Now().Add(time.Second)))
	for err == nil {
		_, err = talker.Write([]byte("STATUS=full"))
	}
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)

	h := newHome(t, "NOTIFY_SOCKET="+address.Name, "WATCHDOG_USEC=nonsense")
	d := h.scheduler()
	require.Contains(t, d.log.String(), "the watchdog of systemd is left out")
	d.signal(syscall.SIGTERM)
	require.Zero(t, d.wait())
	require.Contains(t, d.log.String(), "its socket does not take it")
	require.NotContains(t, d.log.String(), "stop_timeout is over")
}

func TestTheLifeBeforeIsTold(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.dag("long", "steps:\n  - run: trap '' TERM; sleep 1000; sleep 1000\n")
	const before = "the life before"
	d := h.scheduler()
	require.NotContains(t, d.log.String(), before)
	d.stop()
	d = h.scheduler()
	require.Contains(t, d.log.String(), `"how": "clean"`)
	d.kill()
	d = h.scheduler()
	require.Contains(t, d.log.String(), `"how": "killed"`)
	h.enqueue("long")
	eventually(t, func() bool { return countSleepers(h.processes()) == 1 }, "a run is active")
	d.signal(syscall.SIGTERM)
	eventually(t, func() bool { return d.answer() == shuttingDown }, "draining")
	eventually(t, func() bool {
		files, _ := filepath.Glob(h.path("data", "lives", "*"))
		return len(files) == 1 && strings.Contains(h.read(strings.TrimPrefix(files[0], h.dir+"/")), "draining")
	}, "it is written down")
	d.kill()
	d = h.scheduler()
	require.Contains(t, d.log.String(), `"how": "forced_drain"`)
	h.enqueue("long")
	eventually(t, func() bool { return countSleepers(h.processes()) == 1 }, "a run is active")
	d.signal(syscall.SIGTERM)
	eventually(t, func() bool { return d.answer() == shuttingDown }, "draining")
	d.insist(syscall.SIGTERM)
	require.Equal(t, 130, d.wait())
	d = h.scheduler()
	require.Contains(t, d.log.String(), `"how": "forced_drain"`)
	d.stop()
}

func TestPingsReachTheService(t *testing.T) {
	t.Parallel()
	var pings atomic.Int64
	service := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { pings.Add(1) }))
	defer service.Close()
	h := newHome(t, "DAGU_SCHEDULER_PING_URL="+service.URL, "DAGU_SCHEDULER_PING_INTERVAL=1s")
	h.scheduler()
	eventually(t, func() bool { return pings.Load() >= 2 }, "pings")
}
