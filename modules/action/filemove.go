package action

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// move takes the source to the destination. A directory that is there comes back when
// that fails.
func (t *transfer) move(ctx context.Context) error {
	if !t.dir {
		return t.rename(ctx)
	}
	if within(t.destination, t.source) {
		return fmt.Errorf("%s is inside of %s, which it would replace", t.source, t.destination)
	}
	aside, err := setAside(t.destination)
	if err != nil {
		return err
	}
	err = t.rename(ctx)
	if aside == "" {
		return err
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(t.destination), os.Rename(aside, t.destination), os.Remove(filepath.Dir(aside)))
	}
	return os.RemoveAll(filepath.Dir(aside))
}

// rename renames, and copies to another file system, where the source goes once all of
// it is there.
func (t *transfer) rename(ctx context.Context) error {
	if !t.dir && sameFile(t.source, t.destination, os.Lstat) {
		return os.Remove(t.source) // rename(2) does nothing with two names of one file
	}
	err := os.Rename(t.source, t.destination)
	if !errors.Is(err, syscall.EXDEV) {
		return err
	}
	if err = t.copy(ctx); err != nil {
		return err
	}
	return os.RemoveAll(t.source)
}

// setAside moves what is at a path into a new directory beside it, and tells its new
// path; "" where there was nothing.
func setAside(path string) (string, error) {
	if _, err := os.Lstat(path); absent(err) {
		return "", nil
	}
	dir, err := os.MkdirTemp(filepath.Dir(path), ".dagu-*")
	if err != nil {
		return "", err
	}
	aside := filepath.Join(dir, "replaced")
	if err = os.Rename(path, aside); err != nil {
		return "", errors.Join(err, os.Remove(dir))
	}
	return aside, nil
}

// within tells whether a path is a directory or inside of it, by whatever links it is named.
func within(dir, path string) bool {
	dir, path = unlinked(dir), unlinked(path)
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}

// unlinked resolves the links of a path, as far as it exists.
func unlinked(path string) string {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	parent := filepath.Dir(path)
	if parent == path {
		return path
	}
	return filepath.Join(unlinked(parent), filepath.Base(path))
}
