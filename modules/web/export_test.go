package web

import "net"

// ServeOn serves on a listener of the test's and returns when that ends.
func ServeOn(s *Server, listener net.Listener) { s.serve(listener, make(chan struct{})) }
