package health_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"dagu/modules/health"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

const patience = 20 * time.Second

func serve(t *testing.T, options health.ServerOptions, r *health.Registry) (*health.Server, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	s, err := health.NewServer(options, r, zap.New(core))
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, s.Stop(context.WithoutCancel(t.Context()))) })
	return s, logs
}

func eventually(t *testing.T, condition func() bool, why string) {
	t.Helper()
	require.Eventually(t, condition, patience, 5*time.Millisecond, why)
}

// listening waits for the server to listen and returns its host and port.
func listening(t *testing.T, s *health.Server) string {
	t.Helper()
	eventually(t, func() bool { return s.URL() != "" }, "the server listens")
	return strings.TrimPrefix(s.URL(), "http://")
}

// probe asks as a prober does, on a connection of its own.
func probe(t *testing.T, address string) (int, string, error) {
	t.Helper()
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+"/health", nil)
	require.NoError(t, err)
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer func() { require.NoError(t, response.Body.Close()) }()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	require.NoError(t, err)
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func entries(logs *observer.ObservedLogs, message string) []observer.LoggedEntry {
	return logs.Filter(func(e observer.LoggedEntry) bool { return strings.Contains(e.Message, message) }).All()
}

func TestServerAnswersThroughALife(t *testing.T) {
	t.Parallel()
	r := newRegistry(t, health.Options{})
	s, logs := serve(t, health.ServerOptions{}, r)
	address := listening(t, s)
	require.Len(t, entries(logs, "health server listens"), 1)
	expect := func(code int, body string) {
		t.Helper()
		gotCode, gotBody, err := probe(t, address)
		require.NoError(t, err)
		require.Equal(t, code, gotCode)
		require.Equal(t, body, gotBody)
	}
	expect(503, `{"status":"starting"}`)
	require.NoError(t, r.Start(t.Context()))
	r.Advance(health.Running)
	expect(200, `{"status":"healthy"}`)
	r.Advance(health.Draining)
	expect(503, `{"status":"shutting_down"}`)
	require.NoError(t, r.Stop(t.Context()))
	expect(503, `{"status":"shutting_down"}`)
	require.NoError(t, s.Stop(t.Context()))
	_, _, err := probe(t, address)
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	require.NoError(t, s.Stop(t.Context()))
	require.NoError(t, s.Start(t.Context()), "a stopped server stays stopped")
	require.Empty(t, s.URL())
}

func TestBytesOnTheWire(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, health.ServerOptions{}, running(t, health.Options{}))
	address := listening(t, s)
	say := func(request string) string {
		conn := dial(t, address)
		_, err := io.WriteString(conn, request)
		require.NoError(t, err)
		answer, err := io.ReadAll(conn)
		require.NoError(t, err)
		lines := strings.Split(string(answer), "\r\n")
		kept := lines[:0]
		for _, line := range lines {
			if !strings.HasPrefix(line, "Date: ") {
				kept = append(kept, line)
			}
		}
		return strings.Join(kept, "\n")
	}
	require.Equal(t, "HTTP/1.1 200 OK\nCache-Control: no-store\nContent-Length: 20\nContent-Type: application/json\n"+
		"Connection: close\n\n"+`{"status":"healthy"}`, say("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
	require.Equal(t, "HTTP/1.1 200 OK\nCache-Control: no-store\nContent-Length: 20\nContent-Type: application/json\n"+
		"Connection: close\n\n", say("HEAD /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
	require.Equal(t, "HTTP/1.1 405 Method Not Allowed\nAllow: GET, HEAD\nConnection: close\nContent-Length: 0\n\n",
		say("POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}"))
	require.Equal(t, "HTTP/1.1 404 Not Found\nConnection: close\nContent-Length: 0\n\n",
		say("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"))
}

func TestRedAnswerClosesTheConnection(t *testing.T) {
	t.Parallel()
	r := running(t, health.Options{})
	s, _ := serve(t, health.ServerOptions{}, r)
	conn := dial(t, listening(t, s))
	reader := bufio.NewReader(conn)
	for range 3 {
		_, err := io.WriteString(conn, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
		require.NoError(t, err)
		response, err := http.ReadResponse(reader, nil)
		require.NoError(t, err)
		require.False(t, response.Close)
		require.Equal(t, `{"status":"healthy"}`, body(t, response))
	}
	r.Advance(health.Draining)
	_, err := io.WriteString(conn, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	response, err := http.ReadResponse(reader, nil)
	require.NoError(t, err)
	require.True(t, response.Close)
	require.Equal(t, `{"status":"shutting_down"}`, body(t, response))
	_, err = reader.ReadByte()
	require.ErrorIs(t, err, io.EOF)
}

func TestTakenPortIsToldAndTriedAgain(t *testing.T) {
	t.Parallel()
	other, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer other.Close() //nolint:errcheck // it is closed below
	port := other.Addr().(*net.TCPAddr).Port
	file := filepath.Join(t.TempDir(), "data", health.AddressFile)
	s, logs := serve(t, health.ServerOptions{Port: port, AddressFile: file}, running(t, health.Options{}))

	told := entries(logs, "cannot listen")
	require.Len(t, told, 1)
	require.Equal(t, zap.ErrorLevel, told[0].Level)
	require.Equal(t, fmt.Sprintf("127.0.0.1:%d", port), told[0].ContextMap()["address"])
	require.Contains(t, told[0].ContextMap()["error"], "address already in use")
	eventually(t, func() bool { return len(entries(logs, "still cannot listen")) >= 2 }, "it is tried again")
	require.Empty(t, s.URL())
	require.NoFileExists(t, file)

	require.NoError(t, other.Close())
	address := listening(t, s)
	code, _, err := probe(t, address)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, code)
	require.Len(t, logs.FilterLevelExact(zap.ErrorLevel).All(), 1, "a state is told once")
	require.Len(t, entries(logs, "health server listens"), 1)
	eventually(t, func() bool { _, err := health.ReadAddress(file); return err == nil }, "the address file is written")
}

// breakable is a listener whose Accept can be made to fail.
type breakable struct {
	net.Listener
	fail   chan error
	failed atomic.Pointer[error] // returned by every Accept
}

func (b *breakable) Accept() (net.Conn, error) {
	if err := b.failed.Load(); err != nil {
		return nil, *err
	}
	type result struct {
		conn net.Conn
		err  error
	}
	accepted := make(chan result, 1)
	go func() {
		conn, err := b.Listener.Accept()
		accepted <- result{conn, err}
	}()
	select {
	case r := <-accepted:
		return r.conn, r.err
	case err := <-b.fail:
		_ = b.Close()
		return nil, err
	}
}

func TestServingThatBreaksIsMended(t *testing.T) {
	t.Parallel()
	fail := make(chan error)
	listen := func(ctx context.Context, network, address string) (net.Listener, error) {
		l, err := new(net.ListenConfig).Listen(ctx, network, address)
		return &breakable{Listener: l, fail: fail}, err
	}
	r := running(t, health.Options{})
	s, logs := serve(t, health.ServerOptions{Listen: listen}, r)
	address := listening(t, s)
	fail <- errors.New("wire cut")
	eventually(t, func() bool { return len(entries(logs, "health server failed")) == 1 }, "the failure is told")
	told := entries(logs, "health server failed")[0]
	require.Equal(t, zap.ErrorLevel, told.Level)
	require.Equal(t, address, told.ContextMap()["address"])
	require.Equal(t, "wire cut", told.ContextMap()["error"])
	eventually(t, func() bool { return len(entries(logs, "health server listens")) == 2 }, "it listens again")
	require.Equal(t, address, listening(t, s), "under the same port")
	code, _, err := probe(t, address)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, code)
}

func TestLocalhostIsBothFamilies(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, health.ServerOptions{Host: "localhost"}, running(t, health.Options{}))
	eventually(t, func() bool { return strings.HasPrefix(s.URL(), "http://127.0.0.1:") }, "the first address is the one to dial")
	address := listening(t, s)
	_, _, err := probe(t, address)
	require.NoError(t, err)
	six, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no ::1")
	}
	require.NoError(t, six.Close())
	_, _, err = probe(t, strings.Replace(address, "127.0.0.1", "[::1]", 1))
	require.NoError(t, err)
}

func TestLocalhostWithOneFamily(t *testing.T) {
	t.Parallel()
	for _, missing := range []string{"127.0.0.1", "::1"} {
		for _, errno := range []error{syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT} {
			listen := func(ctx context.Context, network, address string) (net.Listener, error) {
				if host, _, _ := net.SplitHostPort(address); host == missing {
					return nil, &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", errno)}
				}
				return new(net.ListenConfig).Listen(ctx, network, "127.0.0.1:0")
			}
			s, logs := serve(t, health.ServerOptions{Host: "localhost", Listen: listen}, running(t, health.Options{}))
			_, _, err := probe(t, listening(t, s))
			require.NoError(t, err)
			require.Empty(t, logs.FilterLevelExact(zap.ErrorLevel).All())
		}
	}
}

func TestLocalhostWithoutAnyFamilyIsToldAndTriedAgain(t *testing.T) {
	t.Parallel()
	var tries atomic.Int32
	listen := func(ctx context.Context, network, _ string) (net.Listener, error) {
		if tries.Add(1) <= 3 {
			return nil, &net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EADDRNOTAVAIL)}
		}
		return new(net.ListenConfig).Listen(ctx, network, "127.0.0.1:0")
	}
	s, logs := serve(t, health.ServerOptions{Host: "localhost", Listen: listen}, running(t, health.Options{}))
	require.Len(t, logs.FilterLevelExact(zap.ErrorLevel).All(), 2)
	listening(t, s)
}

func TestLoopbackInAPodIsWarnedOf(t *testing.T) {
	t.Parallel()
	for host, warned := range map[string]int{"127.0.0.1": 1, "localhost": 1, "": 1, "::1": 1, "0.0.0.0": 0} {
		listen := func(ctx context.Context, network, _ string) (net.Listener, error) {
			return new(net.ListenConfig).Listen(ctx, network, "127.0.0.1:0")
		}
		_, logs := serve(t, health.ServerOptions{Host: host, Kubernetes: true, Listen: listen}, running(t, health.Options{}))
		warnings := entries(logs, "DAGU_SCHEDULER_HOST to 0.0.0.0")
		require.Len(t, warnings, warned, host)
		_, logs = serve(t, health.ServerOptions{Host: host, Listen: listen}, running(t, health.Options{}))
		require.Empty(t, logs.FilterLevelExact(zap.WarnLevel).All())
	}
}

func TestServerThatIsOffNeverListens(t *testing.T) {
	t.Parallel()
	listen := func(context.Context, string, string) (net.Listener, error) { panic("it listens") }
	s, logs := serve(t, health.ServerOptions{Off: true, Listen: listen}, running(t, health.Options{}))
	require.Empty(t, s.URL())
	require.Zero(t, logs.Len())
	_, err := health.NewServer(health.ServerOptions{Port: 65536}, nil, zap.NewNop())
	require.ErrorContains(t, err, "65536")
}
