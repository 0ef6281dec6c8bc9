package runner_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"dagu/modules/runner"
	"dagu/modules/store"
)

// hangingDir mounts a file system whose server never answers. The returned
// function makes every call on it fail.
func hangingDir(t *testing.T) (dir string, free func()) {
	t.Helper()
	fuse, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("not run, since it mounts a file system: %s", err)
	}
	dir = t.TempDir()
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=%d,group_id=%d", fuse.Fd(), os.Getuid(), os.Getgid())
	if err = unix.Mount("hang", dir, "fuse", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		_ = fuse.Close()
		t.Skipf("not run, since it mounts a file system: %s", err)
	}
	free = func() { _ = fuse.Close() }
	t.Cleanup(func() {
		free()
		_ = unix.Unmount(dir, unix.MNT_DETACH)
	})
	return dir, free
}

func TestFilesThatDoNotAnswer(t *testing.T) {
	dir, free := hangingDir(t)
	r := newRig(t, func(o *runner.Options) { o.FileTimeout = 300 * time.Millisecond })
	for name, tt := range map[string]struct{ text, says string }{
		"working directory": {"steps: [{name: a, run: pwd, working_dir: %s/x}]", "working directory %s/x: does not answer"},
		"root directory":    {"working_dir: %s/r\ndotenv: []\nsteps: [{name: a, run: pwd}]", "working directory %s/r: does not answer"},
		"program":           {"steps: [{name: a, run: pwd, with: {shell: %s/sh}}]", "program %s/sh: does not answer"},
		"search path":       {"steps: [{name: a, run: pwd, env: ['PATH=%s/bin']}]", "program %s/bin/sh: does not answer"},
		"stdout":            {"steps: [{name: a, run: pwd, stdout: %s/out}]", "stdout file %s/out: does not answer"},
		"stderr":            {"steps: [{name: a, run: pwd, stderr: %s/err}]", "stderr file %s/err: does not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			result := r.run(fmt.Sprintf(tt.text, dir))
			require.Equal(t, store.StatusFailed, result.Status)
			require.Contains(t, result.Error, fmt.Sprintf(tt.says, dir))
		})
	}
	// A dotenv file that does not answer is not used, like any that cannot be read.
	r.succeed(fmt.Sprintf("dotenv: [%s/env]\nsteps: [{name: a, run: pwd}]", dir))
	// Neither a step that hangs nor the next one in the same place holds up others.
	hung := r.execute(r.record(fmt.Sprintf("steps: [{name: h, run: pwd, working_dir: %s/y}]", dir)))
	for range 20 {
		r.succeed("steps: [{name: a, run: pwd}]")
	}
	<-hung
	free()
	require.Eventually(t, func() bool {
		return r.run(fmt.Sprintf("steps: [{name: a, run: pwd, working_dir: %s/x}]", dir)).Error != "" &&
			r.store.step("a").Error != "" && !strings.Contains(r.store.step("a").Error, "does not answer")
	}, soon, 10*time.Millisecond, "once the calls return the place is tried again")
}

func TestStopDoesNotWaitForFilesThatDoNotAnswer(t *testing.T) {
	dir, _ := hangingDir(t)
	r := newRig(t, func(o *runner.Options) { o.FileTimeout = time.Hour })
	done := r.execute(r.record(fmt.Sprintf("steps: [{name: a, run: pwd, working_dir: %s/x}]", dir)))
	require.Eventually(t, func() bool { return r.store.step("a").Status == store.StepRunning }, soon, time.Millisecond)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, r.runner.Stop(ctx))
	require.Equal(t, store.ReasonShutdown, r.await(done).Reason)
}
