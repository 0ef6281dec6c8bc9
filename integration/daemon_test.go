package integration_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// daemon is a running dagu process.
type daemon struct {
	tb     testing.TB
	home   *home
	port   int // of the health server
	cmd    *exec.Cmd
	log    *buffer
	done   chan struct{} // closed when it has ended
	client *http.Client
}

// launch says how to start a daemon; the zero value is `dagu scheduler`.
type launch struct {
	args   []string // nil is scheduler
	helper string   // see help
	attr   *syscall.SysProcAttr
	env    []string
	port   int      // of the health server; 0 is the home's
	binary string   // "" is the one under test
	output *os.File // of the log; nil is kept for the test
}

// start starts a daemon, and has it ended with the test at the latest.
func (h *home) start(l launch) *daemon {
	h.tb.Helper()
	if l.args == nil {
		l.args = []string{"scheduler"}
	}
	if l.binary == "" {
		l.binary = binary(h.tb)
	}
	argv := append([]string{l.binary}, l.args...)
	env := append(h.environ(), l.env...)
	if l.port == 0 {
		l.port = h.port
	} else {
		argv = append(argv, "--port", strconv.Itoa(l.port))
	}
	if l.helper != "" {
		self, err := os.Executable()
		require.NoError(h.tb, err)
		argv = append([]string{self}, argv...)
		env = append(env, helperVar+"="+l.helper)
	}
	d := &daemon{tb: h.tb, home: h, port: l.port, log: &buffer{}, done: make(chan struct{}), client: newClient()}
	d.cmd = exec.Command(argv[0], argv[1:]...) //nolint:noctx // ended by signals, as its users do
	d.cmd.Env, d.cmd.Dir, d.cmd.SysProcAttr = env, h.dir, l.attr
	d.cmd.Stdout, d.cmd.Stderr = d.log, d.log
	if l.output != nil {
		d.cmd.Stdout, d.cmd.Stderr = l.output, l.output
	}
	d.cmd.WaitDelay = time.Second
	require.NoError(h.tb, d.cmd.Start())
	go func() {
		defer close(d.done)
		_ = d.cmd.Wait() // its state tells
	}()
	h.tb.Cleanup(func() {
		_ = d.cmd.Process.Kill()
		<-d.done
		d.client.CloseIdleConnections()
		if h.tb.Failed() {
			h.tb.Logf("log of %s:\n%s", strings.Join(l.args, " "), d.log)
		}
		require.NotContains(h.tb, d.log.String(), "DATA RACE")
	})
	return d
}

// scheduler starts `dagu scheduler` and waits until it is healthy.
func (h *home) scheduler() *daemon {
	h.tb.Helper()
	d := h.start(launch{})
	d.waitHealthy()
	return d
}

func newClient() *http.Client {
	return &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
}

func (d *daemon) pid() int { return d.cmd.Process.Pid }

func (d *daemon) ended() bool {
	select {
	case <-d.done:
		return true
	default:
		return false
	}
}

// answer is what a probe brought: "200 {...}", or "refused", or what went wrong.
func (d *daemon) answer() string {
	return d.get("http://127.0.0.1:" + strconv.Itoa(d.port) + "/health")
}

func (d *daemon) get(url string) string {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		return err.Error()
	}
	response, err := d.client.Do(request)
	if err != nil {
		// A listener that closes resets what it has not taken yet, and a server that ends hangs
		// up on whom it had no time for: to a prober that is the same.
		if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, io.EOF) ||
			strings.Contains(err.Error(), "server closed idle connection") { // net/http has no name for it
			return refused
		}
		return err.Error()
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err.Error()
	}
	return strconv.Itoa(response.StatusCode) + " " + string(body)
}

// What /health says.
const (
	refused      = "refused"
	healthy      = `200 {"status":"healthy"}`
	starting     = `503 {"status":"starting"}`
	shuttingDown = `503 {"status":"shutting_down"}`
)

func (d *daemon) waitHealthy() {
	d.tb.Helper()
	eventually(d.tb, func() bool {
		require.False(d.tb, d.ended(), "the process ended:\n%s", d.log)
		return d.answer() == healthy
	}, "healthy; log:\n%s", d.log)
}

func (d *daemon) signal(s syscall.Signal) {
	d.tb.Helper()
	require.NoError(d.tb, d.cmd.Process.Signal(s))
}

// insist sends a second signal until it is heard: a process takes one for an echo of the
// first that comes within 200 ms, or later on a slow machine.
func (d *daemon) insist(s syscall.Signal) {
	d.tb.Helper()
	heard := func() bool { return d.ended() || strings.Contains(d.log.String(), "second signal") }
	again := time.NewTicker(2 * time.Second)
	defer again.Stop()
	next := time.After(400 * time.Millisecond)
	eventually(d.tb, func() bool {
		select {
		case <-next:
			next = again.C
			_ = d.cmd.Process.Signal(s) // it may be over
		default:
		}
		return heard()
	}, "the second signal is heard")
}

// wait waits for the end and returns the exit code, -1 after a signal.
func (d *daemon) wait() int {
	d.tb.Helper()
	select {
	case <-d.done:
	case <-time.After(patience):
		require.Fail(d.tb, "the process does not end", d.log.String())
	}
	return d.cmd.ProcessState.ExitCode()
}

// stop ends the daemon as an operator does.
func (d *daemon) stop() {
	d.tb.Helper()
	d.signal(syscall.SIGTERM)
	require.Zero(d.tb, d.wait(), "exit code; log:\n%s", d.log)
}

// kill ends the daemon as a crash does.
func (d *daemon) kill() {
	d.tb.Helper()
	d.signal(syscall.SIGKILL)
	require.Equal(d.tb, -1, d.wait())
}

// buffer is a bytes.Buffer that may be read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}
