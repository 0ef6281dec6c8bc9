package catalog

import "golang.org/x/sys/unix"

func statDev(st *unix.Stat_t) uint64 { return st.Dev }

// localFS tells whether the file system at path keeps change times that this
// kernel sets: network file systems cache attributes for a minute, and what FUSE
// programs report is their own affair.
func localFS(path string) bool {
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return false
	}
	switch uint32(st.Type) { //nolint:gosec // a magic number of 32 bits, whatever the width of the field
	case unix.EXT4_SUPER_MAGIC, unix.XFS_SUPER_MAGIC, unix.BTRFS_SUPER_MAGIC, unix.F2FS_SUPER_MAGIC,
		unix.TMPFS_MAGIC, unix.RAMFS_MAGIC, unix.OVERLAYFS_SUPER_MAGIC, zfsMagic, bcachefsMagic:
		return true
	}
	return false
}

// Magic numbers that x/sys does not name, from the projects' own headers.
const (
	zfsMagic      = 0x2fc12fc1
	bcachefsMagic = 0xca451a4e
)
