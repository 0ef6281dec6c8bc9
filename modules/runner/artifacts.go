package runner

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dagu/modules/dag"
	"dagu/modules/runner/guard"
)

// openArtifacts makes the directory of the run's artifacts where they are on. Its root
// may name what a run has before the variables of the workflow, since these may name it.
func (x *run) openArtifacts(ctx context.Context) error {
	if x.dag.Artifacts == nil {
		return nil
	}
	root := ""
	if x.dag.Artifacts.Dir != "" {
		cwd, err := os.Getwd()
		if err != nil {
			return fmt.Errorf("find the artifact directory: %w", err)
		}
		root = x.root.path(x.dag.Artifacts.Dir, cwd)
	}
	err := x.awaitRoom(ctx, func() error {
		dir, err := guard.Do(ctx, x.runner.guard, func(touch *guard.Touch) (string, error) {
			if err := touch.At("log directory " + x.files.Dir()); err != nil {
				return "", err
			}
			dir := x.files.Artifacts(root)
			if err := touch.At("artifact directory " + dir); err != nil {
				return "", err
			}
			return dir, orNoRoom(x.files.MakeArtifacts(dir))
		}, nil)
		x.artifacts = dir
		return err
	})
	if err != nil {
		return err
	}
	x.root.values.Context["paths.artifacts_dir"] = x.artifacts
	return nil
}

// second resolves where a stream goes besides its log.
func (e *execution) second(stream dag.Stream, base string) (second, error) {
	switch {
	case stream.Path != "":
		return second{path: e.scope.streamPath(stream.Path, base)}, nil
	case stream.Artifact != "":
		rel := e.scope.values.ExpandPath(stream.Artifact)
		if why := dag.BadArtifact(rel); why != "" {
			return second{}, fmt.Errorf("artifact %q %s", rel, why)
		}
		return second{path: filepath.Join(e.run.artifacts, rel), below: e.run.artifacts}, nil
	default:
		return second{}, nil
	}
}

// open opens the file. Below a directory the missing ones on the way are made.
func (s second) open(flag int, perm fs.FileMode) (*os.File, error) {
	if s.below == "" {
		return os.OpenFile(s.path, flag, perm)
	}
	rel, err := filepath.Rel(s.below, s.path)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(s.below)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }()
	if err = noLinks(root, rel); err != nil {
		return nil, err
	}
	if err = root.MkdirAll(filepath.Dir(rel), stepPerm); err != nil {
		return nil, err
	}
	return root.OpenFile(rel, flag, perm)
}

// noLinks tells that a path in a root has a link, which could lead to another artifact.
func noLinks(root *os.Root, rel string) error {
	parts := strings.Split(rel, "/")
	for i := range parts {
		path := filepath.Join(parts[:i+1]...)
		info, err := root.Lstat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case info.Mode()&fs.ModeSymlink != 0:
			return fmt.Errorf("artifact %s: %s is a link", rel, path)
		}
	}
	return nil
}

// distinct tells that both streams go to one file, by whatever names.
func (d *launched) distinct() error {
	if d.out == nil || d.err == nil {
		return nil
	}
	out, err := d.out.Stat()
	if err != nil {
		return fmt.Errorf("open stdout file: %w", err)
	}
	other, err := d.err.Stat()
	if err != nil {
		return fmt.Errorf("open stderr file: %w", err)
	}
	if out.Mode().IsRegular() && os.SameFile(out, other) {
		return errors.New("stdout and stderr are the same file")
	}
	return nil
}
