package catalog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Pulse is touched whenever a full comparison has ended.
type Pulse interface {
	// Beat tells that it has, and what comes next.
	Beat(doing string)
}

// silent is the pulse of a catalog that nobody watches.
type silent struct{}

// Beat does nothing.
func (silent) Beat(string) {}

// CheckDir tells why DAG files cannot be had from the directory: it is missing, or
// not a directory, or cannot be read, or none of its files can; or it is empty and
// not the directory that last held files. It looks for itself, between the
// comparisons, and touches one file where all is well. A file system that does not
// answer holds it up.
func (c *Catalog) CheckDir(ctx context.Context) error {
	status := c.Status()
	if status.Dir != nil {
		return status.Dir
	}
	dir, err := c.state.open(c.state.Dir)
	if err != nil {
		return fmt.Errorf("open the DAG directory: %w", err)
	}
	defer dir.close()
	found, read := 0, false
	var last error // why the last file could not be read
	err = dir.list(func(name string) bool {
		if c.state.isBase(name) {
			return true
		}
		found++
		last = readSome(filepath.Join(c.state.Dir, name))
		read = last == nil
		return !read && ctx.Err() == nil
	})
	switch {
	case err != nil:
		return fmt.Errorf("list the DAG directory: %w", err)
	case found == 0 && status.Files > 0 && dir.id != status.home:
		return fmt.Errorf("%s is empty, and not the directory that held the %d known files: is a volume not mounted?",
			c.state.Dir, status.Files)
	case found > 0 && !read:
		return fmt.Errorf("none of the %d files in %s can be read: %w", found, c.state.Dir, last)
	}
	return nil
}

// readSome reads the beginning of a file.
func readSome(path string) error {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // nothing was written to it
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	var head [1]byte
	if _, err = file.Read(head[:]); errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
