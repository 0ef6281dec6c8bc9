package process

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// forkExec forks on the caller's thread. The pidfd is -1 on kernels without.
func forkExec(spec *Spec, null *os.File) (pid, pidfd int, err error) {
	pidfd = -1
	pid, err = syscall.ForkExec(spec.Path, spec.Args, &syscall.ProcAttr{
		Dir:   spec.Dir,
		Env:   spec.Env,
		Files: files(spec, null),
		Sys:   &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, PidFD: &pidfd},
	})
	if err == nil {
		expose(pid)
	}
	return pid, pidfd, err
}

// await returns once the process has been reaped. With a pidfd the runtime's
// poller waits, so that a thousand processes need no thousand threads.
func (p *Process) await(pidfd int) {
	if pidfd >= 0 && p.awaitPoll(pidfd) {
		return
	}
	for !p.reap() {
		var info unix.Siginfo
		// An error is no reason to stop: reap meets it too, and ends the loop.
		_ = unix.Waitid(unix.P_PID, p.pid, &info, unix.WEXITED|unix.WNOWAIT, nil)
	}
}

// awaitPoll tells whether the poller took the pidfd.
func (p *Process) awaitPoll(pidfd int) bool {
	if err := unix.SetNonblock(pidfd, true); err != nil {
		_ = unix.Close(pidfd)
		return false
	}
	file := os.NewFile(uintptr(pidfd), "pidfd")
	defer func() { _ = file.Close() }()
	conn, err := file.SyscallConn()
	if err != nil {
		return false
	}
	return conn.Read(func(uintptr) bool { return p.reap() }) == nil
}
