package catalog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"go.uber.org/zap"

	"dagu/modules/fault"
)

// job is what a comparison looks at.
type job struct {
	// full asks for the whole directory, otherwise names are looked at.
	full  bool
	names map[string]struct{}
	// rewatch tells that a watch was lost.
	rewatch bool
}

// result is how a comparison ended.
type result struct {
	full bool
	// dir is why the directory cannot be used, store why the store could not,
	// watch why changes are found by the full comparison only.
	dir, store, watch error
	// home is the directory that last held files; zero when it was not looked at.
	home identity
}

// reconcile makes what is published agree with the directory. Nothing is
// published when the store fails: the next comparison repeats it. Nor is it once
// ctx has ended: nobody may rely on the catalog then.
func (s *state) reconcile(ctx context.Context, j job) result {
	fault.At("catalog.reconcile")
	s.round++
	res := result{watch: s.watch.err}
	if res.store = s.recall(ctx); res.store != nil {
		return res
	}
	todo, err := s.survey(&j)
	res.full, res.dir, res.watch, res.home = j.full, err, s.watch.err, s.home
	if res.dir != nil {
		return res
	}
	if res.store = s.load(ctx, todo); res.store != nil {
		return res
	}
	res.store = s.settle(ctx)
	return res
}

// survey looks at names and fingerprints, and returns the files whose content
// must be looked at.
func (s *state) survey(j *job) ([]pending, error) {
	s.at.file(s.Dir)
	dir, err := s.openDir()
	if err != nil {
		return nil, err
	}
	defer dir.close()
	if dir.id != s.home {
		j.full = true
	}
	if j.full {
		// Watched before it is listed, so that no change falls between.
		s.watch.keep(dir.id, j.rewatch)
	}
	if s.loadBase() {
		j.full = true
	}
	if !j.full {
		return s.lookAt(dir, j.names), nil
	}
	return s.lookAll(dir)
}

// openDir opens the directory; one that was never there is made.
func (s *state) openDir() (*folder, error) {
	dir, err := s.open(s.Dir)
	if errors.Is(err, fs.ErrNotExist) && s.home == (identity{}) {
		if err = os.MkdirAll(s.Dir, 0o755); err == nil {
			dir, err = s.open(s.Dir)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the DAG directory: %w", err)
	}
	return dir, nil
}

// lookAt looks at some names.
func (s *state) lookAt(dir *folder, names map[string]struct{}) []pending {
	var todo []pending
	for name := range names {
		if p, ok := s.look(dir, name); ok {
			todo = append(todo, p)
		}
	}
	return todo
}

// lookAll looks at all files, and forgets those that are gone.
func (s *state) lookAll(dir *folder) ([]pending, error) {
	var todo []pending
	found := 0
	err := dir.list(func(name string) bool {
		if s.isBase(name) {
			return true
		}
		found++
		if p, ok := s.look(dir, name); ok {
			todo = append(todo, p)
		}
		return true
	})
	if err != nil {
		return nil, fmt.Errorf("list the DAG directory: %w", err)
	}
	if found == 0 && dir.id != s.home && len(s.files) > 0 {
		return nil, fmt.Errorf("%s is empty, and not the directory that held the %d known files: is a volume not mounted? "+
			"What was scheduled stays so until a file appears", s.Dir, len(s.files))
	}
	if found == 0 && len(s.rows) > 0 && s.out.current.Load().gen == 0 {
		s.log.Warn("the DAG directory is empty, and held DAGs when the scheduler last ran",
			zap.String("dir", s.Dir), zap.Int("files", len(s.rows)))
	}
	if found > 0 {
		s.home = dir.id
		// An empty directory may be a volume that is not mounted yet: what
		// the store knows is kept then.
		for name, row := range s.rows {
			s.drop[row.Path] = struct{}{}
			delete(s.rows, name)
		}
	}
	for _, f := range s.files {
		if f.round != s.round {
			s.forget(f)
		}
	}
	return todo, nil
}

// look takes the fingerprint of a name, and tells whether its content must be looked at.
func (s *state) look(dir *folder, name string) (pending, bool) {
	s.at.step()
	print, err := dir.stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		if f := s.files[name]; f != nil {
			s.forget(f)
		}
		return pending{}, false
	}
	f := s.file(name)
	f.round = s.round
	if err == nil && f.firm && f.print == print && f.base == s.base.n {
		return pending{}, false
	}
	return pending{file: f, print: print, err: err}, true
}

// forget drops a file that is gone.
func (s *state) forget(f *file) {
	delete(s.files, f.name)
	s.unsettled.Store(true)
	if f.saved.Hash != "" {
		s.drop[f.path] = struct{}{}
	}
}

// isBase tells whether a name in the directory is the base file.
func (s *state) isBase(name string) bool {
	return s.BaseFile != "" && filepath.Base(s.BaseFile) == name && filepath.Dir(s.BaseFile) == s.Dir
}
