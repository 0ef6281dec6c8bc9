package process

import "os"

// files returns the descriptors 0 to 2 of a new process.
func files(spec *Spec, null *os.File) []uintptr {
	fds := []uintptr{null.Fd(), null.Fd(), null.Fd()}
	if spec.Stdout != nil {
		fds[1] = spec.Stdout.Fd()
	}
	if spec.Stderr != nil {
		fds[2] = spec.Stderr.Fd()
	}
	return fds
}
