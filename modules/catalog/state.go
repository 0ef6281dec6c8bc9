package catalog

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"dagu/modules/dag"
	"dagu/modules/store"
)

// storeTimeout bounds each call of the store, which has a deadline of its own.
const storeTimeout = 10 * time.Second

// file is what is known about one file.
type file struct {
	name, path string
	// round is the last one that found the file.
	round uint64

	// print is the fingerprint before the content was last read, first seen at
	// this age of the catalog, and base the base file it was loaded with.
	print fingerprint
	since time.Duration
	base  int
	// firm tells that the same print means the same content.
	firm bool

	// hash is the source's that cur or err came from; "" when it could not be read.
	hash string
	// cur is the present content; nil when it is bad, and err says why.
	cur *Entry
	err error
	// put is the last round that put the text of cur into the store.
	put uint64

	// sched is the version that is scheduled, told the error that was logged.
	sched *Entry
	told  string
	// saved is the row in the store, recalled that its text was asked for.
	saved    store.File
	recalled bool
}

// state is what is known about the directory. It has one owner at a time: the
// comparison that runs, else the loop.
type state struct {
	Options
	store Store
	log   *zap.Logger
	out   *publisher
	at    progress

	born  time.Time
	round uint64
	files map[string]*file
	// rows are the store's rows of files that were not seen yet; nil before they were read.
	rows map[string]store.File
	// drop are the paths whose rows are to be removed.
	drop map[string]struct{}
	// unsettled tells that something changed that is not published.
	unsettled atomic.Bool
	// home is the directory that last held files.
	home  identity
	base  base
	watch watch
	// open and read are the doors to the file system.
	open func(path string) (*folder, error)
	read func(path string) ([]byte, error)
	// parser is dag.Load.
	parser func(dag.Source, dag.Options) (*dag.DAG, error)

	localMu sync.Mutex
	// local tells for each device whether fingerprints are to be trusted.
	local map[uint64]bool
}

func newState(o Options, s Store, log *zap.Logger, out *publisher) *state {
	st := &state{
		Options: o, store: s, log: log, out: out, born: time.Now(),
		files: make(map[string]*file), drop: make(map[string]struct{}), local: make(map[uint64]bool),
		open: openFolder, read: dag.ReadFile, parser: dag.Load, watch: newWatch(o.Dir, o.BaseFile),
	}
	st.unsettled.Store(true) // an empty directory is news at the start
	return st
}

// file returns the file of a name, known or new.
func (s *state) file(name string) *file {
	f := s.files[name]
	if f == nil {
		f = &file{name: name, path: filepath.Join(s.Dir, name), saved: s.rows[name]}
		delete(s.rows, name)
		s.files[name] = f
	}
	return f
}

// recall reads, once, which versions the life before had scheduled.
func (s *state) recall(ctx context.Context) error {
	if s.rows != nil {
		return nil
	}
	var rows []store.File
	err := s.call(ctx, "read the known files", func(ctx context.Context) (err error) {
		rows, err = s.store.Files(ctx)
		return err
	})
	if err != nil {
		return err
	}
	s.rows = make(map[string]store.File)
	for _, row := range rows {
		// Another process on this store may have another directory.
		if filepath.Dir(row.Path) == s.Dir {
			s.rows[filepath.Base(row.Path)] = row
		}
	}
	return nil
}

// call makes one call of the store.
func (s *state) call(ctx context.Context, what string, do func(context.Context) error) error {
	s.at.store(what)
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	if err := do(ctx); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// progress tells the loop what a comparison is doing. Its silence is how a file
// system that does not answer is told from a directory that is large.
type progress struct {
	steps atomic.Uint64
	now   atomic.Pointer[doing]
}

type doing struct {
	what  string
	store bool
}

func (p *progress) step() { p.steps.Add(1) }

func (p *progress) file(path string) {
	p.now.Store(&doing{what: "reading " + path})
	p.step()
}

func (p *progress) store(what string) {
	p.now.Store(&doing{what: what, store: true})
	p.step()
}

// what says what is being done.
func (p *progress) what() string {
	if d := p.now.Load(); d != nil {
		return d.what
	}
	return "starting"
}
