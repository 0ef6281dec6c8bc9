package disk

import "golang.org/x/sys/unix"

// usageOf asks the file system; see statfs(2).
func usageOf(dir string) (usage, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return usage{}, err
	}
	block := uint64(max(st.Bsize, 1)) //nolint:gosec // It is positive.
	return usage{
		size: st.Blocks * block, free: st.Bavail * block,
		inodes: st.Files, unused: st.Ffree,
		readOnly: st.Flags&unix.ST_RDONLY != 0,
	}, nil
}
