package web

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"go.uber.org/zap"

	"dagu/modules/health"
)

// Bounds on clients.
const (
	headerTimeout  = 5 * time.Second
	readTimeout    = 10 * time.Second
	writeTimeout   = 30 * time.Second
	idleTimeout    = 60 * time.Second
	maxHeaderBytes = 16 << 10
	maxBodyBytes   = 64 << 10
	// lastAnswers bounds how long Stop waits for requests that are being answered.
	lastAnswers = 2 * time.Second
)

// Deps are the parts that a Server shows and changes; all but Metrics are needed.
type Deps struct {
	Catalog  Catalog
	Store    Store
	Registry *health.Registry
	// Metrics answers /metrics to whom the API answers; nil is nobody.
	Metrics http.Handler
	Log     *zap.Logger
}

// Server serves the API and the page. Start and Stop may be called from any
// goroutine, each more than once.
type Server struct {
	options Options
	log     *zap.Logger
	http    *http.Server

	mu     sync.Mutex
	url    string
	served chan struct{} // closed when nothing is served any more; nil before Start
}

// New returns a Server that does not listen yet. The error says what has to be
// chosen before an address that other machines reach may be served.
func New(options Options, deps Deps) (*Server, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	quiet, err := zap.NewStdLogAt(deps.Log, zap.DebugLevel) // clients cannot fill the log
	if err != nil {
		return nil, fmt.Errorf("log of the web server: %w", err)
	}
	s := &Server{options: options, log: deps.Log}
	s.http = &http.Server{
		Handler:           newHandler(options, deps),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          quiet,
	}
	return s, nil
}

// Start listens and serves. The error of an address that is taken says so.
// A second call, and one after Stop, does nothing.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.served != nil {
		return nil
	}
	address := net.JoinHostPort(s.options.Host, strconv.Itoa(s.options.Port))
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("serve the web UI: %w; choose another address with --host and --port", err)
	}
	s.url = "http://" + listener.Addr().String() + s.options.BasePath + "/"
	s.served = make(chan struct{})
	s.log.Info("web server listens", zap.String("url", s.url))
	go s.serve(listener, s.served)
	return nil
}

func (s *Server) serve(listener net.Listener, served chan<- struct{}) {
	defer close(served)
	if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		s.log.Error("web server failed", zap.Error(err))
		s.options.Died(fmt.Errorf("serve the web UI: %w", err))
	}
}

// URL is the root of the page; "" before Start.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// Stop closes the listener, gives requests that are being answered a moment, and
// closes all connections.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	if s.served == nil { // never started: nothing may start later
		s.served = make(chan struct{})
		close(s.served)
	}
	served := s.served
	s.mu.Unlock()

	ctx, cancel := context.WithTimeout(ctx, lastAnswers)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		err = s.http.Close() // clients that take their time are not waited for
		if err != nil {
			return fmt.Errorf("close the web server: %w", err)
		}
	}
	<-served
	return nil
}
