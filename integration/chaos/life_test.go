package chaos_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/stretchr/testify/require"
)

// life is one process of the scheduler.
type life struct {
	home    *home
	control string
	cmd     *exec.Cmd
	log     *os.File
	done    chan struct{} // closed when it has ended
	point   string        // where it may die by itself
	// started is before it began, and lived when it was certainly alive yet; zero is not known.
	started, lived time.Time
}

// start starts a scheduler, which dies at the point when it comes there the nth
// time; "" is nowhere. What it logs goes to a file of the control's name.
func (h *home) start(control, point string, nth int) *life {
	dir := h.control(control)
	left, err := filepath.Glob(filepath.Join(dir, "*.*"))
	require.NoError(h.tb, err)
	for _, path := range left {
		require.NoError(h.tb, os.Remove(path))
	}
	if point != "" {
		h.order(control, point, "kill "+strconv.Itoa(nth))
	}
	l := &life{home: h, control: control, cmd: h.command(control, "scheduler"), done: make(chan struct{}), point: point, started: time.Now()}
	l.log, err = os.OpenFile(h.path(control+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(h.tb, err)
	l.cmd.Stdout, l.cmd.Stderr = l.log, l.log
	require.NoError(h.tb, l.cmd.Start())
	h.mu.Lock()
	h.lives = append(h.lives, l)
	h.mu.Unlock()
	go func() {
		defer close(l.done)
		_ = l.cmd.Wait() // its state tells
		_ = l.log.Close()
	}()
	return l
}

// order tells a point of the processes under a control what to do.
func (h *home) order(control, point, act string) {
	require.NoError(h.tb, os.WriteFile(filepath.Join(h.control(control), point), []byte(act), 0o600))
}

// endsWithin tells whether the life ends by itself in that time.
func (l *life) endsWithin(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-l.done:
		return true
	case <-timer.C:
		return false
	}
}

// signal sends a signal, of which one that has ended learns nothing.
func (l *life) signal(s syscall.Signal) {
	if s == syscall.SIGTERM {
		l.lives()
	}
	_ = l.cmd.Process.Signal(s)
}

// lives notes that the life has not ended yet, as nobody has told it to.
func (l *life) lives() {
	if l.point == "" && l.lived.IsZero() {
		l.lived = time.Now()
	}
}

// kill ends the life as a crash does.
func (l *life) kill() {
	l.lives()
	_ = l.cmd.Process.Kill() // it may have come to its point just now
	require.True(l.home.tb, l.endsWithin(patience), "a killed process ends")
}

// stop ends the life as an operator does.
func (l *life) stop() {
	l.signal(syscall.SIGTERM)
	require.True(l.home.tb, l.endsWithin(patience), "a stopped process ends")
	require.Zero(l.home.tb, l.cmd.ProcessState.ExitCode(), "exit code of a process that was stopped")
}
