package action

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"syscall"
	"unicode/utf8"
)

// fileStat tells of a file.
func fileStat() *Definition {
	return &Definition{
		Name:    "file.stat",
		Summary: "Tell whether a file exists, and what it is.",
		Fields: []Field{
			pathField(), missingField(),
			flagField("follow_symlinks", "Tell of what a symbolic link points to; false by default."),
		},
		Run: func(_ context.Context, c *Call) error {
			path := c.Path(c.With.Text("path"))
			info, err := look(path, c.With.Bool("follow_symlinks"))
			report := fileReport{Operation: "stat", Path: path, Exists: new(err == nil)}
			switch {
			case isMissing(err) && c.With.Bool("missing_ok"):
			case err != nil:
				return err
			default:
				report.describe(info)
			}
			return report.print(c)
		},
	}
}

// fileRead prints a file.
func fileRead() *Definition {
	return &Definition{
		Name:    "file.read",
		Summary: "Print the content of a file.",
		Fields: []Field{
			pathField(),
			{Name: "format", Kind: KindText, OneOf: []string{"raw", "json"}, Doc: "raw, the default, prints the bytes; json prints an object with content."},
			{Name: "max_bytes", Kind: KindInteger, Check: overNothing, Doc: "The largest file that is read, in bytes; 64 MiB by default."},
		},
		Run: func(_ context.Context, c *Call) error {
			path := c.Path(c.With.Text("path"))
			text, err := readBounded(path, c.With.Int("max_bytes", maxInput))
			if err != nil {
				return fmt.Errorf("read %s: %w", path, err)
			}
			if c.With.Text("format") != "json" {
				return writeOut(c.Stdout, text)
			}
			if !utf8.Valid(text) {
				return fmt.Errorf("read %s: it is not UTF-8 text, which JSON needs", path)
			}
			return fileReport{Operation: "read", Path: path, Size: int64(len(text)), Bytes: int64(len(text)), Content: string(text)}.print(c)
		},
	}
}

func overNothing(v any) error {
	if i, ok := integer(v); !ok || i <= 0 {
		return errors.New("must be an integer over 0")
	}
	return nil
}

// readBounded reads a regular file of at most so many bytes. It does not wait for the
// other end of a pipe.
func readBounded(path string, most int64) ([]byte, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, pathless(err)
	}
	defer func() { _ = file.Close() }() // it was only read
	info, err := file.Stat()
	switch {
	case err != nil:
		return nil, pathless(err)
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	}
	most = min(most, math.MaxInt64-1)
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err != nil {
		return nil, pathless(err)
	}
	if int64(len(text)) > most {
		return nil, fmt.Errorf("it exceeded maximum size limit of %d bytes", most)
	}
	return text, nil
}
