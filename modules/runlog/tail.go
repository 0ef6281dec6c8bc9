package runlog

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"syscall"
)

// Tail reads at most the last n bytes of a regular file, from the start of a
// line where one begins within them. It does not wait for the writer of a FIFO:
// what is no regular file is an error.
func Tail(path string, n int64) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("read the end of a log: %w", err)
	}
	defer file.Close() //nolint:errcheck // nothing was written to it
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read the end of a log: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read the end of a log: %s is not a regular file", path)
	}
	from := max(info.Size()-n, 0)
	text, err := io.ReadAll(io.NewSectionReader(file, from, n))
	if err != nil {
		return nil, fmt.Errorf("read the end of a log: %w", err)
	}
	if from > 0 {
		text = afterFirstLine(text)
	}
	return text, nil
}

// afterFirstLine drops a line whose beginning is missing, if another follows.
func afterFirstLine(text []byte) []byte {
	if i := bytes.IndexByte(text, '\n'); i >= 0 && i+1 < len(text) {
		return text[i+1:]
	}
	return text
}
