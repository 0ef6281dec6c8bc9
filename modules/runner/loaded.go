package runner

import (
	"sync"

	"dagu/modules/dag"
)

const (
	// mostLoaded is how many workflows stay loaded, and largestLoaded how many bytes the
	// text of each may have: together they bound what this costs.
	mostLoaded    = 32
	largestLoaded = 64 << 10
)

// loaded is a workflow that is fit to run. Nobody changes it, so that runs share it.
type loaded struct {
	dag   *dag.DAG
	graph *dag.Graph
}

// recent keeps the workflows that were loaded last, by the hashes of their sources and
// how they are loaded. Its methods may be called at once.
type recent struct {
	mu     sync.Mutex
	byHash map[string]loaded
	hashes []string // the oldest first
}

func (r *recent) get(hash string) (loaded, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, ok := r.byHash[hash]
	return l, ok
}

func (r *recent) put(hash string, l loaded) {
	if len(l.dag.Source.Text)+len(l.dag.Source.Base)+len(l.dag.Source.Workspace) > largestLoaded {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byHash == nil {
		r.byHash = make(map[string]loaded)
	}
	if _, ok := r.byHash[hash]; ok { // two runs loaded it at once
		return
	}
	if len(r.hashes) == mostLoaded {
		delete(r.byHash, r.hashes[0])
		r.hashes = r.hashes[1:]
	}
	r.byHash[hash], r.hashes = l, append(r.hashes, hash)
}
