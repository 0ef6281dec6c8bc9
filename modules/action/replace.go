package action

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// The modes of what is made.
const (
	fileMode fs.FileMode = 0o600
	dirMode  fs.FileMode = 0o750
)

// replaceFile writes a file that only its owner can read, and makes the directories it
// stands in; see writeAtomic.
func replaceFile(path string, from io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), dirMode); err != nil {
		return fmt.Errorf("make directory: %w", err)
	}
	return writeAtomic(path, from, fileMode, os.Rename)
}

// writeAtomic writes a file. Nobody sees it half written: place gives it its name, as
// os.Rename does, once it is complete, and a file that was there stays as it was if that fails.
func writeAtomic(path string, from io.Reader, mode fs.FileMode, place func(from, to string) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), ".dagu-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	_, err = io.Copy(file, from)
	if err == nil {
		err = errors.Join(file.Chmod(mode), file.Sync())
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return place(file.Name(), path)
}

// placeNew renames a file, but not over another one: of several who write it, one does.
// Where the file system has no hard links, what came since it was last looked for is replaced.
func placeNew(from, to string) error {
	switch err := os.Link(from, to); {
	case err == nil:
		return os.Remove(from)
	case errors.Is(err, fs.ErrExist):
		return fs.ErrExist
	default:
		return os.Rename(from, to)
	}
}
