package faults_test

import (
	"bufio"
	"bytes"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long tests wait for what must happen; it is no measure.
const patience = 60 * time.Second

// subject is a scheduler in a home of its own.
type subject struct {
	tb    testing.TB
	dir   string
	port  int
	cmd   *exec.Cmd
	log   buffer
	done  chan struct{} // closed when it has ended
	watch *watch
	due   time.Time // when the DAG that was prepared is due
}

// path is a path below the home.
func (s *subject) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// write writes a file below the home.
func (s *subject) write(name, text string) {
	s.tb.Helper()
	require.NoError(s.tb, os.MkdirAll(filepath.Dir(s.path(name)), 0o755))
	require.NoError(s.tb, os.WriteFile(s.path(name), []byte(text), 0o644))
}

// newSubject prepares a home with one DAG that is not due for long.
func newSubject(tb testing.TB) *subject {
	tb.Helper()
	s := &subject{tb: tb, dir: tb.TempDir(), port: freePort(tb), done: make(chan struct{})}
	s.write("dags/idle.yaml", "schedule: \"0 4 29 2 *\"\nsteps:\n  - id: a\n    run: \"true\"\n")
	for _, dir := range []string{"data", "logs", "control"} {
		require.NoError(tb, os.MkdirAll(s.path(dir), 0o755))
	}
	return s
}

// given are the ports that subjects have, or had: the kernel may name one again.
var given sync.Map //nolint:gochecknoglobals // of all tests

// freePort is a port that was free a moment ago, and that no other subject has.
func freePort(tb testing.TB) int {
	tb.Helper()
	for {
		listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it answers at once
		require.NoError(tb, err)
		require.NoError(tb, listener.Close())
		port := listener.Addr().(*net.TCPAddr).Port
		if _, taken := given.LoadOrStore(port, true); !taken {
			return port
		}
	}
}

// start starts the scheduler, without some parts of its health registry. A wrapper is
// a command that ends by becoming the one it is given.
func (s *subject) start(off, env, wrapper []string) {
	s.tb.Helper()
	binary, err := build()
	require.NoError(s.tb, err)
	argv := append(append([]string{}, wrapper...), binary, "scheduler")
	s.cmd = exec.Command(argv[0], argv[1:]...) //nolint:noctx // ended by signals, as its users do
	s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr, s.cmd.WaitDelay = s.dir, &s.log, &s.log, time.Second
	s.cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "SHELL=/bin/sh", "TMPDIR=" + os.TempDir(), "DAGU_HOME=" + s.dir,
		"DAGU_TZ=UTC", "DAGU_SCHEDULER_PORT=" + strconv.Itoa(s.port), "DAGU_FAULTS=" + s.path("control"),
		"DAGU_FAULTS_OFF=" + strings.Join(off, ","),
	}, env...)
	require.NoError(s.tb, s.cmd.Start())
	go func() {
		defer close(s.done)
		_ = s.cmd.Wait() // its state tells
	}()
	s.tb.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		<-s.done
		if s.tb.Failed() {
			s.tb.Logf("log:\n%s", s.log.String())
		}
	})
}

func (s *subject) pid() string { return strconv.Itoa(s.cmd.Process.Pid) }

// order tells a hook what to do; "" ends it.
func (s *subject) order(point, act string) error {
	if act == "" {
		return os.Remove(s.path("control", point))
	}
	// A hook that looks meanwhile must not find half a word.
	next := s.path("control", "."+point)
	if err := os.WriteFile(next, []byte(act), 0o600); err != nil {
		return err
	}
	return os.Rename(next, s.path("control", point))
}

// url is where the subject answers.
func (s *subject) url(path string) string { return "http://127.0.0.1:" + strconv.Itoa(s.port) + path }

// metric is the value of a series, named as a scrape has it; NaN while there is none.
func (s *subject) metric(series string) float64 {
	client := &http.Client{Timeout: clientTimeout}
	defer client.CloseIdleConnections()
	response, err := client.Get(s.url("/metrics")) //nolint:noctx // it has a timeout
	if err != nil {
		return math.NaN()
	}
	defer func() { _ = response.Body.Close() }()
	lines := bufio.NewScanner(response.Body)
	for lines.Scan() {
		if text, ok := strings.CutPrefix(lines.Text(), series+" "); ok {
			value, err := strconv.ParseFloat(text, 64)
			if err == nil {
				return value
			}
		}
	}
	return math.NaN()
}

// buffer is a bytes.Buffer that may be read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write is io.Writer's.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// String is all that was written.
func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
