package integration_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// ticks is the unit of times in /proc/PID/stat; see sysconf(3), _SC_CLK_TCK,
// which is 100 on every Linux that Go runs on.
const ticks = time.Second / 100

// stat are the fields of /proc/PID/stat behind the name; see proc_pid_stat(5),
// whose field 3 is the first here.
func stat(pid int) ([]string, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:])), nil
}

// cpu is the processor time that a process and its ended children have used.
func cpu(tb testing.TB, pid int) time.Duration {
	tb.Helper()
	fields, err := stat(pid)
	require.NoError(tb, err)
	var sum time.Duration
	for _, i := range []int{11, 12, 13, 14} { // utime stime cutime cstime
		n, err := strconv.ParseInt(fields[i], 10, 64)
		require.NoError(tb, err)
		sum += time.Duration(n) * ticks
	}
	return sum
}

// memory is a field of /proc/PID/status in bytes, such as VmHWM.
func memory(tb testing.TB, pid int, field string) int64 {
	tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(tb, err)
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			require.NoError(tb, err)
			return n << 10
		}
	}
	require.Fail(tb, "no such field", field)
	return 0
}

// process is one of /proc.
type process struct {
	pid, parent int
	state       string // Z is a zombie
	home        string // its DAGU_HOME
	command     string
}

// processes are all that belong to the home, by their environment; the testing
// process itself does not.
func (h *home) processes() []process {
	var list []process
	for _, p := range allProcesses() {
		if p.home == h.dir {
			list = append(list, p)
		}
	}
	return list
}

// children are the processes whose parent is pid.
func children(pid int) []process {
	var list []process
	for _, p := range allProcesses() {
		if p.parent == pid {
			list = append(list, p)
		}
	}
	return list
}

func allProcesses() []process {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	var list []process
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		fields, err := stat(pid)
		if err != nil {
			continue // gone
		}
		p := process{pid: pid, state: fields[0]}
		p.parent, _ = strconv.Atoi(fields[1])
		command, _ := os.ReadFile(dir + "/cmdline")
		p.command = strings.ReplaceAll(string(command), "\x00", " ")
		environ, _ := os.ReadFile(dir + "/environ")
		for entry := range strings.SplitSeq(string(environ), "\x00") {
			if value, ok := strings.CutPrefix(entry, "DAGU_HOME="); ok {
				p.home = value
			}
		}
		list = append(list, p)
	}
	return list
}
