package health

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cenkalti/backoff/v5"
	"go.uber.org/zap"
)

const (
	// bindTimeout bounds one attempt, for the sake of names that have to be looked up.
	bindTimeout = 2 * time.Second
	// firstRetry and lastRetry bound the pause between two attempts to bind.
	firstRetry = 200 * time.Millisecond
	lastRetry  = 3 * time.Second
)

// endpoint is one address that the server listens on.
type endpoint struct {
	server *Server
	host   string
	port   int
	url    atomic.Pointer[string]
}

func (e *endpoint) address() string { return net.JoinHostPort(e.host, strconv.Itoa(e.port)) }

func (e *endpoint) bind(ctx context.Context) (net.Listener, error) {
	ctx, stop := context.WithTimeout(ctx, bindTimeout)
	defer stop()
	listener, err := e.server.options.Listen(ctx, "tcp", e.address())
	if err != nil {
		return nil, err
	}
	if tcp, ok := listener.Addr().(*net.TCPAddr); ok {
		e.port = tcp.Port
	}
	return listener, nil
}

// run serves, and binds again whenever there is nothing to serve on, until ctx is done.
func (e *endpoint) run(ctx context.Context, listener net.Listener) {
	pause := &backoff.ExponentialBackOff{
		InitialInterval: firstRetry, MaxInterval: lastRetry, Multiplier: 2, RandomizationFactor: 0.1,
	}
	pause.Reset()
	for {
		if listener == nil {
			listener = e.bindAgain(ctx, pause)
		}
		if listener == nil {
			return
		}
		began := time.Now()
		err := e.serve(ctx, listener)
		listener = nil
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > lastRetry {
			pause.Reset() // it worked for a while
		}
		e.server.log.Error("health server failed; the process works on without it and binding is tried again",
			zap.String("address", e.address()), zap.Error(err))
	}
}

// bindAgain returns nil when ctx is done.
func (e *endpoint) bindAgain(ctx context.Context, pause backoff.BackOff) net.Listener {
	timer := time.NewTimer(pause.NextBackOff())
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
		listener, err := e.bind(ctx)
		if err == nil {
			return listener
		}
		e.server.log.Debug("health server still cannot listen", zap.String("address", e.address()), zap.Error(err))
		timer.Reset(pause.NextBackOff())
	}
}

// serve returns when the listener is closed, which it is when ctx is done or accepting fails.
func (e *endpoint) serve(ctx context.Context, listener net.Listener) error {
	url := localURL(listener.Addr(), e.address())
	e.server.log.Info("health server listens", zap.String("address", e.address()), zap.String("url", url+Path))
	e.url.Store(&url)
	e.server.keeper.changed()

	entry := &door{Listener: listener, ctx: ctx, crowd: e.server.crowd, log: e.server.log}
	stop := context.AfterFunc(ctx, entry.shut)
	defer stop()
	err := e.server.http.Serve(entry)

	gone := ""
	e.url.Store(&gone)
	if ctx.Err() == nil {
		e.server.keeper.changed() // otherwise the file stays until the end
	}
	return err
}

// localURL puts loopback where the listener has every address, which cannot be dialled.
func localURL(addr net.Addr, otherwise string) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok {
		return "http://" + otherwise
	}
	host := tcp.IP.String()
	if tcp.IP.IsUnspecified() {
		host = "127.0.0.1" // listeners on :: and 0.0.0.0 both take IPv4
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(tcp.Port))
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// familyMissing tells whether a bind failed because the machine has no address of that kind.
func familyMissing(err error) bool {
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)
}
