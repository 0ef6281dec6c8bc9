package catalog

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
)

// maxRemoved bounds how many removed names are remembered for [Catalog.Since].
const maxRemoved = 1 << 16

// view is what readers see. It never changes; a new one takes its place.
type view struct {
	gen uint64
	// entries are sorted by name, then file.
	entries []Entry
	names   map[string]place
	// removed are the names under which nothing is scheduled any more, oldest first.
	removed []removedName
	// bad counts the entries with an error.
	bad int
}

// place is where the entry of a name stands, and when it last changed.
type place struct {
	index int
	gen   uint64
}

type removedName struct {
	name string
	gen  uint64
}

// next makes the view that follows v with the given entries, which it sorts and keeps.
func (v *view) next(entries []Entry) *view {
	slices.SortFunc(entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.File, b.File))
	})
	n := &view{gen: v.gen + 1, entries: entries, names: make(map[string]place, len(entries))}
	for i := range entries {
		e := &entries[i]
		if e.Err != nil {
			n.bad++
		}
		if had, ok := n.names[e.Name]; ok && (!e.Good || entries[had.index].Good) {
			continue
		}
		n.names[e.Name] = place{index: i, gen: n.gen}
	}
	for name, now := range n.names {
		if was, ok := v.names[name]; ok && v.entries[was.index].same(&entries[now.index]) {
			n.names[name] = place{index: now.index, gen: was.gen}
		}
	}
	n.removed = n.stillRemoved(v)
	return n
}

// scheduled tells whether a version is scheduled under a name.
func (v *view) scheduled(name string) bool {
	at, ok := v.names[name]
	return ok && v.entries[at.index].Good
}

// stillRemoved returns the names under which nothing is scheduled any more, those
// of the view before included.
func (v *view) stillRemoved(before *view) []removedName {
	removed := slices.DeleteFunc(slices.Clone(before.removed), func(r removedName) bool { return v.scheduled(r.name) })
	for name := range before.names {
		if before.scheduled(name) && !v.scheduled(name) {
			removed = append(removed, removedName{name: name, gen: v.gen})
		}
	}
	if over := len(removed) - maxRemoved; over > 0 {
		removed = slices.Delete(removed, 0, over)
	}
	return removed
}

// publisher hands views to readers.
type publisher struct {
	current atomic.Pointer[view]

	mu   sync.Mutex
	subs map[chan struct{}]struct{}
}

// publish makes v visible and wakes the subscribers.
func (p *publisher) publish(v *view) {
	p.current.Store(v)
	p.mu.Lock()
	defer p.mu.Unlock()
	for ch := range p.subs {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// Snapshot returns all entries, sorted by name, then file. The slice is shared
// and must not be changed; it never changes by itself. It costs nothing.
func (c *Catalog) Snapshot() []Entry { return c.current.Load().entries }

// Lookup returns the entry of a name: the one that is scheduled under it, else
// that of a file without a good version which claims the name, or whose stem it is.
func (c *Catalog) Lookup(name string) (Entry, bool) {
	v := c.current.Load()
	at, ok := v.names[name]
	if !ok {
		return Entry{}, false
	}
	return v.entries[at.index], true
}

// Since returns what changed after generation gen: the entries that are scheduled,
// one for each name, and the names under which nothing is scheduled any more.
// Files that never were good are in neither. The returned generation is for the
// next call; 0 asks for everything. Only the last 65,536 removed names are
// remembered, so a caller must not fall further behind than that.
func (c *Catalog) Since(gen uint64) (changed []Entry, removed []string, now uint64) {
	v := c.current.Load()
	if gen == v.gen {
		return nil, nil, gen
	}
	for _, at := range v.names {
		if at.gen > gen && v.entries[at.index].Good {
			changed = append(changed, v.entries[at.index])
		}
	}
	slices.SortFunc(changed, func(a, b Entry) int { return cmp.Compare(a.Name, b.Name) })
	for _, r := range v.removed {
		if r.gen > gen {
			removed = append(removed, r.name)
		}
	}
	slices.Sort(removed)
	return changed, removed, v.gen
}

// Subscribe returns a channel that gets a value after entries changed; several
// changes may share one. The function ends the subscription. The channel is
// never closed and stays silent once the catalog is stopped.
func (c *Catalog) Subscribe() (<-chan struct{}, func()) {
	ch := make(chan struct{}, 1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.subs[ch] = struct{}{}
	return ch, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.subs, ch)
	}
}
