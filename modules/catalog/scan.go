package catalog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"dagu/modules/fault"
)

// racy is the age from which a change time tells one change from the next. The
// coarsest file systems in use count in steps of two seconds.
const racy = 3 * time.Second

// identity tells one directory from another.
type identity struct{ dev, ino uint64 }

// fingerprint is what stat says about a file, through links. While it stays the
// same, and the change time was old when the content was read, so does the content.
type fingerprint struct {
	dev, ino     uint64
	size         int64
	mtime, ctime int64
}

// isDAGFile tells whether a name in the directory is meant to be a DAG. Hidden
// files and what editors and synchronisers leave beside a file are not.
func isDAGFile(name string) bool {
	if name == "" || strings.ContainsRune(".#~", rune(name[0])) {
		return false
	}
	return strings.HasSuffix(name, ".yaml") || strings.HasSuffix(name, ".yml")
}

// stem is the file's name without its extension.
func stem(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, ".yaml"), ".yml")
}

// folder is the open directory of DAGs.
type folder struct {
	file *os.File
	id   identity
}

// openFolder opens the directory at path; anything else there is an error.
func openFolder(path string) (*folder, error) {
	if err := fault.Error("catalog.open"); err != nil {
		return nil, err
	}
	// Without O_DIRECTORY a FIFO in its place would be waited for.
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		return nil, errors.Join(&fs.PathError{Op: "stat", Path: path, Err: err}, f.Close())
	}
	return &folder{file: f, id: identity{dev: statDev(&st), ino: st.Ino}}, nil
}

func (d *folder) close() { _ = d.file.Close() } // nothing was written

// list calls visit with the name of each DAG file, until that returns false.
func (d *folder) list(visit func(name string) bool) error {
	for {
		names, err := d.file.Readdirnames(1024)
		for _, name := range names {
			if isDAGFile(name) && !visit(name) {
				return nil
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// stat returns the fingerprint of a file. It fails with fs.ErrNotExist only when
// there is no such name: a link to nothing is another error.
func (d *folder) stat(name string) (fingerprint, error) {
	var st unix.Stat_t
	err := d.fstatat(name, &st, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if err = d.fstatat(name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
			return fingerprint{}, err
		}
		return fingerprint{}, errors.New("the link points to a file that does not exist")
	}
	if err != nil {
		return fingerprint{}, fmt.Errorf("stat: %w", err)
	}
	return fingerprint{
		dev: statDev(&st), ino: st.Ino, size: st.Size,
		mtime: st.Mtim.Nano(), ctime: st.Ctim.Nano(),
	}, nil
}

func (d *folder) fstatat(name string, st *unix.Stat_t, flags int) error {
	for {
		err := unix.Fstatat(int(d.file.Fd()), name, st, flags)
		if !errors.Is(err, unix.EINTR) {
			return err
		}
	}
}
