//go:build unix

package store

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// The two ways to lock a file. Shared serves to find out whether it is locked,
// so that two who ask at once do not see each other.
const (
	exclusive = unix.LOCK_EX
	shared    = unix.LOCK_SH
)

// tryLock locks the file (flock(2)) unless another open file holds it. The
// kernel frees the lock when the process ends, whatever ends it.
func tryLock(file *os.File, how int) (bool, error) {
	for {
		err := unix.Flock(int(file.Fd()), how|unix.LOCK_NB)
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.EWOULDBLOCK):
			return false, nil
		default:
			return false, err
		}
	}
}
