package integration_test

import (
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A port that is taken does not keep DAGs from being run, and is bound once it is free.
func TestPortTakenThenFreed(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.dag("hello", "steps:\n  - run: echo\n")
	var lc net.ListenConfig
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(h.port))
	taken, err := lc.Listen(t.Context(), "tcp", address)
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()

	d := h.start(launch{})
	s := h.records()
	h.enqueue("hello")
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 1 }, "the run goes on without a health server")
	eventually(t, func() bool { return strings.Contains(d.log.String(), address) }, "the log names the address")
	require.NoFileExists(t, h.path("data", "scheduler.addr"))
	require.False(t, d.ended())
	require.NoError(t, taken.Close())
	d.waitHealthy()
	eventually(t, func() bool { return h.read("data/scheduler.addr") != "" }, "the address is told")
	require.Equal(t, "healthy http://"+address+"/health", strings.TrimSpace(h.must("health")))
	d.stop()
	require.Equal(t, 1, h.run("health").code)
}

// start-all answers on the web port alone.
func TestStartAll(t *testing.T) {
	t.Parallel()
	port := strconv.Itoa(freePort(t))
	h := newHome(t, "DAGU_PORT="+port)
	h.dag("hello", "steps:\n  - run: echo\n")
	d := h.start(launch{args: []string{"start-all"}})
	stop := d.watch() // of the port that must stay closed
	api := "http://127.0.0.1:" + port + "/api/v1/"
	eventually(t, func() bool { return d.get(api+"health") == healthy }, "healthy")
	s := h.records()
	h.enqueue("hello")
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 1 }, "the run ends")
	require.Contains(t, d.get(api+"dags"), `"hello"`)
	require.Contains(t, d.get(api+"dag-runs"), `"succeeded"`)
	require.NoFileExists(t, h.path("data", "scheduler.addr"))
	require.Contains(t, h.must("health", "--web"), "healthy http://127.0.0.1:"+port)
	d.stop()
	require.Equal(t, []string{refused}, answers(stop()))
}

// Clients that connect and say nothing do not keep a prober out.
func TestSilentConnections(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	d := h.scheduler()
	const crowd = 2000
	conns := make(chan net.Conn, crowd)
	var wg sync.WaitGroup
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for range 20 {
		wg.Go(func() {
			var dialer net.Dialer
			for range crowd / 20 {
				conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(h.port)))
				if err != nil {
					t.Errorf("dial: %v", err)
					return
				}
				conns <- conn
			}
		})
	}
	wg.Wait()
	close(conns)
	for range 20 {
		require.Equal(t, healthy, d.answer())
	}
	for conn := range conns {
		_ = conn.Close()
	}
	d.stop()
}

// Port 0 is no server.
func TestNoHealthServer(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.dag("hello", "steps:\n  - run: echo\n")
	d := h.start(launch{args: []string{"scheduler", "--port", "0"}})
	s := h.records()
	h.enqueue("hello")
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 1 }, "the run ends")
	require.Equal(t, refused, d.answer())
	require.NoFileExists(t, h.path("data", "scheduler.addr"))
	begin := time.Now()
	d.stop()
	require.Less(t, time.Since(begin), 10*time.Second, "nothing to wait for")
}
