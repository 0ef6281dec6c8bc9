package faults_test

import (
	"context"
	"math"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestAnswersReadMemoryOnly counts the calls on files that the process makes in
// some seconds of its own, and in as many while it answers a thousand probes.
func TestAnswersReadMemoryOnly(t *testing.T) {
	t.Parallel()
	if why := canTrace(); why != "" {
		t.Skip("not run here: " + why)
	}
	const probes = 1000
	s := newSubject(t)
	s.start(nil, nil, nil)
	w := newWatch(t, s.port)
	require.True(t, wait(patience, w.green), "the scheduler starts; log:\n%s", s.log.String())
	w.stop()

	client := &http.Client{Timeout: clientTimeout}
	defer client.CloseIdleConnections()
	ask := func(n int) {
		for i := range n {
			endpoint := endpoints()[i%len(endpoints())]
			code := once(context.Background(), client, http.MethodGet, "http://127.0.0.1:"+strconv.Itoa(s.port)+endpoint)
			require.Equal(t, http.StatusOK, code, endpoint)
		}
	}
	ask(1) // the connection is there
	// What else the process does meanwhile comes and goes: of several counts the smallest tell.
	idle, busy := math.MaxInt, math.MaxInt
	for range attempts {
		idle = min(idle, s.fileCalls(func() {}))
		busy = min(busy, s.fileCalls(func() { ask(probes) }))
		t.Logf("calls on files in %s: %d, and %d with %d probes", traced, idle, busy, probes)
		if busy-idle < probes/2 {
			break
		}
	}
	require.Positive(t, idle, "the store's own polls are seen")
	require.Less(t, busy-idle, probes/2, "one call for every second probe would show")
}

// traced is how long calls are counted: a multiple of every check's period.
const traced = 11 * time.Second

// fileCalls counts the calls on files, and of a database on its file, while work is done.
func (s *subject) fileCalls(work func()) int {
	s.tb.Helper()
	summary := s.path("calls")
	//nolint:noctx // ended below
	trace := exec.Command("strace", "-f", "-qq", "-c", "-o", summary, "-p", s.pid(),
		"-e", "trace=%file,pread64,pwrite64,fsync,fdatasync,ftruncate,getdents64,fcntl")
	require.NoError(s.tb, trace.Start())
	end := time.Now().Add(traced)
	work()
	wait(time.Until(end), func() bool { return false })
	require.NoError(s.tb, trace.Process.Signal(syscall.SIGINT))
	_ = trace.Wait() // it ended by our signal
	text, err := os.ReadFile(summary)
	require.NoError(s.tb, err)
	total := regexp.MustCompile(`(?m)^100\.00\s+\S+\s+\S+\s+(\d+).*total$`).FindSubmatch(text)
	require.NotNil(s.tb, total, "%s", text)
	calls, err := strconv.Atoi(string(total[1]))
	require.NoError(s.tb, err)
	return calls
}
