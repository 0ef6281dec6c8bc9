package health

import (
	"net"
	"net/http"
	"time"
)

// Evaluate makes the registry look at its pulses once, as if it had been
// started and a second had passed.
func Evaluate(r *Registry) {
	r.started.Store(true)
	r.runOnce()
}

// MaxConns is the bound on connections.
const MaxConns = maxConns

// MaxStacks is the bound on the stacks in a log line.
const MaxStacks = maxStacks

// BePatient makes Stop wait for clients that have just come, for as long as a
// test may take, so that a slow machine fails no test.
func BePatient(s *Server) { s.grace = time.Minute }

// Crowd is the bound on connections.
type Crowd = crowd

// NewCrowd returns a crowd of at most limit connections.
func NewCrowd(limit int) *Crowd { return newCrowd(limit) }

// Observe tells the crowd of a change of state.
func (c *crowd) Observe(conn net.Conn, state http.ConnState) { c.observe(conn, state) }

// Lock holds the registry's lock until the function it returns is called.
func Lock(r *Registry) func() {
	r.mu.Lock()
	return r.mu.Unlock
}
