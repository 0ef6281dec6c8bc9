package runlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// root is a directory below which runs have their own.
type root struct {
	dir string
	// make and remove are two doors: to remove a large directory takes long, and
	// nobody may mistake that for a file system on which no run can begin.
	make, remove *door
	// removeTree is removeBelow, unless a test has another one.
	removeTree func(root, rel string) error
}

func (l *Log) newRoot(dir string) root {
	return root{
		dir:        dir,
		make:       newDoor(l.options.Timeout),
		remove:     newDoor(removeFactor * l.options.Timeout),
		removeTree: removeBelow,
	}
}

// removeFactor is how much longer than another call a removal may take.
const removeFactor = 6

// makeDir makes a directory below the root, unless it exists.
func (r root) makeDir(dir string) error {
	err := r.make.call(context.Background(), func() error { return makeDir(dir) })
	if err != nil {
		return fmt.Errorf("make directory %s: %w", dir, err)
	}
	return nil
}

// makeDir makes a directory; the parent of most is there already.
func makeDir(dir string) error {
	err := os.Mkdir(dir, dirMode)
	switch {
	case err == nil, errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return makeParents(dir)
	default:
		return err
	}
}

// makeParents makes a directory with its parents. The one of the DAG is removed
// with its last run, which may take place at any point of this: between the making
// of the two, and between MkdirAll's finding that the parent exists and its look
// whether that is a directory (then the error is that it exists).
func makeParents(dir string) error {
	const tries = 1000 // each needs a removal by somebody else at the wrong moment
	var err error
	for range tries {
		err = os.MkdirAll(dir, dirMode)
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return err
}

// Remove removes the files of a run, and the directories of its DAG when nothing
// is left in them. Directories that are gone already are fine. One that does not lie
// in the roots is left alone, unless it has the name of the log directory of the run:
// it is not ours.
func (l *Log) Remove(run Expired) error {
	return l.removeRun(context.Background(), run)
}

// removeRun is Remove until ctx ends.
func (l *Log) removeRun(ctx context.Context, run Expired) error {
	if err := l.removeArtifacts(ctx, run); err != nil {
		return err // the way to them must stay
	}
	logs := l.logs
	if !inside(logs.dir, run.LogDir) && ofRun(run.LogDir, run.DAG, run.ID) {
		logs = l.elsewhere
		logs.dir = filepath.Dir(filepath.Dir(run.LogDir))
	}
	return errors.Join(logs.removeDir(ctx, run.LogDir), l.work.removeDir(ctx, run.WorkDir))
}

func (r root) removeDir(ctx context.Context, dir string) error {
	if dir == "" || !inside(r.dir, dir) {
		return nil
	}
	rel, err := filepath.Rel(r.dir, dir)
	if err == nil {
		err = r.remove.call(ctx, func() error { return r.removeTree(r.dir, rel) })
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", dir, err)
	}
	return nil
}

// removeBelow removes a tree of a root that cannot be left, whatever links a step
// has put there, and the directory that it stood in when that is empty then.
func removeBelow(dir, rel string) error {
	r, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close() //nolint:errcheck // nothing was written to it
	err = r.RemoveAll(rel)
	if err == nil {
		removeEmpty(r, filepath.Dir(rel))
	}
	return err
}

// removeEmpty removes a directory of a root in which nothing is left, and no link
// in its place.
func removeEmpty(r *os.Root, rel string) {
	if info, err := r.Lstat(rel); rel != "." && err == nil && info.IsDir() {
		_ = r.Remove(rel) // other runs may be in it
	}
}
