package runner

import (
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// temps are the temporary files of a run. Their names begin with the run's id,
// so that those of a process that was killed are found.
type temps struct {
	dir, prefix string

	mu    sync.Mutex
	count int
	names map[string]struct{}
}

// reserve returns a path that nobody else uses; the file is made by the caller.
func (t *temps) reserve() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.names == nil {
		t.names = make(map[string]struct{})
	}
	t.count++
	path := filepath.Join(t.dir, t.prefix+strconv.Itoa(t.count))
	t.names[path] = struct{}{}
	return path
}

// release removes a file, if it was made.
func (t *temps) release(path string) {
	if path == "" {
		return
	}
	_ = os.Remove(path) // it may never have been made
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.names, path)
}

// remove removes what was not released.
func (t *temps) remove() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for path := range t.names {
		_ = os.Remove(path) // it may never have been made
	}
	clear(t.names)
}
