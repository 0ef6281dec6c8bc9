// Package disk tells whether a directory can take more: enough free space and
// inodes, and a file that can be written and synced.
package disk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"

	"dagu/modules/fault"
)

const (
	// minFree is the free space below which a disk counts as full, and minInodes the
	// number of free inodes: a run takes about ten files. On a file system so small
	// that one percent of it is less, that is the limit.
	minFree   = 64 << 20
	minInodes = 1000
	// probeName is the file that is written and removed. It is a name that nobody
	// else gives: the directory above a missing one is not ours.
	probeName = ".dagu-probe"
	probeSize = 4 << 10
)

// usage is what a file system says of itself.
type usage struct {
	size, free     uint64 // bytes; free to us, not to root alone
	inodes, unused uint64 // inodes is 0 where the file system does not count them
	readOnly       bool
}

// Check tells why the directory cannot take more: its file system is read-only or
// nearly full, or a file in it cannot be written and synced. Of a directory that is
// missing, the nearest one above it is looked at. The call hangs with the file system.
func Check(ctx context.Context, dir string) error {
	dir, err := nearest(dir)
	if err != nil {
		return err
	}
	u, err := usageOf(dir)
	if err != nil {
		return fmt.Errorf("look at the file system of %s: %w", dir, err)
	}
	if err = u.judge(); err != nil {
		return fmt.Errorf("the file system of %s %w", dir, err)
	}
	if err = ctx.Err(); err != nil {
		return fmt.Errorf("check %s: %w", dir, err)
	}
	return probe(filepath.Join(dir, probeName))
}

// judge says why the file system cannot take more.
func (u usage) judge() error {
	switch least, leastInodes := min(minFree, u.size/100), min(minInodes, u.inodes/100); {
	case u.readOnly:
		return errors.New("is read-only")
	case u.free < least:
		return fmt.Errorf("has %s free, want at least %s", humanize.IBytes(u.free), humanize.IBytes(least))
	case u.inodes > 0 && u.unused < leastInodes:
		return fmt.Errorf("has %d free inodes, want at least %d", u.unused, leastInodes)
	default:
		return nil
	}
}

// nearest is dir, or the nearest directory above it that exists.
func nearest(dir string) (string, error) {
	for {
		_, err := os.Stat(dir)
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) || dir == filepath.Dir(dir) {
			return "", fmt.Errorf("look for the directory: %w", err)
		}
		dir = filepath.Dir(dir)
	}
}

// probe writes and syncs a file, and removes it.
func probe(path string) (err error) {
	if err = fault.Error("disk.probe"); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return fmt.Errorf("create a probe file: %w", err)
	}
	defer func() {
		err = errors.Join(err, file.Close())
		// Another process on the directory may have removed the same file.
		if e := os.Remove(path); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("remove the probe file: %w", e))
		}
	}()
	if _, err = file.Write(make([]byte, probeSize)); err != nil {
		return fmt.Errorf("write a probe file: %w", err)
	}
	if err = file.Sync(); err != nil {
		return fmt.Errorf("sync a probe file: %w", err)
	}
	return nil
}
