package integration_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// held is what a process holds, as seen from outside.
type held struct{ descriptors, threads, goroutines int }

func (d *daemon) holds() held {
	d.tb.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", d.pid()))
	require.NoError(d.tb, err)
	tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", d.pid()))
	require.NoError(d.tb, err)
	h := held{descriptors: len(files), threads: len(tasks)}
	for line := range strings.Lines(d.get(d.url("/metrics"))) {
		if count, ok := strings.CutPrefix(line, "go_goroutines "); ok {
			h.goroutines, err = strconv.Atoi(strings.TrimSpace(count))
			require.NoError(d.tb, err)
		}
	}
	require.Positive(d.tb, h.goroutines)
	return h
}

func (d *daemon) url(path string) string { return fmt.Sprintf("http://127.0.0.1:%d%s", d.port, path) }

// Probes of every kind, of clients that keep connections, close them, hang up before
// they are answered, or never ask, leave nothing behind.
func TestProbesLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	const probes = 1000
	h := newHome(t)
	d := h.scheduler()
	paths := []string{"/health", "/livez", "/readyz?verbose", "/startupz", "/readyz/store", "/livez/nothing", "/metrics"}
	for _, path := range paths { // what is made once is there
		d.get(d.url(path))
	}
	before := d.holds()

	keeping := &http.Client{Timeout: patience, Transport: &http.Transport{}}
	for i := range probes {
		path := paths[i%len(paths)]
		switch i % 4 {
		case 0:
			require.Regexp(t, `^[24]0[04] `, d.get(d.url(path)))
		case 1:
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.url(path), nil)
			require.NoError(t, err)
			response, err := keeping.Do(request)
			require.NoError(t, err)
			_, _ = io.Copy(io.Discard, response.Body)
			require.NoError(t, response.Body.Close())
		default:
			dialer := net.Dialer{Timeout: patience}
			conn, err := dialer.DialContext(context.Background(), "tcp", fmt.Sprint("127.0.0.1:", d.port))
			require.NoError(t, err)
			if i%4 == 2 {
				_, _ = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n")
			}
			require.NoError(t, conn.Close())
		}
	}
	keeping.CloseIdleConnections()

	// Checks and the store have a few more or less at any time.
	const some = 20
	deadline := time.Now().Add(patience)
	after := d.holds()
	for after.descriptors > before.descriptors+some || after.goroutines > before.goroutines+some {
		require.True(t, time.Now().Before(deadline), "before %+v, after %+v", before, after)
		after = d.holds()
	}
	require.LessOrEqual(t, after.threads, before.threads+some, "a thread is never given back, so none may wait for a client")
	t.Logf("before %+v, after %d probes %+v", before, probes, after)
	d.stop()
}
