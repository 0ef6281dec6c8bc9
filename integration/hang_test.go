package integration_test

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A working directory is on a file system that does not answer. A hundred other
// DAGs are due in the same minute and run, and every probe is answered.
func TestHangingWorkingDirectory(t *testing.T) {
	t.Parallel()
	if f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0); err != nil || os.Geteuid() != 0 {
		t.Skip("did not run: a file system that does not answer needs root and /dev/fuse")
	} else {
		require.NoError(t, f.Close())
	}
	h := newHome(t)
	silent := h.path("silent")
	require.NoError(t, os.Mkdir(silent, 0o755))
	due := nextMinute()
	h.dag("hung", fmt.Sprintf("schedule: %q\nworking_dir: %s\nsteps:\n  - run: echo\n", at(due), silent))
	h.dag("hung-below", fmt.Sprintf("schedule: %q\nsteps:\n  - run: echo\n    working_dir: %s/below\n", at(due), silent))
	h.dag("hung-output", fmt.Sprintf("schedule: %q\nsteps:\n  - run: echo\n    stdout: %s/file\n", at(due), silent))
	var names []string
	for i := range 100 {
		names = append(names, fmt.Sprintf("other-%02d", i))
		h.timed(names[i], at(due))
	}
	d := h.start(launch{
		helper: "silent-fs",
		env:    []string{silentDir + "=" + silent},
		attr:   &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}, // nobody else shall hang
	})
	d.waitHealthy()
	stop := d.watch()
	s := h.records()
	await(due)
	eventually(t, func() bool { return h.counts(s, "hung")["running"] == 1 && h.counts(s, "hung-below")["running"] == 1 }, "the hung runs are active")
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == len(names) }, "the others run")
	for _, name := range names {
		h.requireRan(s, name, due)
	}
	require.Equal(t, 3, h.counts(s, "")["running"], "the hung ones hang still, or this test shows nothing: %v", h.counts(s, ""))
	require.Equal(t, []string{healthy}, answers(stop()))
	h.must("stop", "hung")
	eventually(t, func() bool { return h.counts(s, "")["running"] == 0 }, "a deadline ends what hangs")
	require.Equal(t, 2, h.counts(s, "")["failed"], "%v", h.counts(s, ""))
	begin := time.Now()
	d.stop()
	require.Less(t, time.Since(begin), 30*time.Second)
	_, err := os.Stat(silent)
	require.False(t, errors.Is(err, syscall.ENOTCONN), "it was mounted for the scheduler alone")
}
