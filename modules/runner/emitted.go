package runner

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"unicode/utf8"
)

// checkEmitted judges the file that a succeeded step may have written records to:
// name=value, or name<<WORD with the value on the lines up to WORD. No step
// declares outputs, so that every record is one too many.
func checkEmitted(path string, limit int64) error {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil // the step has removed it
	}
	if err != nil {
		return fmt.Errorf("read DAGU_OUTPUT_FILE: %w", err)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	switch {
	case err != nil:
		return fmt.Errorf("read DAGU_OUTPUT_FILE: %w", err)
	case !info.Mode().IsRegular():
		return errors.New("DAGU_OUTPUT_FILE is not a file any more")
	case info.Size() == 0:
		return nil
	case info.Size() > limit:
		return fmt.Errorf("DAGU_OUTPUT_FILE exceeded maximum size limit of %d bytes", limit)
	}
	text, err := io.ReadAll(io.LimitReader(file, limit))
	if err != nil {
		return fmt.Errorf("read DAGU_OUTPUT_FILE: %w", err)
	}
	return undeclared(string(text))
}

// undeclared returns what is wrong with the first record of a text that is not empty.
func undeclared(text string) error {
	if !utf8.ValidString(text) {
		return errors.New("DAGU_OUTPUT_FILE is not UTF-8 text")
	}
	line, _, _ := strings.Cut(text, "\n")
	line = strings.TrimSuffix(line, "\r")
	end := strings.IndexByte(line, '=')
	if block := strings.Index(line, "<<"); block >= 0 && (end < 0 || block < end) {
		end = block
	}
	switch {
	case line == "":
		return errors.New("DAGU_OUTPUT_FILE has an empty line")
	case end < 0:
		return fmt.Errorf("DAGU_OUTPUT_FILE has a line that is no record: %q", firstBytes(line))
	case end == 0:
		return errors.New("DAGU_OUTPUT_FILE has a record without a name")
	}
	return fmt.Errorf("undeclared step output %q in DAGU_OUTPUT_FILE", firstBytes(line[:end]))
}

// firstBytes keeps a message short.
func firstBytes(text string) string {
	const most = 80
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
