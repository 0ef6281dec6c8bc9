package health_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dagu/modules/health"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestStopWhileBindingDoesNotWait(t *testing.T) {
	t.Parallel()
	hang := func(ctx context.Context, _, _ string) (net.Listener, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	core, logs := observer.New(zap.DebugLevel)
	s, err := health.NewServer(health.ServerOptions{Listen: hang}, newRegistry(t, health.Options{}), zap.New(core))
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	require.NoError(t, s.Stop(t.Context()))
	require.Empty(t, logs.FilterLevelExact(zap.WarnLevel).All())
}

// counting counts the connections that the server accepts.
type counting struct {
	*net.TCPListener
	accepted atomic.Int32
}

func (c *counting) Accept() (net.Conn, error) {
	conn, err := c.TCPListener.Accept()
	if err == nil {
		c.accepted.Add(1)
	}
	return conn, err
}

// Probes go on while the server stops: each that was accepted is answered.
func TestStopCutsNoProbeOff(t *testing.T) {
	t.Parallel()
	for range 20 {
		var counter *counting
		listen := func(ctx context.Context, network, address string) (net.Listener, error) {
			l, err := new(net.ListenConfig).Listen(ctx, network, address)
			counter = &counting{TCPListener: l.(*net.TCPListener)}
			return counter, err
		}
		r := running(t, health.Options{})
		s, _ := serve(t, health.ServerOptions{Listen: listen}, r)
		health.BePatient(s)
		address := listening(t, s)
		r.Advance(health.Draining)
		var probers sync.WaitGroup
		var answered atomic.Int32
		for range 4 {
			probers.Go(func() {
				for {
					code, _, err := probe(t, address)
					if err != nil {
						return
					}
					if code == http.StatusServiceUnavailable {
						answered.Add(1)
					}
				}
			})
		}
		eventually(t, func() bool { return answered.Load() > 20 }, "probes are answered while draining")
		require.NoError(t, s.Stop(t.Context()))
		probers.Wait()
		require.Equal(t, counter.accepted.Load(), answered.Load())
	}
}

// late is a listener that lets a connection wait in the kernel until the server
// asks for the end, and that gives a slow machine all the time it needs.
type late struct {
	*net.TCPListener
	asked chan struct{}
	taken bool
}

func (l *late) SetDeadline(deadline time.Time) error {
	defer close(l.asked)
	if deadline.After(time.Now()) {
		deadline = deadline.Add(patience)
	}
	return l.TCPListener.SetDeadline(deadline)
}

func (l *late) Accept() (net.Conn, error) {
	<-l.asked
	if l.taken {
		return nil, os.ErrDeadlineExceeded
	}
	l.taken = true
	return l.TCPListener.Accept()
}

func TestConnectionThatWaitsAtStopIsAnswered(t *testing.T) {
	t.Parallel()
	listen := func(ctx context.Context, network, address string) (net.Listener, error) {
		l, err := new(net.ListenConfig).Listen(ctx, network, address)
		return &late{TCPListener: l.(*net.TCPListener), asked: make(chan struct{})}, err
	}
	s, _ := serve(t, health.ServerOptions{Listen: listen}, running(t, health.Options{}))
	health.BePatient(s)
	conn := dial(t, listening(t, s))
	_, err := io.WriteString(conn, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	require.NoError(t, s.Stop(t.Context()))
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.Equal(t, `{"status":"shutting_down"}`, body(t, response))
}

func TestConnectionThatIsInAtStopMayStillAsk(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, health.ServerOptions{}, running(t, health.Options{}))
	address := listening(t, s)
	health.BePatient(s)
	stopped := make(chan struct{})
	conn := dial(t, address)
	go func() {
		defer close(stopped)
		_ = s.Stop(context.WithoutCancel(t.Context()))
	}()
	eventually(t, func() bool { _, _, err := probe(t, address); return err != nil }, "the listener is closed")
	_, err := io.WriteString(conn, "GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	require.Equal(t, `{"status":"shutting_down"}`, body(t, response))
	<-stopped
}

func TestStopDoesNotWaitForClients(t *testing.T) {
	t.Parallel()
	s, _ := serve(t, health.ServerOptions{}, running(t, health.Options{}))
	silent, half := dial(t, listening(t, s)), dial(t, listening(t, s))
	_, err := io.WriteString(half, "GET /health HTTP/1.1\r\nHos")
	require.NoError(t, err)
	_, _, err = probe(t, listening(t, s))
	require.NoError(t, err)
	require.NoError(t, s.Stop(t.Context()))
	for _, conn := range []net.Conn{silent, half} {
		_, err := conn.Read(make([]byte, 1))
		require.Error(t, err)
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
	}
}
