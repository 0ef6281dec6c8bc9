package process_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dagu/modules/runner/process"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func helper(t *testing.T, mode string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), helperEnv+"="+mode)
	cmd.Stderr = os.Stderr
	return cmd
}

// subreaper runs steps that leave orphans behind, in a process that adopts them.
func subreaper() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return err
	}
	sup := process.New()
	if err := sup.Start(); err != nil {
		return err
	}
	var wg sync.WaitGroup
	failures := make(chan error, 2000)
	slots := make(chan struct{}, 16)
	for i := range 2000 {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			script := "exit " + strconv.Itoa(i%256)
			switch i % 10 {
			case 0:
				script = "sleep 0.0" + strconv.Itoa(i%7) + " & " + script
			case 1: // the exec fails: Go itself collects this child
				if _, err := sup.Spawn(context.Background(), &process.Spec{Path: "/proc/nothing"}); !errors.Is(err, syscall.ENOENT) {
					failures <- err
				}
			}
			p, err := sup.Spawn(context.Background(), shell(script))
			if err != nil {
				failures <- err
				return
			}
			<-p.Done()
			if got := p.Exit(); got.Code != i%256 {
				failures <- fmt.Errorf("process %d: %s", i, got)
			}
		})
	}
	wg.Wait()
	close(failures)
	for err := range failures {
		return err
	}
	if err := noChildren(); err != nil {
		return err
	}
	return sup.Stop(context.Background())
}

// noChildren waits until the last orphan has been collected.
func noChildren() error {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); runtime.Gosched() {
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOHANG|unix.WNOWAIT, nil)
		if errors.Is(err, unix.ECHILD) {
			return nil
		}
	}
	return errors.New("children are left that nobody collects")
}

func TestOrphansAreCollectedAndNoExitCodeIsLost(t *testing.T) {
	t.Parallel()
	require.NoError(t, helper(t, "subreaper").Run())
}

// parent starts a process that outlives many forks, tells its number and waits to be killed.
func parent() error {
	sup := process.New()
	if err := sup.Start(); err != nil {
		return err
	}
	p, err := sup.Spawn(context.Background(), shell("while :; do sleep 1; done"))
	if err != nil {
		return err
	}
	fmt.Println(p.PID()) //nolint:forbidigo // the test reads it
	<-p.Done()
	return errors.New("the process died before its parent")
}

func TestProcessesDieWithUs(t *testing.T) {
	t.Parallel()
	cmd := helper(t, "parent")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	require.NoError(t, err)
	require.True(t, alive(pid))

	require.NoError(t, cmd.Process.Kill())

	require.Error(t, cmd.Wait())
	require.Eventually(t, func() bool { return !alive(pid) }, 20*time.Second, time.Millisecond)
}

// Threads of the runtime come and go with what it locks to them; a process must
// not die with one of these.
func TestProcessesOutliveThreads(t *testing.T) {
	t.Parallel()
	sup := start(t)
	var procs []*process.Process
	for range 20 {
		var wg sync.WaitGroup
		wg.Go(func() {
			runtime.LockOSThread() // the thread ends with this goroutine
			p, err := sup.Spawn(context.Background(), shell("sleep 60"))
			if err != nil {
				t.Error(err)
				return
			}
			procs = append(procs, p)
		})
		wg.Wait()
	}
	for _, p := range procs {
		require.True(t, alive(p.PID()))
		p.End(process.Ending{})
	}
}

func TestWaitingNeedsNoThreadEach(t *testing.T) {
	sup := start(t)
	before, err := os.ReadDir("/proc/self/task")
	require.NoError(t, err)
	var procs []*process.Process
	for range 100 {
		procs = append(procs, spawn(t, sup, shell("exec sleep 60")))
	}
	after, err := os.ReadDir("/proc/self/task")
	require.NoError(t, err)
	require.Less(t, len(after)-len(before), 50)
	for _, p := range procs {
		p.End(process.Ending{})
	}
}

func TestNothingIsLeftOpen(t *testing.T) {
	sup := start(t)
	count := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		require.NoError(t, err)
		return len(entries)
	}
	wait(t, spawn(t, sup, shell("exit 0")))
	before := count()
	for range 50 {
		wait(t, spawn(t, sup, shell("exit 0")))
		_, err := sup.Spawn(t.Context(), &process.Spec{Path: "/proc/nothing"})
		require.Error(t, err)
	}
	require.Eventually(t, func() bool { return count() <= before }, 20*time.Second, time.Millisecond)
}

func TestEndLeftovers(t *testing.T) {
	t.Parallel()
	sup, dir := start(t), t.TempDir()
	daemon := func(name, marker string) int {
		spec := shell(`setsid sh -c 'trap "" TERM HUP; echo $$ > ` + filepath.Join(dir, name) + `; while :; do sleep 1; done' & exit 0`)
		spec.Env = append(spec.Env, "DAGU_TEST_MARKER="+marker)
		require.Equal(t, 0, wait(t, spawn(t, sup, spec)).Code)
		return readPID(t, filepath.Join(dir, name))
	}
	ours, other := daemon("ours", "run-1:x"), daemon("other", "run-10:x")
	match := func(prefix string) func([]byte) bool {
		return func(v []byte) bool { return bytes.HasPrefix(v, []byte("DAGU_TEST_MARKER="+prefix)) }
	}

	require.NoError(t, process.EndLeftovers(t.Context(), match("run-1:")))
	require.False(t, alive(ours))
	require.True(t, alive(other))

	require.NoError(t, process.EndLeftovers(t.Context(), match("run-10:")))
	require.False(t, alive(other))
	require.NoError(t, process.EndLeftovers(t.Context(), match("run-10:")), "nothing is left")
}
