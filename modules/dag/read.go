package dag

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// ErrNotRegular is what ReadFile says of anything that is not a regular file.
var ErrNotRegular = errors.New("not a regular file")

// ErrTooLarge is what ReadFile says of a file larger than MaxFileSize.
var ErrTooLarge = fmt.Errorf("larger than %d bytes", MaxFileSize)

// ReadFile reads a DAG or base file. It reads regular files of up to
// [MaxFileSize] bytes and refuses anything else with an error that names what
// it is: a FIFO, a device or a loop of links is never waited for. The errors
// of the file system, such as fs.ErrNotExist, are passed on.
func ReadFile(path string) ([]byte, error) {
	// Opening a device can have effects, so that it is looked at first; what
	// was opened is looked at again, since it may be another file by then.
	info, err := os.Stat(path)
	if err != nil {
		return nil, readError(path, err)
	}
	if err = readable(info); err != nil {
		return nil, readError(path, err)
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, readError(path, err)
	}
	text, err := readRegular(file)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, readError(path, err)
	}
	return text, nil
}

// readRegular reads a regular file to its end, which may be moving.
func readRegular(file *os.File) ([]byte, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	if err = readable(info); err != nil {
		return nil, err
	}
	text := make([]byte, 0, info.Size()+1)
	for {
		n, err := file.Read(text[len(text):cap(text)])
		text = text[:len(text)+n]
		switch {
		case len(text) > MaxFileSize:
			return nil, ErrTooLarge
		case errors.Is(err, io.EOF):
			return text, nil
		case err != nil:
			return nil, err
		case len(text) == cap(text):
			text = append(text, 0)[:len(text)]
		}
	}
}

func readError(path string, err error) error {
	var of *fs.PathError
	if errors.As(err, &of) {
		err = of.Err
	}
	return fmt.Errorf("read %s: %w", path, err)
}

// readable returns why a file is not read; nil when it is.
func readable(info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%w but %s", ErrNotRegular, kind(info.Mode()))
	}
	if info.Size() > MaxFileSize {
		return ErrTooLarge
	}
	return nil
}

// kind names what a file is.
func kind(mode fs.FileMode) string {
	switch {
	case mode.IsDir():
		return "a directory"
	case mode&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeCharDevice != 0:
		return "a character device"
	case mode&fs.ModeDevice != 0:
		return "a block device"
	}
	return "a special file"
}
