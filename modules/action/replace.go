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
	return writeAtomic(path, from, fileMode)
}

// writeAtomic writes a file. Nobody sees it half written: it is renamed once it is
// complete, and a file that was there stays as it was if that fails.
func writeAtomic(path string, from io.Reader, mode fs.FileMode) (err error) {
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
	return os.Rename(file.Name(), path)
}
