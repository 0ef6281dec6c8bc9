package process

import (
	"bytes"
	"os"
	"strconv"
)

const (
	// exposure is how much more likely than we a process of a step is the one that
	// the kernel kills when memory runs out, in thousandths of the memory there is
	// (proc_pid_oom_score_adj(5)): of a machine or a container it has to be us that
	// take more than half before a step outlives us.
	exposure = 500
	// mostExposed is the highest value that the kernel knows.
	mostExposed = 1000
)

// expose makes a process that has been forked, and what it will fork, a better
// victim than ours: one run that fails is less than all of them. The kernel lets
// everybody raise the value of their own processes. What has become another user's
// by its program keeps what it inherited, and one that has ended needs none.
func expose(pid int) {
	text, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		return
	}
	own, err := strconv.Atoi(string(bytes.TrimSpace(text)))
	if err != nil {
		return
	}
	value := strconv.Itoa(min(own+exposure, mostExposed))
	_ = os.WriteFile("/proc/"+strconv.Itoa(pid)+"/oom_score_adj", []byte(value), 0) // see above
}
