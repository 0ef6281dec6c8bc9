package runner

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
)

// scriptEnding is the end of a script's name, by which hideScripts knows it.
const scriptEnding = ".script"

// temps are the temporary files of a run. Their names begin with the run's id,
// so that those of a process that was killed are found.
type temps struct {
	dir, prefix string

	mu    sync.Mutex
	count int
	names map[string]struct{}
}

// reserve returns a path with an ending that nobody else uses; the file is made
// by the caller.
func (t *temps) reserve(ending string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.names == nil {
		t.names = make(map[string]struct{})
	}
	t.count++
	path := filepath.Join(t.dir, t.prefix+strconv.Itoa(t.count)+ending)
	t.names[path] = struct{}{}
	return path
}

// hideScripts returns a text in which scripts have no names. Shells begin what
// they say with the name of the script, which is nobody's business and gone by then.
func (t *temps) hideScripts(text string) string {
	name := regexp.QuoteMeta(t.prefix) + "[0-9]+" + regexp.QuoteMeta(scriptEnding)
	dir := regexp.QuoteMeta(t.dir + string(filepath.Separator))
	return regexp.MustCompile("(?:"+dir+")?"+name).ReplaceAllLiteralString(text, "script")
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
