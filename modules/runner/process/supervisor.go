package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
)

// ErrStopped tells that a supervisor has not been started, or was stopped.
var ErrStopped = errors.New("process supervisor is not running")

// forkers is how many threads fork. Go forks one process at a time; the second
// thread prepares the next one meanwhile.
const forkers = 2

// Spec is a process to be started. Nothing in it is looked up or created.
type Spec struct {
	// Path is the program's absolute path; Args are its arguments, with the name first.
	Path string
	Args []string
	// Dir is the working directory.
	Dir string
	// Env is the whole environment.
	Env []string
	// Stdout and Stderr are given to the process as they are; nil discards.
	// Standard input is always empty.
	Stdout, Stderr *os.File
}

// Supervisor starts processes and collects their exit codes. Make one with New;
// at most one per process may be running.
type Supervisor struct {
	jobs chan *job
	wake chan struct{} // size 1: the reaper looks again

	// forks is held for reading from before a fork until the child is in ours.
	forks sync.RWMutex

	mu      sync.Mutex
	ours    map[int]struct{} // children that have not been reaped
	quit    chan struct{}    // nil while not running
	null    *os.File
	workers sync.WaitGroup // forkers and reaper
	waiters sync.WaitGroup // one per process
}

type job struct {
	spec  *Spec
	null  *os.File
	proc  *Process
	pidfd int
	err   error
	done  chan struct{}
}

// New returns a supervisor that is not running yet.
func New() *Supervisor {
	return &Supervisor{
		jobs: make(chan *job),
		wake: make(chan struct{}, 1),
		ours: make(map[int]struct{}),
	}
}

// Start launches the forking threads and, when orphans of other processes become
// our children, the reaper. A second call does nothing.
func (s *Supervisor) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.quit != nil {
		return nil
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", os.DevNull, err)
	}
	s.null, s.quit = null, make(chan struct{})
	for range forkers {
		s.workers.Add(1)
		go s.forkLoop(s.quit)
	}
	s.startReaper(s.quit)
	return nil
}

// Stop ends the threads. It waits, as long as ctx allows, for the processes that
// still run; it does not end them. Calling it twice, or before Start, is safe.
func (s *Supervisor) Stop(ctx context.Context) error {
	s.mu.Lock()
	quit, null := s.quit, s.null
	s.quit, s.null = nil, nil
	s.mu.Unlock()
	if quit == nil {
		return nil
	}
	close(quit)
	gone := make(chan struct{})
	go func() {
		s.workers.Wait()
		_ = null.Close()
		s.waiters.Wait()
		close(gone)
	}()
	select {
	case <-gone:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for processes to end: %w", ctx.Err())
	}
}

// Spawn starts a process in a group of its own, which the kernel kills when our
// process dies. The caller closes the files of spec once Spawn has returned.
func (s *Supervisor) Spawn(ctx context.Context, spec *Spec) (*Process, error) {
	if ctx.Err() != nil { // a forker that is free must not be the quicker
		return nil, fmt.Errorf("start %s: %w", spec.Path, context.Cause(ctx))
	}
	s.mu.Lock()
	quit, null := s.quit, s.null
	if quit != nil {
		s.waiters.Add(1)
	}
	s.mu.Unlock()
	if quit == nil {
		return nil, ErrStopped
	}
	j := &job{spec: spec, null: null, done: make(chan struct{})}
	select {
	case s.jobs <- j:
		<-j.done
	case <-quit:
		j.err = ErrStopped
	case <-ctx.Done():
		j.err = context.Cause(ctx)
	}
	if j.err != nil {
		s.waiters.Done()
		return nil, fmt.Errorf("start %s: %w", spec.Path, j.err)
	}
	go func() {
		defer s.waiters.Done()
		j.proc.watch(j.pidfd)
	}()
	return j.proc, nil
}

// forkLoop owns a thread. When the loop ends the thread goes back to the
// runtime, which keeps it, so the children that it forked live on.
func (s *Supervisor) forkLoop(quit <-chan struct{}) {
	defer s.workers.Done()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for {
		select {
		case <-quit:
			return
		case j := <-s.jobs:
			s.fork(j)
			close(j.done)
		}
	}
}

func (s *Supervisor) fork(j *job) {
	s.forks.RLock()
	defer s.forks.RUnlock()
	pid, pidfd, err := forkExec(j.spec, j.null)
	if err != nil {
		j.err = err
		return
	}
	s.mu.Lock()
	s.ours[pid] = struct{}{}
	s.mu.Unlock()
	j.pidfd = pidfd
	j.proc = &Process{pid: pid, sup: s, done: make(chan struct{})}
}

// poke makes the reaper look again.
func (s *Supervisor) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
