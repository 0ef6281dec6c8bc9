package process

import (
	"os"
	"os/signal"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// adopts tells whether the kernel makes orphans our children: we are the first
// process of a PID namespace, as in a container, or a child subreaper.
func adopts() bool {
	var sub int32
	err := unix.Prctl(unix.PR_GET_CHILD_SUBREAPER, uintptr(unsafe.Pointer(&sub)), 0, 0, 0)
	return os.Getpid() == 1 || (err == nil && sub != 0)
}

func (s *Supervisor) startReaper(quit <-chan struct{}) {
	if !adopts() {
		return
	}
	died := make(chan os.Signal, 1)
	signal.Notify(died, syscall.SIGCHLD)
	s.workers.Add(1)
	go func() {
		defer s.workers.Done()
		defer signal.Stop(died)
		for {
			s.reapOrphans()
			select {
			case <-died:
			case <-s.wake:
			case <-quit:
				return
			}
		}
	}()
}

// reapOrphans collects dead children that nobody else will. The kernel shows one
// dead child at a time: while that is one of ours its watcher collects it, and
// wakes us for the next.
func (s *Supervisor) reapOrphans() {
	for {
		pid := peek()
		if pid == 0 || s.owns(pid) {
			return
		}
		s.reapOrphan(pid)
	}
}

// reapOrphan looks again once no fork is under way, as only then every child of
// ours is known.
func (s *Supervisor) reapOrphan(pid int) {
	s.forks.Lock()
	defer s.forks.Unlock()
	if !s.owns(pid) {
		_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
	}
}

func (s *Supervisor) owns(pid int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.ours[pid]
	return ok
}

// siginfo is the head of the kernel's siginfo_t for SIGCHLD; the union behind
// the three numbers is aligned like a pointer.
type siginfo struct {
	signo, errno, code int32
	union              struct {
		_   [0]uintptr
		pid int32
	}
}

// peek returns a dead child without collecting its exit code, or 0.
func peek() int {
	var info unix.Siginfo
	err := unix.Waitid(unix.P_ALL, 0, &info, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
	if err != nil {
		return 0
	}
	return int((*siginfo)(unsafe.Pointer(&info)).union.pid)
}
