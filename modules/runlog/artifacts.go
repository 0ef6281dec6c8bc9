package runlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// artifactLink is the name of the link in a log directory that leads to the run's
// artifacts. The way to them is kept there, and not in the store: a workflow may have
// moved its artifacts when its runs are removed.
const artifactLink = "artifacts"

// Artifacts is the directory of the run's artifacts below a root, or where an earlier
// attempt has them. "" is the root that the Log has.
func (r *Run) Artifacts(root string) string {
	if dir, err := artifactsOf(r.dir, r.dag); err == nil && dir != "" {
		return dir
	}
	if root == "" {
		root = r.artifacts
	}
	return filepath.Join(root, r.dag, filepath.Base(r.dir))
}

// MakeArtifacts makes the directory that Artifacts has returned, unless it exists, and
// the link to it in the log directory. It may hang where a file system does.
func (r *Run) MakeArtifacts(dir string) error {
	if err := makeDir(dir); err != nil {
		return fmt.Errorf("make artifact directory: %w", err)
	}
	link := filepath.Join(r.dir, artifactLink)
	if found, err := os.Readlink(link); err == nil && found == dir {
		return nil
	}
	if err := os.Remove(link); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace link to artifacts: %w", err)
	}
	if err := os.Symlink(dir, link); err != nil {
		return fmt.Errorf("link artifacts: %w", err)
	}
	return nil
}

// artifactsOf returns the directory that the link in a log directory leads to; "" when
// there is none, or one that is not of this run: a step can put any link there.
func artifactsOf(logDir, dag string) (string, error) {
	dir, err := os.Readlink(filepath.Join(logDir, artifactLink))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTDIR) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("find artifacts: %w", err)
	}
	own := filepath.IsAbs(dir) && filepath.Clean(dir) == dir &&
		filepath.Base(dir) == filepath.Base(logDir) && filepath.Base(filepath.Dir(dir)) == dag
	if !own {
		return "", nil
	}
	return dir, nil
}

// removeArtifacts removes the artifacts of a run, if it has any.
func (l *Log) removeArtifacts(ctx context.Context, run Expired) error {
	if run.LogDir == "" {
		return nil
	}
	dag := fileName(run.DAG)
	return l.artifacts.remove.call(ctx, func() error {
		dir, err := artifactsOf(run.LogDir, dag)
		if err != nil || dir == "" {
			return err
		}
		root := filepath.Dir(filepath.Dir(dir))
		if err = l.artifacts.removeTree(root, filepath.Join(dag, filepath.Base(dir))); err != nil {
			return fmt.Errorf("remove %s: %w", dir, err)
		}
		return nil
	})
}
