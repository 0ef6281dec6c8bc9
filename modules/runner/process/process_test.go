//go:build linux

package process_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"dagu/modules/runner/process"

	"github.com/stretchr/testify/require"
)

func start(t *testing.T) *process.Supervisor {
	t.Helper()
	sup := process.New()
	require.NoError(t, sup.Start())
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		require.NoError(t, sup.Stop(ctx))
	})
	return sup
}

func shell(script string) *process.Spec {
	return &process.Spec{Path: "/bin/sh", Args: []string{"sh", "-c", script}, Env: os.Environ()}
}

func spawn(t *testing.T, sup *process.Supervisor, spec *process.Spec) *process.Process {
	t.Helper()
	p, err := sup.Spawn(t.Context(), spec)
	require.NoError(t, err)
	return p
}

func wait(t *testing.T, p *process.Process) process.Exit {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(20 * time.Second):
		require.FailNow(t, "process did not end")
	}
	return p.Exit()
}

// exists waits for a file, which tells that a shell has come to a certain line.
func exists(t *testing.T, path string) {
	t.Helper()
	require.Eventually(t, func() bool { _, err := os.Stat(path); return err == nil }, 20*time.Second, time.Millisecond)
}

func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

func readPID(t *testing.T, path string) int {
	t.Helper()
	var pid int
	require.Eventually(t, func() bool {
		text, err := os.ReadFile(path)
		if err != nil || !strings.HasSuffix(string(text), "\n") {
			return false
		}
		pid, err = strconv.Atoi(strings.TrimSpace(string(text)))
		return err == nil
	}, 20*time.Second, time.Millisecond)
	return pid
}

func TestExit(t *testing.T) {
	t.Parallel()
	sup := start(t)
	for _, tt := range []struct {
		script string
		want   process.Exit
		text   string
	}{
		{"exit 0", process.Exit{}, "exit status 0"},
		{"exit 7", process.Exit{Code: 7}, "exit status 7"},
		{"exit 255", process.Exit{Code: 255}, "exit status 255"},
		{"kill -TERM $$", process.Exit{Code: 143, Signal: syscall.SIGTERM}, "ended by signal: terminated"},
		{"kill -KILL $$", process.Exit{Code: 137, Signal: syscall.SIGKILL}, "ended by signal: killed"},
	} {
		t.Run(tt.script, func(t *testing.T) {
			t.Parallel()
			got := wait(t, spawn(t, sup, shell(tt.script)))
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.text, got.String())
		})
	}
}

func TestSpawnGivesTheProcessWhatTheSpecSays(t *testing.T) {
	t.Parallel()
	sup, dir := start(t), t.TempDir()
	out, err := os.Create(filepath.Join(dir, "out"))
	require.NoError(t, err)
	defer func() { _ = out.Close() }()
	spec := shell(`pwd; echo "$A"; env | wc -l; cat; echo lost >&2`)
	spec.Dir, spec.Env, spec.Stdout = dir, []string{"A=b c", "PATH=" + os.Getenv("PATH")}, out

	require.Equal(t, 0, wait(t, spawn(t, sup, spec)).Code)

	text, err := os.ReadFile(out.Name())
	require.NoError(t, err)
	require.Equal(t, dir+"\nb c\n3\n", string(text), "with PWD, which the shell adds, there are three variables")
}

func TestSpawnTellsWhyItFailed(t *testing.T) {
	t.Parallel()
	sup := start(t)
	_, err := sup.Spawn(t.Context(), &process.Spec{Path: "/nonexistent/tool", Args: []string{"tool"}})
	require.ErrorIs(t, err, syscall.ENOENT)
	require.ErrorContains(t, err, "start /nonexistent/tool")

	require.Equal(t, 3, wait(t, spawn(t, sup, shell("exit 3"))).Code, "a failed start harms no later one")
}

func TestSpawnNeedsARunningSupervisor(t *testing.T) {
	t.Parallel()
	sup := process.New()
	require.NoError(t, sup.Stop(t.Context()), "stop before start is safe")
	_, err := sup.Spawn(t.Context(), shell("exit 0"))
	require.ErrorIs(t, err, process.ErrStopped)

	require.NoError(t, sup.Start())
	require.NoError(t, sup.Start())
	require.NoError(t, sup.Stop(t.Context()))
	require.NoError(t, sup.Stop(t.Context()))
	_, err = sup.Spawn(t.Context(), shell("exit 0"))
	require.ErrorIs(t, err, process.ErrStopped)
}

func TestStopTellsOfProcessesThatRun(t *testing.T) {
	t.Parallel()
	sup := process.New()
	require.NoError(t, sup.Start())
	p, err := sup.Spawn(t.Context(), shell("sleep 60"))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, sup.Stop(ctx), context.Canceled)
	require.True(t, alive(p.PID()), "stopping the supervisor ends no process")
	p.End(process.Ending{})
}

func TestNoExitCodeIsMixedUp(t *testing.T) {
	t.Parallel()
	sup := start(t)
	var wg sync.WaitGroup
	for i := range 400 {
		wg.Go(func() {
			p, err := sup.Spawn(t.Context(), shell("exit "+strconv.Itoa(i%256)))
			if err != nil {
				t.Error(err)
				return
			}
			<-p.Done()
			if got := p.Exit().Code; got != i%256 {
				t.Errorf("process %d: exit code %d, want %d", i, got, i%256)
			}
		})
	}
	wg.Wait()
}

func TestSignalReachesTheGroup(t *testing.T) {
	t.Parallel()
	sup, dir := start(t), t.TempDir()
	child := filepath.Join(dir, "child")
	p := spawn(t, sup, shell(`sleep 60 & echo $! > `+child+`; wait`))
	pid := readPID(t, child)

	p.Signal(syscall.SIGKILL)

	require.Equal(t, syscall.SIGKILL, wait(t, p).Signal)
	require.Eventually(t, func() bool { return !alive(pid) }, 20*time.Second, time.Millisecond)
	p.Signal(syscall.SIGKILL) // nobody is there any more
}
