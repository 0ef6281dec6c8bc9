// Package kubelet_test has the kubelet's own prober ask the real binary through a
// whole life, with the seconds of the manifests in integration/kubernetes.
package kubelet_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/kubernetes/pkg/probe"
	httpprobe "k8s.io/kubernetes/pkg/probe/http"
)

const (
	// timeout is timeoutSeconds of all probes in the manifests.
	timeout = 5 * time.Second
	// patience bounds every wait.
	patience = time.Minute
	// silentClients hold connections and say nothing.
	silentClients = 2000
)

// probed is what the kubelet made of one probe.
type probed struct {
	at     time.Time
	result probe.Result
	output string
}

// kubelet probes a port again and again.
type kubelet struct {
	port int
	stop context.CancelFunc
	done sync.WaitGroup

	mu   sync.Mutex // guards seen
	seen map[string][]probed
}

func startKubelet(ctx context.Context, port int) *kubelet {
	ctx, cancel := context.WithCancel(ctx)
	k := &kubelet{port: port, stop: cancel, seen: make(map[string][]probed)}
	for _, path := range []string{"/health", "/livez", "/readyz", "/startupz"} {
		k.done.Go(func() { k.run(ctx, path) })
	}
	return k
}

func (k *kubelet) run(ctx context.Context, path string) {
	prober := httpprobe.New(false)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		at := time.Now()
		result, output, err := k.probe(prober, path)
		if err != nil {
			output += err.Error()
		}
		k.mu.Lock()
		k.seen[path] = append(k.seen[path], probed{at, result, output})
		k.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (k *kubelet) probe(prober httpprobe.Prober, path string) (probe.Result, string, error) {
	target, err := url.Parse("http://127.0.0.1:" + strconv.Itoa(k.port) + path)
	if err != nil {
		return probe.Unknown, "", err
	}
	request, err := httpprobe.NewProbeRequest(target, http.Header{})
	if err != nil {
		return probe.Unknown, "", err
	}
	return prober.Probe(request, timeout)
}

// last is what the newest probe of a path brought.
func (k *kubelet) last(path string) probe.Result {
	k.mu.Lock()
	defer k.mu.Unlock()
	if list := k.seen[path]; len(list) > 0 {
		return list[len(list)-1].result
	}
	return probe.Unknown
}

// now is what the kubelet thinks of health, livez, readyz and startupz: + or -.
func (k *kubelet) now() string {
	var b strings.Builder
	for _, path := range []string{"/health", "/livez", "/readyz", "/startupz"} {
		if k.last(path) == probe.Success {
			b.WriteByte('+')
		} else {
			b.WriteByte('-')
		}
	}
	return b.String()
}

// between are the failures of a path in a stretch of time.
func (k *kubelet) between(path string, from, to time.Time) (failures []probed) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range k.seen[path] {
		if p.result != probe.Success && p.at.After(from) && p.at.Before(to) {
			failures = append(failures, p)
		}
	}
	return failures
}

func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, patience, 20*time.Millisecond, what)
}

// build makes the binary of the project.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "dagu")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/dagu")
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	return listener.Addr().(*net.TCPAddr).Port
}

// holdStart keeps the store from opening, and so the start from going on.
func holdStart(t *testing.T, home string) (release func()) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Join(home, "data"), 0o750))
	lock, err := os.OpenFile(filepath.Join(home, "data", "dagu.lock"), os.O_CREATE|os.O_RDWR, 0o640)
	require.NoError(t, err)
	require.NoError(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX))
	return func() { require.NoError(t, lock.Close()) }
}

// crowd connects clients that say nothing.
func crowd(t *testing.T, port int) (leave func()) {
	t.Helper()
	var conns []net.Conn
	dialer := net.Dialer{Timeout: timeout}
	for range silentClients {
		conn, err := dialer.DialContext(t.Context(), "tcp", "127.0.0.1:"+strconv.Itoa(port))
		require.NoError(t, err)
		conns = append(conns, conn)
	}
	return func() {
		for _, conn := range conns {
			_ = conn.Close() // the server may have closed it
		}
	}
}

func TestAWholeLifeAsTheKubeletSeesIt(t *testing.T) {
	dagu, home, port := build(t), t.TempDir(), freePort(t)
	require.NoError(t, os.Mkdir(filepath.Join(home, "dags"), 0o750))
	active := filepath.Join(home, "active")
	text := fmt.Sprintf("steps:\n  - run: touch %s; sleep 1000\n", active)
	require.NoError(t, os.WriteFile(filepath.Join(home, "dags", "long.yaml"), []byte(text), 0o600))
	command := func(args ...string) *exec.Cmd {
		cmd := exec.Command(dagu, args...) //nolint:noctx // It is ended by signals.
		cmd.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + home, "SHELL=/bin/sh", "DAGU_HOME=" + home,
			"DAGU_SCHEDULER_PORT=" + strconv.Itoa(port), "DAGU_SCHEDULER_DRAIN_TIMEOUT=3s",
		}
		cmd.Stderr = os.Stderr
		return cmd
	}
	release := holdStart(t, home)
	k := startKubelet(context.Background(), port)
	t.Cleanup(func() { k.stop(); k.done.Wait() })

	scheduler := command("scheduler")
	require.NoError(t, scheduler.Start())
	t.Cleanup(func() { _ = scheduler.Process.Kill(); _ = scheduler.Wait() })
	eventually(t, "it starts", func() bool { return k.now() == "-+--" })
	release()
	eventually(t, "it runs", func() bool { return k.now() == "++++" })
	running := time.Now()

	leave := crowd(t, port)
	for _, path := range []string{"/health", "/livez", "/readyz", "/startupz"} { // each is asked some more times
		before := k.count(path)
		eventually(t, path, func() bool { return k.count(path) > before+20 })
	}
	leave()

	require.NoError(t, command("enqueue", "long").Run())
	eventually(t, "a run is active", func() bool { _, err := os.Stat(active); return err == nil })
	term := time.Now()
	for _, path := range []string{"/health", "/livez", "/readyz", "/startupz"} {
		require.Empty(t, k.between(path, running, term), path)
	}
	require.NoError(t, scheduler.Process.Signal(syscall.SIGTERM))
	eventually(t, "it drains", func() bool { return k.now() == "-+-+" })
	var exit *exec.ExitError
	if err := scheduler.Wait(); errors.As(err, &exit) {
		require.Zero(t, exit.ExitCode())
	}
	end := time.Now()
	require.Greater(t, end.Sub(term), 2*time.Second, "the drain lasted")
	// What was asked in the last moment may not have been answered any more.
	for _, path := range []string{"/livez", "/startupz"} {
		require.Empty(t, k.between(path, term, end.Add(-time.Second)), path)
	}
	eventually(t, "it is gone", func() bool { return k.now() == "----" })
}

// count is how often a path was probed.
func (k *kubelet) count(path string) int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.seen[path])
}
