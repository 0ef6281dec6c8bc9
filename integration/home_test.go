package integration_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"dagu/modules/store"
)

// patience is how long tests wait for what must happen; it is no measure.
const patience = 60 * time.Second

// home is a home directory of its own with its environment.
type home struct {
	tb   testing.TB
	dir  string
	port int
	env  []string // beside the fixed ones
}

func newHome(tb testing.TB, env ...string) *home {
	tb.Helper()
	h := &home{tb: tb, dir: tb.TempDir(), port: freePort(tb), env: env}
	require.NoError(tb, os.MkdirAll(h.path("dags"), 0o755))
	return h
}

// freePort is a port that was free a moment ago.
func freePort(tb testing.TB) int {
	tb.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(tb, err)
	defer func() { require.NoError(tb, l.Close()) }()
	return l.Addr().(*net.TCPAddr).Port
}

// path is a path below the home.
func (h *home) path(parts ...string) string {
	return filepath.Join(append([]string{h.dir}, parts...)...)
}

// write writes a file below the home, at once and whole.
func (h *home) write(name, text string) {
	h.tb.Helper()
	path := h.path(name)
	require.NoError(h.tb, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(h.tb, os.WriteFile(path+".new", []byte(text), 0o644))
	require.NoError(h.tb, os.Rename(path+".new", path))
}

// dag writes a DAG file.
func (h *home) dag(name, text string) {
	h.tb.Helper()
	h.write("dags/"+name+".yaml", text)
}

// read is the text of a file below the home; "" while there is none.
func (h *home) read(name string) string {
	text, _ := os.ReadFile(h.path(name))
	return strings.TrimSpace(string(text))
}

// environ is the whole environment of a process in the home: nothing of the
// tester's own but what programs need to be found.
func (h *home) environ() []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "SHELL=/bin/sh", "TMPDIR=" + os.TempDir(),
		"DAGU_HOME=" + h.dir, "DAGU_TZ=UTC", "DAGU_SCHEDULER_PORT=" + strconv.Itoa(h.port),
		"GORACE=halt_on_error=1 exitcode=66 atexit_sleep_ms=0",
	}, h.env...)
}

// result is how a command ended.
type result struct {
	stdout, stderr string
	code           int
}

// run runs a command to its end.
func (h *home) run(args ...string) result {
	h.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary(h.tb), args...)
	cmd.Env = h.environ()
	cmd.Dir = h.dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	require.NoError(h.tb, ctx.Err(), "dagu %s hangs\n%s", strings.Join(args, " "), stderr.String())
	if cmd.ProcessState == nil {
		require.NoError(h.tb, err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// must runs a command that has to succeed and returns its stdout.
func (h *home) must(args ...string) string {
	h.tb.Helper()
	r := h.run(args...)
	require.Zero(h.tb, r.code, "dagu %s\n%s%s", strings.Join(args, " "), r.stdout, r.stderr)
	return r.stdout
}

// enqueue queues a run.
func (h *home) enqueue(dag string) {
	h.tb.Helper()
	h.must("enqueue", dag)
}

// records opens the store of the home, beside whatever has it open.
func (h *home) records() *store.Store {
	h.tb.Helper()
	s, err := store.New(store.Options{Dir: h.path("data"), WriteTimeout: patience}, zap.NewNop())
	require.NoError(h.tb, err)
	require.NoError(h.tb, s.Start(context.Background()))
	h.tb.Cleanup(func() { _ = s.Stop(context.Background()) })
	return s
}

// runs are the recorded runs, newest first; of one DAG when dag is not "".
func (h *home) runs(s *store.Store, dag string) []store.Run {
	h.tb.Helper()
	runs, err := s.Runs(context.Background(), store.Filter{DAG: dag, Limit: 100_000})
	require.NoError(h.tb, err)
	return runs
}

// counts are the numbers of recorded runs by status and reason, as "failed worker_lost".
func (h *home) counts(s *store.Store, dag string) map[string]int {
	h.tb.Helper()
	counts := map[string]int{}
	for _, r := range h.runs(s, dag) {
		counts[strings.TrimSpace(fmt.Sprintf("%s %s", r.Status, r.Reason))]++
	}
	return counts
}

// eventually waits until the condition holds. Unlike testify's it runs it on the
// test's own goroutine.
func eventually(tb testing.TB, condition func() bool, message string, args ...any) {
	tb.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		require.False(tb, time.Now().After(deadline), "not within %v: %s", patience, fmt.Sprintf(message, args...))
		<-tick.C
	}
}

// lines are the lines of a text.
func lines(text string) []string {
	return slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return l == "" })
}
