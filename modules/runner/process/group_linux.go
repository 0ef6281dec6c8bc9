package process

import (
	"bytes"
	"os"
	"strconv"
)

// dead tells whether all members of a group are zombies. Under an init that
// collects its children late, or never, a group can be signalled long after its
// last member has ended.
func dead(pgid int) bool {
	proc, err := os.Open("/proc")
	if err != nil {
		return false
	}
	defer func() { _ = proc.Close() }()
	names, err := proc.Readdirnames(-1)
	if err != nil {
		return false
	}
	for _, name := range names {
		if _, err := strconv.Atoi(name); err == nil && livesIn(name, pgid) {
			return false
		}
	}
	return true
}

// livesIn reads /proc/PID/stat, proc_pid_stat(5): the state is the first field
// behind the command in brackets, the group is the third.
func livesIn(pid string, pgid int) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return false
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 3 || string(fields[2]) != strconv.Itoa(pgid) {
		return false
	}
	state := string(fields[0])
	return state != "Z" && state != "X"
}
