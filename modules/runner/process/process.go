package process

import (
	"fmt"
	"sync"
	"syscall"
	"time"
)

// The remains of a group are looked at every restPoll at first, every restPollMax
// later; restWait is how long after SIGKILL they are waited for.
const (
	restPoll    = 5 * time.Millisecond
	restPollMax = 80 * time.Millisecond
	restWait    = time.Second
)

// Process is a started process and its group. All methods may be called at once.
type Process struct {
	pid  int
	sup  *Supervisor
	done chan struct{}

	mu     sync.Mutex
	reaped bool
	gone   bool // the whole group is
	lost   bool // somebody else has collected the exit code
	status syscall.WaitStatus
}

// PID returns the process id, which is the group's id as well.
func (p *Process) PID() int { return p.pid }

// Done is closed when the process has ended. Others of its group may live on.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit is how a process ended.
type Exit struct {
	// Code is the exit code, or 128 and the signal's number.
	Code int
	// Signal is 0 when the process ended by itself.
	Signal syscall.Signal
	// Lost tells that the exit code could not be learned.
	Lost bool
}

// String tells the end in the words that are usual for processes.
func (e Exit) String() string {
	switch {
	case e.Lost:
		return "exit status unknown"
	case e.Signal != 0:
		return fmt.Sprintf("ended by signal: %s", e.Signal)
	default:
		return fmt.Sprintf("exit status %d", e.Code)
	}
}

// Exit returns how the process ended. It is meaningful once Done is closed.
func (p *Process) Exit() Exit {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.lost:
		return Exit{Code: -1, Lost: true}
	case p.status.Signaled():
		return Exit{Code: 128 + int(p.status.Signal()), Signal: p.status.Signal()}
	default:
		return Exit{Code: p.status.ExitStatus()}
	}
}

// Signal sends sig to the group. When all of it is gone nothing happens.
func (p *Process) Signal(sig syscall.Signal) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.signal(sig)
}

// signal tells whether the group is still there. As long as a member lives the
// kernel does not give the group's number to anybody else, and once it was found
// empty it is left alone for ever.
func (p *Process) signal(sig syscall.Signal) bool {
	if p.gone {
		return false
	}
	if err := syscall.Kill(-p.pid, sig); err == syscall.ESRCH && p.reaped {
		p.gone = true
	}
	return !p.gone
}

// rest tells whether others of the group outlived the process.
func (p *Process) rest() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.signal(0)
}

// Ending says how a process is ended.
type Ending struct {
	// Signal asks it to end, and again every Resend; 0 waits for it without asking.
	Signal syscall.Signal
	Resend time.Duration
	// Grace is how long it has before SIGKILL; 0 is none.
	Grace time.Duration
	// Now cuts the grace short when it is closed; nil never does.
	Now <-chan struct{}
}

// End ends the process with all of its group, and returns when the process is
// gone and nothing of the group lives. What cannot die, such as a process that
// hangs in the kernel, is waited for one second after SIGKILL.
func (p *Process) End(e Ending) {
	if e.Grace > 0 {
		p.Signal(e.Signal)
		if p.waitGrace(e) {
			return
		}
	}
	p.Signal(syscall.SIGKILL)
	<-p.done
	stop := make(chan struct{})
	limit := time.AfterFunc(restWait, func() { close(stop) })
	defer limit.Stop()
	p.waitEmpty(stop)
}

// waitGrace tells whether the group ended within its grace.
func (p *Process) waitGrace(e Ending) bool {
	grace := time.NewTimer(e.Grace)
	defer grace.Stop()
	resend := time.NewTicker(max(e.Resend, restPoll))
	defer resend.Stop()
	over := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(over)
		p.waitEmpty(stop)
	}()
	defer func() {
		close(stop)
		<-over
	}()
	for {
		select {
		case <-over:
			return true
		case <-resend.C:
			p.Signal(e.Signal)
		case <-grace.C:
			return false
		case <-e.Now:
			return false
		}
	}
}

// waitEmpty returns once the process has ended and nothing of its group lives,
// or when stop is closed.
func (p *Process) waitEmpty(stop <-chan struct{}) {
	select {
	case <-p.done:
	case <-stop:
		return
	}
	pause := restPoll
	for p.rest() {
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-stop:
			timer.Stop()
			return
		}
		if p.rest() && dead(p.pid) {
			return
		}
		pause = min(2*pause, restPollMax)
	}
}

// reap collects the exit code if there is one and tells whether the process has
// ended. Its number can go to another child the moment the code is collected,
// hence one lock over both and the entry in ours.
func (p *Process) reap() bool {
	p.sup.mu.Lock()
	defer p.sup.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	pid, err := syscall.Wait4(p.pid, &p.status, syscall.WNOHANG, nil)
	if err == syscall.EINTR || (err == nil && pid == 0) {
		return false
	}
	p.reaped, p.lost = true, err != nil
	delete(p.sup.ours, p.pid)
	return true
}

// watch waits for the end of the process and announces it.
func (p *Process) watch(pidfd int) {
	p.await(pidfd)
	close(p.done)
	p.sup.poke()
}
