//go:build unix && !linux

package process

import (
	"os"
	"syscall"
)

func forkExec(spec *Spec, null *os.File) (pid, pidfd int, err error) {
	pid, err = syscall.ForkExec(spec.Path, spec.Args, &syscall.ProcAttr{
		Dir:   spec.Dir,
		Env:   spec.Env,
		Files: files(spec, null),
		Sys:   &syscall.SysProcAttr{Setpgid: true},
	})
	return pid, -1, err
}

// await blocks a thread for as long as the process lives.
func (p *Process) await(int) {
	var status syscall.WaitStatus
	_, err := syscall.Wait4(p.pid, &status, 0, nil)
	for err == syscall.EINTR {
		_, err = syscall.Wait4(p.pid, &status, 0, nil)
	}
	p.sup.mu.Lock()
	defer p.sup.mu.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.reaped, p.lost = status, true, err != nil
	delete(p.sup.ours, p.pid)
}

// dead cannot tell a zombie from a living member of a group.
func dead(int) bool { return false }
