package disk

// ProbeName is the file that is written and removed.
const ProbeName = probeName

// Judge judges a file system of that size and free space, in bytes, and with so
// many inodes in all and free.
func Judge(size, free, inodes, unused uint64, readOnly bool) error {
	return usage{size: size, free: free, inodes: inodes, unused: unused, readOnly: readOnly}.judge()
}
