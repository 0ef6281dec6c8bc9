package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"dagu/modules/runner/guard"
)

// defaultPath is searched where a step's environment has no PATH.
const defaultPath = "/usr/local/bin:/usr/bin:/bin"

// launch is all that must be found, made or opened in the file system before a
// step's processes can be started. It holds values only: the goroutine that works
// on it may be given up.
type launch struct {
	dirs     []directory
	programs []string // as named; looked up in path unless they have a slash
	path     string
	outLog   string
	errLog   string
	out, err second
	emitted  string // the file that the step may write its outputs to; "" is none
	script   string // the file for the text; "" is none
	text     string
}

// second is the file that a stream goes to besides its log.
type second struct {
	path string // absolute; "" is none
	// below is a directory that path lies in, and leads out of neither by a link.
	below string
}

// launched is what came of it.
type launched struct {
	programs       []string // absolute
	outLog, errLog *os.File
	out, err       *os.File
	outSize        int64 // what earlier tries left in the log
}

// prepare does the work under the guard.
func (r *Runner) prepare(ctx context.Context, l launch) (*launched, error) {
	return guard.Do(ctx, r.guard, l.do, func(late *launched) {
		late.close()
		l.remove()
	})
}

func (l launch) do(touch *guard.Touch) (*launched, error) {
	done := &launched{}
	err := l.fill(touch, done)
	if err != nil {
		done.close()
		l.remove()
		return nil, err
	}
	return done, nil
}

func (l launch) fill(touch *guard.Touch, done *launched) error {
	for _, dir := range l.dirs {
		if err := makeDir(touch, dir); err != nil {
			return err
		}
	}
	for _, name := range l.programs {
		program, err := l.find(touch, name)
		if err != nil {
			return err
		}
		done.programs = append(done.programs, program)
	}
	for _, f := range []struct {
		to   **os.File
		what string
		at   second
		flag int
		perm fs.FileMode
		ours bool // no choice of the step's
	}{
		{&done.outLog, "log file", second{path: l.outLog}, os.O_CREATE, 0o640, true},
		{&done.errLog, "log file", second{path: l.errLog}, os.O_CREATE, 0o640, true},
		{&done.out, "stdout file", l.out, os.O_CREATE | syscall.O_NONBLOCK, 0o600, false},
		{&done.err, "stderr file", l.err, os.O_CREATE | syscall.O_NONBLOCK, 0o600, false},
	} {
		if f.at.path == "" {
			continue
		}
		if err := touch.At(f.what + " " + f.at.path); err != nil {
			return err
		}
		file, err := f.at.open(os.O_WRONLY|os.O_APPEND|f.flag, f.perm)
		if err != nil {
			err = fmt.Errorf("open %s: %w", f.what, err)
			if f.ours {
				err = orNoRoom(err)
			}
			return err
		}
		*f.to = file
	}
	if err := done.distinct(); err != nil {
		return err
	}
	if done.outLog != nil {
		info, err := done.outLog.Stat()
		if err != nil {
			return fmt.Errorf("open log file: %w", err)
		}
		done.outSize = info.Size()
	}
	return l.temporary(touch)
}

// temporary makes the files that only live as long as the step.
func (l launch) temporary(touch *guard.Touch) error {
	for _, f := range [...]struct{ path, text string }{{l.emitted, ""}, {l.script, l.text}} {
		if f.path == "" {
			continue
		}
		if err := touch.At("temporary file " + f.path); err != nil {
			return err
		}
		if err := os.WriteFile(f.path, []byte(f.text), 0o600); err != nil {
			return orNoRoom(fmt.Errorf("write temporary file: %w", err))
		}
	}
	return nil
}

func (l launch) remove() {
	for _, path := range [...]string{l.emitted, l.script} {
		if path != "" {
			_ = os.Remove(path) // it may never have been made
		}
	}
}

func (d *launched) close() {
	for _, file := range [...]*os.File{d.outLog, d.errLog, d.out, d.err} {
		if file != nil {
			_ = file.Close() // nothing of ours was written
		}
	}
}

// makeDir sees to it that a directory is there and answers.
func makeDir(touch *guard.Touch, dir directory) error {
	if err := touch.At("working directory " + dir.path); err != nil {
		return err
	}
	info, err := os.Stat(dir.path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(dir.path, dir.perm); err != nil {
			return fmt.Errorf("create working directory: %w", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("open working directory: %w", err)
	}
	if !info.IsDir() {
		return fmt.Errorf("working directory %s is not a directory", dir.path)
	}
	return nil
}

// find returns the absolute path of a program. Only what the PATH names is
// searched, never the working directory.
func (l launch) find(touch *guard.Touch, name string) (string, error) {
	if strings.Contains(name, "/") {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(l.dirs[len(l.dirs)-1].path, path)
		}
		if err := executable(touch, path); err != nil {
			return "", fmt.Errorf("program %s: %w", name, err)
		}
		return path, nil
	}
	var first error
	for dir := range strings.SplitSeq(l.path, ":") {
		if !filepath.IsAbs(dir) {
			continue
		}
		path := filepath.Join(dir, name)
		err := executable(touch, path)
		if err == nil {
			return path, nil
		}
		if first == nil && !errors.Is(err, fs.ErrNotExist) {
			first = fmt.Errorf("program %s: %w", path, err)
		}
	}
	if first != nil {
		return "", first
	}
	return "", fmt.Errorf("program %q was not found in PATH %q", name, l.path)
}

// executable tells why a program cannot be started. It reads the beginning, since
// a file system may answer for its names and hang on the contents.
func executable(touch *guard.Touch, path string) error {
	if err := touch.At("program " + path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return fs.ErrNotExist
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return errors.New("is not a file that can be executed")
	}
	if err = unix.Access(path, unix.X_OK); err != nil {
		return fmt.Errorf("cannot be executed: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err == nil { // a program may be executed that may not be read
		var head [2]byte
		_, _ = file.Read(head[:])
		_ = file.Close()
	}
	return nil
}
