package runlog

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

const (
	// dirMode keeps logs from other users: they hold what steps print.
	dirMode = 0o750

	defaultTimeout = 10 * time.Second
	logFile        = "dag-run.log"
	prefix         = "dag-run_"
	stamp          = "20060102_150405Z"
)

// Options configure a Log.
type Options struct {
	// LogDir and WorkDir are the absolute roots of logs and of work directories.
	LogDir, WorkDir string
	// ArtifactDir is the absolute root of artifacts; "" is the directory artifacts beside WorkDir.
	ArtifactDir string
	// Timeout bounds each call of the file system, which may hang; 0 is 10 s. To
	// remove the directory of a run may take six times as long.
	Timeout time.Duration
}

// Log knows where the files of runs are. Its methods may be called at once.
type Log struct {
	options    Options
	logs, work root
	// artifacts is the way to all roots of artifacts: a workflow may name its own.
	artifacts root
	// elsewhere is the way to all other roots of logs: a workflow may name its own.
	elsewhere root
}

// New returns a Log. It makes no directory. The error names the option that is wrong.
func New(options Options) (*Log, error) {
	if !filepath.IsAbs(options.LogDir) {
		return nil, fmt.Errorf("runlog: LogDir %q is not absolute", options.LogDir)
	}
	if !filepath.IsAbs(options.WorkDir) {
		return nil, fmt.Errorf("runlog: WorkDir %q is not absolute", options.WorkDir)
	}
	if options.ArtifactDir == "" {
		options.ArtifactDir = filepath.Join(filepath.Dir(options.WorkDir), "artifacts")
	}
	if !filepath.IsAbs(options.ArtifactDir) {
		return nil, fmt.Errorf("runlog: ArtifactDir %q is not absolute", options.ArtifactDir)
	}
	if options.Timeout < 0 {
		return nil, fmt.Errorf("runlog: Timeout is %v, want at least 0", options.Timeout)
	}
	if options.Timeout == 0 {
		options.Timeout = defaultTimeout
	}
	l := &Log{options: options}
	l.logs, l.work, l.artifacts = l.newRoot(options.LogDir), l.newRoot(options.WorkDir), l.newRoot(options.ArtifactDir)
	l.elsewhere = l.newRoot("")
	return l, nil
}

// Attempt is one attempt at a run.
type Attempt struct {
	DAG, RunID string
	// Number counts from 1.
	Number int
	// Named is part of the name of the log directory: a time that is the same
	// whenever the run is begun.
	Named time.Time
	// Root is the absolute root of the log directory; "" is that of the Log.
	Root string
	// LogDir is the log directory as an earlier attempt recorded it; "" when there was none.
	LogDir string
}

// Run is the files of one attempt at a run. Its methods may be called at once.
type Run struct {
	dir, work, steps string
	// dag is the name of the workflow in paths, and artifacts the root of artifacts.
	dag, artifacts string
}

// Open makes the directories of an attempt, unless they exist. Where a root does
// not answer in time this is an error, at once until the root answers again.
func (l *Log) Open(a Attempt) (*Run, error) {
	name := prefix + a.Named.UTC().Format(stamp) + "_" + fileName(a.RunID)
	r := &Run{
		dir:  filepath.Join(cmp.Or(a.Root, l.options.LogDir), fileName(a.DAG), name),
		work: filepath.Join(l.options.WorkDir, fileName(a.DAG), fileName(a.RunID)),
		dag:  fileName(a.DAG), artifacts: l.options.ArtifactDir,
	}
	if inside(l.options.LogDir, a.LogDir) || ofRun(a.LogDir, a.DAG, a.RunID) {
		r.dir = a.LogDir
	}
	logs := l.logs
	if !inside(l.options.LogDir, r.dir) {
		logs = l.elsewhere
	}
	r.steps = r.dir
	if a.Number > 1 {
		r.steps = filepath.Join(r.dir, fmt.Sprintf("attempt-%d", a.Number))
	}
	if err := errors.Join(logs.makeDir(r.steps), l.work.makeDir(r.work)); err != nil {
		return nil, fmt.Errorf("make the directories of run %s: %w", a.RunID, err)
	}
	return r, nil
}

// Ready tells why no run could have its directories now: a root has not answered an
// earlier call, and still does not. It touches no file.
func (l *Log) Ready() error {
	for _, r := range []root{l.logs, l.work} {
		if r.make.silent() {
			return fmt.Errorf("%s: %w since an earlier call", r.dir, errSilent)
		}
	}
	return nil
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

// Merged is the path of both streams of a step in one file.
func (r *Run) Merged(name string) string {
	file := fileName(name) + ".log"
	if file == logFile {
		file = "~" + file // no step has this name in a path
	}
	return filepath.Join(r.steps, file)
}
