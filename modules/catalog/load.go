package catalog

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"dagu/modules/dag"
	"dagu/modules/store"
)

// chunkSize is how many files a worker loads before it stores their texts. It
// bounds what is in memory: two workers hold 32 MiB when all files are as large
// as they may be.
const chunkSize = 64

// base is the base file as last read.
type base struct {
	// n counts its contents.
	n    int
	file string
	text []byte
	// err is why it could not be read, fault that parsing it panicked.
	err, fault error
	parsed     *dag.Base
	// workspaces are those read since.
	workspaces *workspaces
}

// loadBase looks at the base files, and tells whether one changed. They have no
// fingerprints: they are few.
func (s *state) loadBase() bool {
	s.at.file(s.BaseFile)
	text, err := readBase(s.BaseFile)
	next := base{n: s.base.n + 1, file: s.BaseFile, text: text, err: err}
	if text == nil {
		next.file = ""
	}
	same := s.base.n > 0 && next.file == s.base.file && bytes.Equal(text, s.base.text) && errText(err) == errText(s.base.err)
	if same && !s.workspaceChanged() {
		return false
	}
	next.workspaces = &workspaces{all: make(map[string]*workspace)}
	if err == nil {
		next.fault = guard(s.log, s.BaseFile, func() error {
			next.parsed = dag.ParseBase(next.file, text, dag.Options{Location: s.Location})
			return nil
		})
	}
	s.base = next
	return true
}

// readBase reads a base file; a missing one is nil.
func readBase(path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	text, err := dag.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read base file: %w", err)
	}
	return text, nil
}

// pending is a file whose content must be looked at.
type pending struct {
	file  *file
	print fingerprint
	// err is why it cannot be; nil when it can.
	err error
}

// loaded is what became of a pending file. It is kept apart from the file until
// the texts are stored, so that a failed write is repeated.
type loaded struct {
	hash     string
	cur      *Entry
	err      error
	sched    *Entry
	recalled bool
	firm     bool
	// same tells that the content is the known one, gone that there is no file any more.
	same, gone bool
	text       *store.Text
}

// load looks at the contents of files, on all processors. An error is the store's.
func (s *state) load(ctx context.Context, todo []pending) error {
	var wg sync.WaitGroup
	chunks := make(chan []pending)
	workers := min(runtime.GOMAXPROCS(0), (len(todo)+chunkSize-1)/chunkSize)
	errs := make([]error, workers)
	for w := range workers {
		wg.Go(func() {
			for chunk := range chunks {
				if errs[w] == nil {
					errs[w] = s.loadChunk(ctx, chunk)
				}
			}
		})
	}
	for chunk := range slices.Chunk(todo, chunkSize) {
		chunks <- chunk
	}
	close(chunks)
	wg.Wait()
	return cmp.Or(errs...)
}

// loadChunk loads files, stores their texts, and only then believes what it saw.
func (s *state) loadChunk(ctx context.Context, chunk []pending) error {
	results := make([]loaded, len(chunk))
	var texts []store.Text
	for i, p := range chunk {
		if err := ctx.Err(); err != nil {
			return err
		}
		r, err := s.loadFile(ctx, p)
		if err != nil {
			return err
		}
		if r.text != nil {
			texts = append(texts, *r.text)
		}
		results[i] = r
	}
	if len(texts) > 0 {
		err := s.call(ctx, "store the texts of DAG files", func(ctx context.Context) error {
			return s.store.PutTexts(ctx, texts)
		})
		if err != nil {
			return err
		}
	}
	for i, p := range chunk {
		s.accept(p, results[i])
	}
	return nil
}

// accept takes over what was loaded.
func (s *state) accept(p pending, r loaded) {
	f := p.file
	if r.gone {
		f.firm = false
		return
	}
	if f.print != p.print {
		f.since = time.Since(s.born)
	}
	f.print, f.base, f.firm = p.print, s.base.n, r.firm
	if r.same {
		return
	}
	s.unsettled.Store(true)
	f.hash, f.cur, f.err = r.hash, r.cur, r.err
	f.recalled = f.recalled || r.recalled
	if r.sched != nil {
		f.sched = r.sched
	}
	if r.text != nil {
		f.put = s.round
	}
}

// loadFile reads and parses one file. An error is the store's.
func (s *state) loadFile(ctx context.Context, p pending) (loaded, error) {
	f := p.file
	s.at.file(f.path)
	r := loaded{err: p.err}
	var src dag.Source
	if r.err == nil {
		r.firm = s.firm(f, p.print)
		src, r.err = s.source(f.path)
		r.gone = errors.Is(r.err, errGone)
	}
	if r.err == nil {
		r.hash = src.Hash()
	}
	r.firm = r.firm && r.err == nil
	switch {
	case r.gone:
		return r, nil
	case r.hash == f.hash && (f.cur != nil || f.err != nil) && (r.hash != "" || errText(r.err) == errText(f.err)):
		r.same = true
		return r, nil
	case r.err != nil:
	case f.sched != nil && f.sched.Hash == r.hash:
		r.cur = f.sched
	default:
		r.cur, r.err = s.parse(src, r.hash)
	}
	if r.cur != nil && r.hash != f.saved.Hash {
		text := TextOf(src, r.cur.Name, r.hash)
		r.text = &text
	}
	if f.sched == nil && f.saved.Hash != "" && !f.recalled && (r.cur == nil || r.cur.Name != f.saved.DAG) {
		var err error
		if r.sched, err = s.lastGood(ctx, f); err != nil {
			return r, err
		}
		r.recalled = true
	}
	return r, nil
}

// errGone says that a file went away after it was listed.
var errGone = errors.New("the file is gone")

// source reads what a DAG is loaded from.
func (s *state) source(path string) (dag.Source, error) {
	if err := cmp.Or(s.base.err, s.base.fault); err != nil {
		return dag.Source{}, err
	}
	text, err := s.read(path)
	if errors.Is(err, fs.ErrNotExist) {
		return dag.Source{}, errGone
	}
	if err != nil {
		return dag.Source{}, err
	}
	src := dag.Source{File: path, Text: text, BaseFile: s.base.file, Base: s.base.text}
	if name := dag.WorkspaceOf(text, s.base.parsed); name != "" {
		w := s.workspace(name)
		if w.err != nil {
			return dag.Source{}, w.err
		}
		if w.text != nil {
			src.WorkspaceFile, src.Workspace = w.file, w.text
		}
	}
	return src, nil
}

// firm tells whether a fingerprint taken just now, before the content is read,
// will vouch for that content: a change after this moment gets another change
// time. The second condition is for times in the future, of a clock that was wrong.
func (s *state) firm(f *file, print fingerprint) bool {
	s.localMu.Lock()
	local, known := s.local[print.dev]
	if !known {
		local = localFS(f.path)
		s.local[print.dev] = local
	}
	s.localMu.Unlock()
	now := time.Now()
	aged := now.UnixNano()-print.ctime > int64(racy)
	watched := f.print == print && now.Sub(s.born)-f.since > racy
	return local && (aged || watched)
}

// parse loads a DAG.
func (s *state) parse(src dag.Source, hash string) (v *Entry, err error) {
	err = guard(s.log, src.File, func() error {
		d, problem := s.parser(src, dag.Options{Location: s.Location, Base: s.parsedBase(src)})
		if problem == nil {
			v = newVersion(d, src.File, hash)
		}
		return problem
	})
	return v, err
}

// parsedBase is what the source is loaded over. One of an earlier life may have been
// loaded over another: that is parsed anew.
func (s *state) parsedBase(src dag.Source) *dag.Base {
	if src.WorkspaceFile == "" {
		return s.base.parsed
	}
	all := s.base.workspaces
	all.mu.Lock()
	defer all.mu.Unlock()
	for _, w := range all.all {
		if w.file == src.WorkspaceFile && w.parsed != nil {
			return w.parsed
		}
	}
	return nil
}

// guard turns a panic into an error: it is a fault of ours, and must not cost
// the other DAGs.
func guard(log *zap.Logger, path string, do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			log.Error("loading a file panicked; it is treated as bad",
				zap.String("file", path), zap.Any("panic", p), zap.ByteString("stack", debug.Stack()))
			err = fmt.Errorf("internal error while loading %s: %v", path, p)
		}
	}()
	return do()
}

// lastGood returns the version that the life before had scheduled; nil when it
// cannot be had. An error is the store's.
func (s *state) lastGood(ctx context.Context, f *file) (*Entry, error) {
	var text store.Text
	err := s.call(ctx, "read the last good version of "+f.path, func(ctx context.Context) (err error) {
		text, err = s.store.Text(ctx, f.saved.Hash)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		s.log.Warn("the last good version of a file is not in the store", zap.String("file", f.path))
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v, err := s.parse(SourceOf(text), text.Hash)
	if err != nil {
		s.log.Warn("the last good version of a file does not load any more", zap.String("file", f.path), zap.Error(err))
		return nil, nil
	}
	return v, nil
}
