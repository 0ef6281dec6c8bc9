//go:build unix && !linux

package process

// startReaper does nothing: orphans are adopted by init.
func (s *Supervisor) startReaper(<-chan struct{}) {}
