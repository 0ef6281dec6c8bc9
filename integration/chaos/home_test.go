package chaos_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience is how long tests wait for what must happen; it is no measure.
const patience = 120 * time.Second

// home is a data directory with the processes that work on it.
type home struct {
	tb    testing.TB
	dir   string
	seed  uint64
	begin time.Time // what the clock showed at first
	clock *clock
	boot  time.Time // when uptime was 0, by the machine's clock

	given []given // by hand, by number
	next  int

	mu    sync.Mutex // guards what follows
	lives []*life
}

// given is a run that was asked for by hand.
type given struct {
	id    string
	acked bool // the command said that it did what it was to do,
	ran   bool // which was to run it to its end
}

// newHome prepares a home whose clock shows wall.
func newHome(tb testing.TB, seed uint64, wall time.Time) *home {
	tb.Helper()
	h := &home{tb: tb, dir: tb.TempDir(), seed: seed, begin: wall}
	for _, dir := range []string{"data", "logs", "dags"} {
		require.NoError(tb, os.MkdirAll(h.path(dir), 0o755))
	}
	h.write("config.yaml", "queues:\n  config:\n    - {name: narrow, max_concurrency: 2}\n")
	h.write("evidence", "")
	h.clock = newClock(tb, h.path("clock"), wall)
	h.boot = time.Now().Add(-uptime(tb))
	tb.Cleanup(func() {
		for _, p := range h.processes() {
			_ = p.Kill() // ours: it has our home
		}
	})
	return h
}

// path is a path below the home.
func (h *home) path(parts ...string) string {
	return filepath.Join(append([]string{h.dir}, parts...)...)
}

// write writes a file below the home, at once and whole.
func (h *home) write(name, text string) {
	require.NoError(h.tb, os.WriteFile(h.path(name+".new"), []byte(text), 0o600))
	require.NoError(h.tb, os.Rename(h.path(name+".new"), h.path(name)))
}

// dag writes a DAG file.
func (h *home) dag(name, text string) { h.write("dags/"+name+".yaml", text) }

// control is the directory by which a process is told where to die. The clock is
// that of all.
func (h *home) control(name string) string {
	dir := h.path("control-" + name)
	require.NoError(h.tb, os.MkdirAll(dir, 0o755))
	if err := os.Symlink(h.path("clock"), filepath.Join(dir, "wall")); !os.IsExist(err) {
		require.NoError(h.tb, err)
	}
	return dir
}

// command is a command of the binary under test, controlled under a name.
func (h *home) command(control string, args ...string) *exec.Cmd {
	binary, err := build()
	require.NoError(h.tb, err)
	cmd := exec.Command(binary, args...) //nolint:noctx // ended by signals, as its users do
	cmd.Dir, cmd.WaitDelay = h.dir, time.Second
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "SHELL=/bin/sh", "TMPDIR=" + os.TempDir(), "DAGU_HOME=" + h.dir,
		"DAGU_TZ=UTC", "DAGU_SCHEDULER_PORT=0", "DAGU_SCHEDULER_MISFIRE_THRESHOLD=2m",
		"DAGU_SCHEDULER_DRAIN_TIMEOUT=500ms", "DAGU_SCHEDULER_STOP_TIMEOUT=10s", "DAGU_FAULTS=" + h.control(control),
	}
	return cmd
}

// processes are those that belong to the home, by their environment.
func (h *home) processes() []*os.Process {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	var list []*os.Process
	for _, dir := range dirs {
		environ, _ := os.ReadFile(dir + "/environ") // none is of one that is gone
		if slices.Contains(strings.Split(string(environ), "\x00"), "DAGU_HOME="+h.dir) {
			var pid int
			_, err := fmt.Sscan(filepath.Base(dir), &pid)
			require.NoError(h.tb, err)
			p, err := os.FindProcess(pid)
			require.NoError(h.tb, err)
			list = append(list, p)
		}
	}
	return list
}

// eventually waits until the condition holds.
func eventually(tb testing.TB, condition func() bool, message string, args ...any) {
	tb.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		require.False(tb, time.Now().After(deadline), "not within %v: %s", patience, fmt.Sprintf(message, args...))
		<-tick.C
	}
}
