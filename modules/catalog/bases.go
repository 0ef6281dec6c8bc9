package catalog

import (
	"bytes"
	"path/filepath"
	"sync"

	"dagu/modules/dag"
)

// Bases are the places of base files, for one-shot commands.
type Bases struct {
	// File is the path of the base file of all DAGs; "" is none.
	File string
	// DAGsDir is the directory of DAGs, below which workspaces have their own; "" is none.
	DAGsDir string
}

// workspaceFile is the path of the base file of a workspace.
func workspaceFile(dagsDir, name string) string {
	return filepath.Join(dagsDir, "workspaces", name, "base.yaml")
}

// read adds the base files to a source.
func (b Bases) read(src *dag.Source) error {
	var err error
	if src.Base, err = readBase(b.File); err != nil {
		return err
	}
	if src.Base != nil {
		src.BaseFile = b.File
	}
	if b.DAGsDir == "" {
		return nil
	}
	var base *dag.Base
	if bytes.Contains(bytes.ToLower(src.Base), []byte("workspace")) { // the label may be the base file's
		base = dag.ParseBase(src.BaseFile, src.Base, dag.Options{})
	}
	name := dag.WorkspaceOf(src.Text, base)
	if name == "" {
		return nil
	}
	file := workspaceFile(b.DAGsDir, name)
	if src.Workspace, err = readBase(file); src.Workspace != nil {
		src.WorkspaceFile = file
	}
	return err
}

// workspaces are the base files of workspaces as last read, by workspace. Those that
// are missing are kept too: they may appear. Its methods may be called at once.
type workspaces struct {
	mu  sync.Mutex
	all map[string]*workspace
}

// workspace is the base file of one.
type workspace struct {
	file string
	// text is nil where there is no file.
	text []byte
	// err is why it could not be read, or that parsing it panicked.
	err error
	// parsed is it over the base file.
	parsed *dag.Base
}

// workspace returns the base file of a workspace, which is read once until the state
// finds that a base file has changed.
func (s *state) workspace(name string) *workspace {
	all := s.base.workspaces
	all.mu.Lock()
	defer all.mu.Unlock()
	if w := all.all[name]; w != nil {
		return w
	}
	w := &workspace{file: workspaceFile(s.Dir, name)}
	s.at.file(w.file)
	w.text, w.err = readBase(w.file)
	if w.err == nil && w.text != nil {
		w.err = guard(s.log, w.file, func() error {
			w.parsed = s.base.parsed.Workspace(w.file, w.text)
			return nil
		})
	}
	all.all[name] = w
	return w
}

// workspaceChanged tells whether the base file of a workspace that is in use is another now.
func (s *state) workspaceChanged() bool {
	all := s.base.workspaces
	if all == nil {
		return false
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, w := range all.all {
		s.at.file(w.file)
		text, err := readBase(w.file)
		if (text == nil) != (w.text == nil) || !bytes.Equal(text, w.text) || (err != nil || w.parsed == nil) && errText(err) != errText(w.err) {
			return true
		}
	}
	return false
}
