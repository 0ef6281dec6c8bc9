package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// maxEnviron bounds how much of a process's environment is searched.
const maxEnviron = 4 << 20

// leftoverPoll is how often the process table is read while killed processes are still there.
const leftoverPoll = 20 * time.Millisecond

// EndLeftovers kills every process whose environment has a variable for which
// match is true, and returns when there are none left. The variable is given as
// NAME=value. Processes of other users cannot be read and are passed over, as
// is our own. When ctx ends first the error names the processes that live on.
func EndLeftovers(ctx context.Context, match func(variable []byte) bool) error {
	for {
		left, err := killMatching(match)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("end processes %v left behind by a run: %w", left, ctx.Err())
		case <-time.After(leftoverPoll):
		}
	}
}

func killMatching(match func([]byte) bool) ([]int, error) {
	proc, err := os.Open("/proc")
	if err != nil {
		return nil, fmt.Errorf("read the process table: %w", err)
	}
	defer func() { _ = proc.Close() }()
	names, err := proc.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("read the process table: %w", err)
	}
	var left []int
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err == nil && pid != os.Getpid() && killIfMatching(pid, match) {
			left = append(left, pid)
		}
	}
	return left, nil
}

// killIfMatching opens a handle on the process before it looks, so that another
// process that gets the number meanwhile is not the one to die.
func killIfMatching(pid int, match func([]byte) bool) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ENOSYS) {
		return environMatches(pid, match) && syscall.Kill(pid, syscall.SIGKILL) == nil
	}
	if err != nil {
		return false
	}
	defer func() { _ = unix.Close(fd) }()
	return environMatches(pid, match) && unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) == nil
}

func environMatches(pid int, match func([]byte) bool) bool {
	file, err := os.Open("/proc/" + strconv.Itoa(pid) + "/environ")
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	env, _ := io.ReadAll(io.LimitReader(file, maxEnviron)) // what could be read is searched
	for variable := range bytes.SplitSeq(env, []byte{0}) {
		if match(variable) {
			return true
		}
	}
	return false
}
