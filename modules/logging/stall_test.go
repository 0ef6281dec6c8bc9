package logging_test

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/logging"
)

// A real pipe that nobody reads: the caller goes on at once. When somebody reads
// again, the lines are whole and in order, and one of them counts those that are missing.
func TestStalledPipe(t *testing.T) {
	t.Parallel()
	const lines = 4000
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer func() { _ = r.Close() }()
	log := newLogger(t, logging.Options{Out: w})
	logged := make(chan struct{})
	go func() {
		defer close(logged)
		for i := range lines {
			log.Zap().Info("line", zap.Int("i", i), zap.String("text", strings.Repeat("x", 1000)))
		}
	}()
	select {
	case <-logged:
	case <-time.After(time.Minute):
		require.Fail(t, "a stalled pipe blocks the logger")
	}
	dropped := log.Dropped()
	require.Positive(t, dropped)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, log.Stop(cancelled), context.Canceled)

	var got []string
	read := make(chan struct{})
	go func() {
		defer close(read)
		for scanner := bufio.NewScanner(r); scanner.Scan(); {
			got = append(got, scanner.Text())
		}
	}()
	stop(t, log)
	require.NoError(t, w.Close())
	<-read
	require.Equal(t, dropped, log.Dropped())
	require.Len(t, got, lines-int(dropped)+1)
	last := len(got) - 1
	for i, line := range got[:last] {
		require.Contains(t, line, `INFO line {"i": `+strconv.Itoa(i)+`, `)
	}
	require.Contains(t, got[last], `WARN log lines dropped {"count": `+strconv.FormatUint(dropped, 10)+`}`)
}

// A closed stdout or stderr ends a process by SIGPIPE, but not one that logs.
func TestClosedPipe(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]syscall.Signal{
		"stderr": 0, "stdout": 0, "started": 0,
		"bare": syscall.SIGPIPE, "stopped": syscall.SIGPIPE,
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			require.NoError(t, err)
			require.NoError(t, r.Close())
			self, err := os.Executable()
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, self)
			cmd.Env = append(os.Environ(), childMode+"="+mode)
			cmd.Stdout, cmd.Stderr = w, w
			_ = cmd.Run()
			require.NoError(t, w.Close())
			status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
			require.True(t, ok)
			if want == 0 {
				require.Zero(t, cmd.ProcessState.ExitCode(), cmd.ProcessState)
				return
			}
			require.True(t, status.Signaled(), cmd.ProcessState)
			require.Equal(t, want, status.Signal())
		})
	}
}

func TestStopWaitsUntilItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &sink{gate: make(chan struct{})}
		log := newLogger(t, logging.Options{Out: out})
		log.Zap().Info("one")
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		begin := time.Now()
		require.ErrorIs(t, log.Stop(ctx), context.DeadlineExceeded)
		require.Equal(t, 5*time.Second, time.Since(begin))
		require.ErrorIs(t, log.Zap().Sync(), context.DeadlineExceeded)
		require.Equal(t, 6*time.Second, time.Since(begin))

		// What is logged after Stop is written too, and a second Stop waits for it.
		log.Zap().Info("two")
		close(out.gate)
		require.NoError(t, log.Stop(t.Context()))
		require.Len(t, out.lines(), 2)
		require.Zero(t, log.Dropped())
	})
}

func TestStopBeforeAnything(t *testing.T) {
	t.Parallel()
	log := newLogger(t, logging.Options{Out: os.NewFile(^uintptr(0), "none")})
	require.NoError(t, log.Stop(t.Context()))
	require.NoError(t, log.Start(t.Context()))
	require.NoError(t, log.Start(t.Context()))
	require.NoError(t, log.Stop(t.Context()))
	require.NoError(t, log.Stop(t.Context()))
}

// Lost lines are told once, by the first line that gets through again.
func TestDropsAreTold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &sink{broken: true}
		log := newLogger(t, logging.Options{Out: out})
		for range 3 {
			log.Zap().Info("lost")
			synctest.Wait()
		}
		require.Equal(t, uint64(3), log.Dropped())
		require.InDelta(t, 3, testutil.ToFloat64(log.Collector()), 0)
		require.Empty(t, out.lines())

		out.breakNow(false)
		for range 2 {
			log.Zap().Info("arrives")
			synctest.Wait()
		}
		lines := out.lines()
		require.Len(t, lines, 3)
		require.Contains(t, lines[0], "INFO arrives")
		require.Contains(t, lines[1], `WARN log lines dropped {"count": 3}`)
		require.Contains(t, lines[2], "INFO arrives")
		require.Equal(t, uint64(3), log.Dropped())
	})
}

// The buffer holds no more than it should while the output is stalled.
func TestBufferIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := &sink{gate: make(chan struct{})}
		log := newLogger(t, logging.Options{Out: out, Buffer: 4096, MaxLine: 1024})
		log.Zap().Info("being written")
		synctest.Wait()
		for range 100 {
			log.Zap().Info("waiting", zap.String("text", strings.Repeat("x", 900)))
		}
		close(out.gate)
		require.NoError(t, log.Stop(t.Context()))
		require.Equal(t, uint64(96), log.Dropped())
		lines := out.lines()
		require.Len(t, lines, 1+4+1)
		require.Contains(t, strings.Join(lines, "\n"), `log lines dropped {"count": 96}`)
	})
}
