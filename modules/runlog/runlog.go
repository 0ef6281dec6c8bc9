package runlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	// dirMode keeps logs from other users: they hold what steps print.
	dirMode = 0o750

	defaultTimeout = 10 * time.Second
	logFile        = "dag-run.log"
	stamp          = "20060102_150405Z"
)

// Options configure a Log.
type Options struct {
	// LogDir and WorkDir are the absolute roots of logs and of work directories.
	LogDir, WorkDir string
	// Timeout bounds each call of the file system, which may hang; 0 is 10 s.
	Timeout time.Duration
}

// Log knows where the files of runs are. Its methods may be called at once.
type Log struct {
	options Options
}

// New returns a Log. It makes no directory. The error names the option that is wrong.
func New(options Options) (*Log, error) {
	if !filepath.IsAbs(options.LogDir) {
		return nil, fmt.Errorf("runlog: LogDir %q is not absolute", options.LogDir)
	}
	if !filepath.IsAbs(options.WorkDir) {
		return nil, fmt.Errorf("runlog: WorkDir %q is not absolute", options.WorkDir)
	}
	if options.Timeout < 0 {
		return nil, fmt.Errorf("runlog: Timeout is %v, want at least 0", options.Timeout)
	}
	if options.Timeout == 0 {
		options.Timeout = defaultTimeout
	}
	return &Log{options: options}, nil
}

// Attempt is one attempt at a run.
type Attempt struct {
	DAG, RunID string
	// Number counts from 1.
	Number int
	// Started is when the first attempt started; it is part of the name of the log directory.
	Started time.Time
	// LogDir is the log directory as an earlier attempt recorded it; "" when there was none.
	LogDir string
}

// Run is the files of one attempt at a run. Its methods may be called at once.
type Run struct {
	dir, work, steps string
}

// Open makes the directories of an attempt, unless they exist.
func (l *Log) Open(a Attempt) (*Run, error) {
	name := "dag-run_" + a.Started.UTC().Format(stamp) + "_" + fileName(a.RunID)
	r := &Run{
		dir:  filepath.Join(l.options.LogDir, fileName(a.DAG), name),
		work: filepath.Join(l.options.WorkDir, fileName(a.DAG), fileName(a.RunID)),
	}
	if a.LogDir != "" && inside(l.options.LogDir, a.LogDir) {
		r.dir = a.LogDir
	}
	r.steps = r.dir
	if a.Number > 1 {
		r.steps = filepath.Join(r.dir, fmt.Sprintf("attempt-%d", a.Number))
	}
	err := l.bounded("make the directories of run", a.RunID, func() error {
		return errors.Join(makeDir(r.steps), makeDir(r.work))
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

// Dir is the log directory.
func (r *Run) Dir() string { return r.dir }

// WorkDir is the directory in which steps run that name none.
func (r *Run) WorkDir() string { return r.work }

// LogFile is the path of the account of the run.
func (r *Run) LogFile() string { return filepath.Join(r.dir, logFile) }

// Step is the paths of a step's streams, which all its tries append to.
func (r *Run) Step(name string) (out, err string) {
	base := filepath.Join(r.steps, fileName(name))
	return base + ".out", base + ".err"
}

// makeDir makes a directory; the parent of most is there already.
func makeDir(dir string) error {
	err := os.Mkdir(dir, dirMode)
	switch {
	case err == nil, errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return os.MkdirAll(dir, dirMode)
	default:
		return err
	}
}

// bounded calls the file system, and gives up on it when it does not answer in
// time. The call that hangs is left behind: nothing can end it.
func (l *Log) bounded(act, path string, call func() error) error {
	done := make(chan error, 1)
	go func() { done <- call() }()
	ctx, cancel := context.WithTimeout(context.Background(), l.options.Timeout)
	defer cancel()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("%s %s: %w", act, path, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s %s: no answer within %v", act, path, l.options.Timeout)
	}
}

// Tail reads at most the last n bytes of a regular file, from the start of a
// line where one begins within them.
func Tail(path string, n int64) ([]byte, error) {
	file, err := os.Open(path)
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
