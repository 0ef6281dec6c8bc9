package catalog

import (
	"context"
	"errors"
	"strconv"

	"github.com/fsnotify/fsnotify"

	"dagu/modules/dag"
)

// Reconcile makes one full comparison of a catalog that is not started.
func (c *Catalog) Reconcile(ctx context.Context) error {
	res := c.state.reconcile(ctx, job{full: true})
	c.setStatus(func(st *Status) { st.Dir, st.Store, st.Watch = res.dir, res.store, res.watch })
	return errors.Join(res.dir, res.store)
}

// Look makes a comparison of some names of a catalog that is not started.
func (c *Catalog) Look(ctx context.Context, names ...string) error {
	j := job{names: make(map[string]struct{})}
	for _, name := range names {
		j.names[name] = struct{}{}
	}
	res := c.state.reconcile(ctx, j)
	return errors.Join(res.dir, res.store)
}

// OnRead has files read by read, before Start.
func (c *Catalog) OnRead(read func(path string) ([]byte, error)) { c.state.read = read }

// OnParse has files parsed by parse, before Start.
func (c *Catalog) OnParse(parse func(dag.Source, dag.Options) (*dag.DAG, error)) {
	c.state.parser = parse
}

// OnWatch has watchers made by open, before Start.
func (c *Catalog) OnWatch(open func() (*fsnotify.Watcher, error)) { c.state.watch.open = open }

// Close ends the watcher of a catalog that was never started.
func (c *Catalog) Close() { c.state.watch.close() }

// Silence is how long a comparison may make no progress.
const Silence = silence

// MaxRemoved bounds the removed names.
const MaxRemoved = maxRemoved

// Firm tells whether the fingerprints of all files are trusted.
func (c *Catalog) Firm() bool {
	for _, f := range c.state.files {
		if !f.firm {
			return false
		}
	}
	return true
}

// RemoveNames returns the names that are remembered after n names came and went.
func RemoveNames(n int) []string {
	entries := make([]Entry, n)
	for i := range entries {
		entries[i].Name, entries[i].Good = strconv.Itoa(i), true
	}
	c := &Catalog{}
	c.current.Store((&view{}).next(entries).next(nil))
	_, removed, _ := c.Since(1)
	return removed
}

// Dir returns the directory.
func (c *Catalog) Dir() string { return c.state.Dir }
