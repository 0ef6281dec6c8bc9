package health

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"go.uber.org/zap"
)

// Bounds on clients, so that slow and hostile ones keep nobody out.
const (
	readTimeout    = 5 * time.Second
	writeTimeout   = 5 * time.Second
	idleTimeout    = 60 * time.Second
	maxHeaderBytes = 8 << 10
)

// Bounds on the end of the server. It still accepts for acceptGrace, so that
// nobody is left in the kernel's queue, and a connection has answerGrace from its
// beginning to send its request and be answered. The second is short because
// the process refuses connections while it lasts.
const (
	acceptGrace = 20 * time.Millisecond
	answerGrace = 50 * time.Millisecond
)

// ServerOptions configures a Server.
type ServerOptions struct {
	// Host is the name or address to listen on. "" is 127.0.0.1, and localhost is
	// 127.0.0.1 and ::1, where one may be missing.
	Host string
	// Port is the port to listen on; 0 lets the system choose one, see Server.URL.
	Port int
	// Off makes a server that never listens.
	Off bool
	// AddressFile is the path of the file that tells where the server listens; "" writes none.
	AddressFile string
	// Kubernetes tells that the process runs in a pod, where listening on
	// loopback is worth a warning: the kubelet probes from outside of it.
	Kubernetes bool
	// Details says whom the server gives details.
	Details Details
	// Metrics answers MetricsPath; nil is nobody.
	Metrics http.Handler
	// Listen opens listeners; nil is net.ListenConfig.Listen.
	Listen func(ctx context.Context, network, address string) (net.Listener, error)
}

// Server serves the probes. Whatever happens to it, Start and Stop
// succeed: what fails is logged, and tried again until Stop.
type Server struct {
	options   ServerOptions
	registry  *Registry
	log       *zap.Logger
	http      *http.Server
	crowd     *crowd
	keeper    *keeper
	endpoints []*endpoint
	grace     time.Duration // for clients at the end

	mu       sync.Mutex // guards what follows
	cancel   context.CancelFunc
	served   chan struct{} // closed when no endpoint listens any more
	withdraw context.CancelFunc
	kept     chan struct{} // closed when the address file is as it will stay
}

// NewServer returns a server that does not listen yet.
func NewServer(options ServerOptions, registry *Registry, log *zap.Logger) (*Server, error) {
	if options.Port < 0 || options.Port > 65535 {
		return nil, fmt.Errorf("health server port %d: must be between 0 and 65535", options.Port)
	}
	if options.Listen == nil {
		options.Listen = new(net.ListenConfig).Listen
	}
	quiet, err := zap.NewStdLogAt(log, zap.DebugLevel) // clients cannot fill the log
	if err != nil {
		return nil, fmt.Errorf("log of the health server: %w", err)
	}
	s := &Server{options: options, registry: registry, log: log, crowd: newCrowd(maxConns), grace: answerGrace}
	s.keeper = &keeper{
		path: options.AddressFile, instance: rand.Text(), url: s.URL, log: log, wake: make(chan struct{}, 1),
	}
	s.http = &http.Server{
		Handler: Handler(registry, HandlerOptions{
			Details: options.Details, Knows: s.keeper.knows, Metrics: options.Metrics,
		}),
		DisableGeneralOptionsHandler: true,
		ReadTimeout:                  readTimeout,
		ReadHeaderTimeout:            readTimeout,
		WriteTimeout:                 writeTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeaderBytes,
		ConnState:                    s.crowd.observe,
		ErrorLog:                     quiet,
	}
	for _, host := range hosts(options.Host) {
		s.endpoints = append(s.endpoints, &endpoint{server: s, host: host, port: options.Port})
	}
	return s, nil
}

func hosts(host string) []string {
	switch host {
	case "":
		return []string{"127.0.0.1"}
	case "localhost":
		return []string{"127.0.0.1", "::1"}
	default:
		return []string{host}
	}
}

// URL returns the root of the server under an address that can be dialled on
// this machine, such as http://127.0.0.1:8090; "" while it does not listen.
func (s *Server) URL() string {
	for _, e := range s.endpoints {
		if url := e.url.Load(); url != nil && *url != "" {
			return *url
		}
	}
	return ""
}

// Start tries to bind, once, and serves. Where that fails it logs an error with
// the address and goes on trying in the background. It returns nil at all
// times; a second call, and one after Stop, do nothing.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.served != nil || s.options.Off {
		return nil
	}
	if s.options.Kubernetes && isLoopback(s.endpoints[0].host) {
		s.log.Warn("health server listens on loopback, where the kubelet cannot reach it: "+
			"set scheduler.host or DAGU_SCHEDULER_HOST to 0.0.0.0", zap.String("host", s.options.Host))
	}
	loops, cancel := context.WithCancel(context.WithoutCancel(ctx))
	files, withdraw := context.WithCancel(context.WithoutCancel(ctx))
	s.cancel, s.served = cancel, make(chan struct{})
	s.withdraw, s.kept = withdraw, make(chan struct{})

	var serving sync.WaitGroup
	for e, listener := range s.bindAll(loops) {
		serving.Go(func() { e.run(loops, listener) })
	}
	go func() {
		defer close(s.served)
		serving.Wait()
	}()
	go func() {
		defer close(s.kept)
		s.keeper.run(files)
	}()
	return nil
}

// bindAll tries every endpoint once and returns those to be run; the ones that
// are not bound have no listener. An address family that this machine lacks is
// left out as long as it has the other.
func (s *Server) bindAll(ctx context.Context) map[*endpoint]net.Listener {
	bound := make(map[*endpoint]net.Listener)
	failed := make(map[*endpoint]error)
	missing := 0
	for i, e := range s.endpoints {
		if i > 0 && e.port == 0 {
			e.port = s.endpoints[0].port // localhost has one port in both families
		}
		listener, err := e.bind(ctx)
		bound[e], failed[e] = listener, err
		if familyMissing(err) {
			missing++
		}
	}
	for e, err := range failed {
		switch {
		case err == nil:
		case familyMissing(err) && missing < len(s.endpoints):
			delete(bound, e)
			s.log.Debug("health server leaves out an address that this machine lacks", zap.String("address", e.address()))
		default:
			s.log.Error("health server cannot listen; the process works on without it and binding is tried again",
				zap.String("address", e.address()), zap.Error(err))
		}
	}
	return bound
}

// Stop moves the phase to Draining and removes the address file. Then it takes the
// connections that are waiting, closes the listeners, and gives those that have just
// come 50 ms to ask and be answered; other clients are not waited for. It returns nil
// at all times, within three seconds whatever hangs, and may be called twice and
// before Start.
func (s *Server) Stop(ctx context.Context) error {
	s.registry.Advance(Draining)
	s.mu.Lock()
	cancel, withdraw := s.cancel, s.withdraw
	if s.served == nil {
		s.served = make(chan struct{}) // it cannot be started any more
	}
	s.mu.Unlock()
	if cancel == nil {
		return nil
	}
	withdraw()
	s.await(ctx, s.kept, "address file was left behind: its directory does not answer")
	cancel()
	s.await(ctx, s.served, "health server was abandoned while it was binding")
	s.letGo()
	return nil
}

// letGo ends the connections. It is not http.Server.Shutdown, which answers no
// request that arrives after it has begun.
func (s *Server) letGo() {
	s.http.SetKeepAlivesEnabled(false) // this closes those that have been answered
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(s.grace); s.crowd.stirred(s.grace) && time.Now().Before(deadline); {
		<-look.C
	}
	_ = s.http.Close() // it fails for listeners only, which are closed by now
}

func (s *Server) await(ctx context.Context, done <-chan struct{}, otherwise string) {
	ctx, stop := context.WithTimeout(ctx, stopWait)
	defer stop()
	select {
	case <-done:
	case <-ctx.Done():
		s.log.Warn(otherwise)
	}
}
