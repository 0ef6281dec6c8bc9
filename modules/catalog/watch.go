package catalog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/fsnotify/fsnotify"
	"golang.org/x/sys/unix"
)

// watch has the directory, and the one that the base file stands in, watched.
// The loop reads the events; everything else is done by the comparison that
// runs, because each call looks a path up, and may hang with its file system.
type watch struct {
	open   func() (*fsnotify.Watcher, error)
	notify *fsnotify.Watcher
	dir    watched
	base   watched
	// err is why there is no watch; nil when all is well.
	err error
}

// watched is a directory with the identity it had when it was added.
type watched struct {
	path string
	id   identity
}

// newWatch returns a watch that is not started.
func newWatch(dir, baseFile string) watch {
	w := watch{open: fsnotify.NewWatcher, dir: watched{path: dir}}
	if base := filepath.Dir(baseFile); baseFile != "" && base != dir {
		w.base.path = base
	}
	return w
}

// start makes the watcher; without one there is only the full comparison.
func (w *watch) start() {
	var err error
	if w.notify, err = w.open(); err != nil {
		w.notify, w.err = nil, fmt.Errorf("make a file watcher: %w", err)
	}
}

// close ends the watcher, if there is one.
func (w *watch) close() {
	if w.notify != nil {
		_ = w.notify.Close() // nothing is left to lose
		w.notify = nil
	}
}

// keep adds what is not watched, or is another directory than the one that is.
// With lost everything is set up again.
func (w *watch) keep(dir identity, lost bool) {
	if lost {
		w.close()
		w.dir.id, w.base.id = identity{}, identity{}
	}
	if w.notify == nil {
		if w.start(); w.notify == nil {
			return
		}
	}
	list := w.notify.WatchList()
	w.err = w.add(&w.dir, dir, list)
	if w.base.path == "" {
		return
	}
	if id, err := identify(w.base.path); err == nil {
		w.err = errors.Join(w.err, w.add(&w.base, id, list))
	}
}

// add watches one directory, unless that is so already.
func (w *watch) add(d *watched, id identity, list []string) error {
	if d.id == id && slices.Contains(list, d.path) {
		return nil
	}
	_ = w.notify.Remove(d.path) // most often there is none
	d.id = identity{}
	if err := w.notify.Add(d.path); err != nil {
		return fmt.Errorf("watch %s: %w", d.path, err)
	}
	// A path that changed hands meanwhile is added again next time.
	if now, err := identify(d.path); err == nil && now == id {
		d.id = id
	}
	return nil
}

func identify(path string) (identity, error) {
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		return identity{}, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return identity{dev: statDev(&st), ino: st.Ino}, nil
}
