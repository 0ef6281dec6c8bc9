package health_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"dagu/modules/health"

	"github.com/stretchr/testify/require"
)

func TestShortageOfDescriptorsIsBorne(t *testing.T) {
	t.Parallel()
	var listener *breakable
	listen := func(ctx context.Context, network, address string) (net.Listener, error) {
		l, err := new(net.ListenConfig).Listen(ctx, network, address)
		listener = &breakable{Listener: l}
		return listener, err
	}
	s, logs := serve(t, health.ServerOptions{Listen: listen}, running(t, health.Options{}))
	address := listening(t, s)
	shortage := error(&net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)})
	idle := dial(t, address)
	_, err := io.WriteString(idle, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	reader := bufio.NewReader(idle)
	response, err := http.ReadResponse(reader, nil)
	require.NoError(t, err)
	require.Equal(t, `{"status":"healthy"}`, body(t, response))
	listener.failed.Store(&shortage)
	_, _, err = probe(t, address) // the accept under way still works
	require.NoError(t, err)
	_, err = reader.ReadByte()
	require.ErrorIs(t, err, io.EOF, "who is idle makes room")
	eventually(t, func() bool { return len(entries(logs, "cannot accept")) == 1 }, "the shortage is told")
	listener.failed.Store(nil)
	code, _, err := probe(t, address)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, code)
	require.Len(t, entries(logs, "cannot accept"), 1)
	require.Len(t, entries(logs, "accepts connections again"), 1)
}

func TestSilentConnectionsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, health.ServerOptions{}, running(t, health.Options{}))
	address := listening(t, s)
	honest := dial(t, address)
	reader := bufio.NewReader(honest)
	for i := range 2000 {
		dial(t, address)
		if i%100 != 0 {
			continue
		}
		code, _, err := probe(t, address)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, code)
		if i < health.MaxConns/2 {
			// One that asks again and again is never the oldest.
			_, err = io.WriteString(honest, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
			require.NoError(t, err)
			response, err := http.ReadResponse(reader, nil)
			require.NoError(t, err)
			require.Equal(t, `{"status":"healthy"}`, body(t, response))
		}
	}
}

func TestHalfRequestsKeepNobodyOut(t *testing.T) {
	t.Parallel()
	for _, half := range []string{
		"GET /health HTTP/1.1\r\nHos",
		"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx",
	} {
		s, _ := serve(t, health.ServerOptions{}, running(t, health.Options{}))
		address := listening(t, s)
		for range health.MaxConns + 100 {
			_, err := io.WriteString(dial(t, address), half)
			require.NoError(t, err)
		}
		for range 20 {
			code, _, err := probe(t, address)
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, code)
		}
	}
}

func TestOversizedAndSlowRequestsAreEnded(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, health.ServerOptions{}, running(t, health.Options{}))
	address := listening(t, s)
	large := dial(t, address)
	_, _ = io.WriteString(large, "GET /health HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("x", 64<<10)+"\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(large), nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusRequestHeaderFieldsTooLarge, response.StatusCode)
	require.NoError(t, response.Body.Close())

	var slow []net.Conn
	for _, sent := range []string{"", "GET /health HTTP/1.1\r\n", "POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nx"} {
		conn := dial(t, address)
		_, err = io.WriteString(conn, sent)
		require.NoError(t, err)
		slow = append(slow, conn)
	}
	for i, conn := range slow {
		_, err = io.Copy(io.Discard, conn)
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the server ends connection %d", i)
	}
}

// stub is a connection that remembers being closed.
type stub struct {
	net.Conn
	closed bool
}

func (s *stub) Close() error {
	s.closed = true
	return nil
}

func TestOldestIdleConnectionMakesRoom(t *testing.T) {
	t.Parallel()
	crowd := health.NewCrowd(3)
	silent, asking, gone, late, later := &stub{}, &stub{}, &stub{}, &stub{}, &stub{}
	crowd.Observe(asking, http.StateNew)
	crowd.Observe(silent, http.StateNew)
	crowd.Observe(gone, http.StateNew)
	crowd.Observe(gone, http.StateActive)
	crowd.Observe(gone, http.StateClosed)
	crowd.Observe(late, http.StateNew)
	require.False(t, silent.closed, "there is room")

	crowd.Observe(asking, http.StateActive)
	crowd.Observe(asking, http.StateIdle)
	crowd.Observe(later, http.StateNew)
	require.True(t, silent.closed)
	crowd.Observe(silent, http.StateActive) // it has been closed, but its goroutine is not there yet
	crowd.Observe(silent, http.StateClosed)
	require.False(t, asking.closed || late.closed || later.closed)

	crowd.Observe(&stub{}, http.StateNew)
	require.True(t, late.closed)
	require.False(t, asking.closed || later.closed)
}
