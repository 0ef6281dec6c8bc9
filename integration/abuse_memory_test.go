package integration_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// When the memory of a container is over, each of several steps has less of it than
// the scheduler, whom the kernel would choose. Yet a step has to be killed.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("did not run: with the race detector the scheduler takes more than half of the memory")
	}
	const limit, each = 128 << 20, 10 << 20
	group := memoryGroup(t, limit)
	h := newHome(t)
	// The scheduler is larger than any step, also where it needs less than here.
	h.farOff(300)
	h.write("config.yaml", "queues: {enabled: false}\n")
	h.dag("hungry", fmt.Sprintf("steps:\n  - run: x=$(head -c %d /dev/zero | tr '\\0' x); echo; sleep 1000\n", each))
	h.dag("modest", "steps:\n  - run: \"true\"\n")
	d := h.scheduler()
	s := h.records()
	require.NoError(t, os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte(strconv.Itoa(d.pid())), 0))
	stop := d.watch()
	for range limit / each {
		h.enqueue("hungry")
		if h.counts(s, "hungry")["failed"] > 0 {
			break
		}
	}
	eventually(t, func() bool {
		require.False(t, d.ended(), "the scheduler is killed")
		return h.counts(s, "hungry")["failed"] > 0
	}, "a step is killed")
	for _, run := range h.runs(s, "hungry") {
		if run.Status == "failed" {
			require.Contains(t, run.Error, "the kernel does")
		}
	}
	h.must("stop", "hungry")
	h.enqueue("modest")
	eventually(t, func() bool { return h.counts(s, "modest")["succeeded"] == 1 }, "the scheduler goes on")
	require.Equal(t, []string{healthy}, answers(stop()))
	d.stop()
}

// memoryGroup is a group of processes that may use so much memory and no swap.
func memoryGroup(t *testing.T, limit int) string {
	t.Helper()
	name := fmt.Sprintf("dagu-integration-%d", os.Getpid())
	root, file := "/sys/fs/cgroup", "memory.max"
	var fs unix.Statfs_t
	if err := unix.Statfs(root, &fs); err != nil || fs.Type != unix.CGROUP2_SUPER_MAGIC {
		root, file = "/sys/fs/cgroup/memory", "memory.limit_in_bytes"
	}
	group := filepath.Join(root, name)
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Skipf("did not run: it needs a group of its own: %v", err)
	}
	t.Cleanup(func() {
		eventually(t, func() bool {
			members, _ := os.ReadFile(filepath.Join(group, "cgroup.procs"))
			for _, member := range lines(string(members)) { // of a test that failed
				if pid, err := strconv.Atoi(member); err == nil {
					_ = syscall.Kill(pid, syscall.SIGKILL)
				}
			}
			return os.Remove(group) == nil
		}, "the group is empty")
	})
	if err := os.WriteFile(filepath.Join(group, file), []byte(strconv.Itoa(limit)), 0); err != nil {
		t.Skipf("did not run: the memory of a group cannot be limited: %v", err)
	}
	_ = os.WriteFile(filepath.Join(group, "memory.swap.max"), []byte("0"), 0) // where there is swap
	return group
}
