package store

import (
	"io"
	"os"
)

// pidNamespace names the PID namespace of this process; "" where there are none, or
// /proc does not tell.
func pidNamespace() string {
	name, _ := os.Readlink("/proc/self/ns/pid")
	return name
}

// Foreign tells that the owner lived in another PID namespace than this process, which
// may not see what is left of its processes.
func (d DeadOwner) Foreign() bool {
	const longest = 64
	text, err := io.ReadAll(io.NewSectionReader(d.file, 0, longest))
	ours := pidNamespace()
	return err == nil && len(text) > 0 && ours != "" && string(text) != ours
}
