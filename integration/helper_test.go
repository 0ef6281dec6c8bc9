package integration_test

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// help is the life of the test binary as another process: it prepares what only
// a process itself can prepare, and becomes args.
func help(name string, args []string) int {
	if err := os.Unsetenv(helperVar); err != nil {
		return tellHelper(name, err)
	}
	prepare, ok := map[string]func() error{
		"subreaper": func() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) },
		"silent-fs": mountSilent,
		"init":      mountProc,
		"pod":       becomePod,

		"bare-server": serveBare,
	}[name]
	if !ok {
		return tellHelper(name, fmt.Errorf("no such helper"))
	}
	if err := prepare(); err != nil {
		return tellHelper(name, err)
	}
	return tellHelper(name, syscall.Exec(args[0], args, os.Environ()))
}

func tellHelper(name string, err error) int {
	fmt.Fprintf(os.Stderr, "helper %s: %v\n", name, err)
	return 1
}

// mountProc shows the processes of a new PID namespace.
func mountProc() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make / private: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return nil
}

// becomePod is mountProc in a new UTS namespace, with the name of every other pod.
func becomePod() error {
	if err := mountProc(); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte("pod-0")); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	return nil
}

// silentDir is the variable that names where mountSilent mounts.
const silentDir = "DAGU_INTEGRATION_SILENT"

// mountSilent mounts a file system which answers nothing: its server is this
// process, and that never reads a request. It ends with the last process that
// holds the descriptor.
func mountSilent() error {
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR, 0) // inherited on purpose
	if err != nil {
		return fmt.Errorf("open /dev/fuse: %w", err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other", fd)
	if err := unix.Mount("silent", os.Getenv(silentDir), "fuse", 0, options); err != nil {
		return fmt.Errorf("mount %s: %w", os.Getenv(silentDir), err)
	}
	return nil
}
