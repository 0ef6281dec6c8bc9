package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"dagu/modules/fault"
)

// Store is the database of a data directory. Its methods may be called from any
// goroutine, between Start and Stop; outside of that they return ErrClosed.
//
// Each call ends after Options.WriteTimeout, or with its context if that is
// earlier, even while the disk does not answer. A write that ends so returns
// ErrUnknown and may still be recorded; every write may be repeated.
type Store struct {
	options Options
	log     *zap.Logger
	hub     hub

	mu    sync.RWMutex
	state state
	calls sync.WaitGroup // counts under mu and only while open

	db     *database
	writer *writer

	changes atomic.Uint64 // commits, of other processes too
	damaged atomic.Bool   // a call has met damage that no check has refuted since

	ownMu    sync.Mutex
	own      own
	instance atomic.Pointer[string]
}

type state int

const (
	fresh state = iota
	starting
	open
	closed
)

// New returns a Store that does nothing until Start. It fails when Options
// make no sense.
func New(options Options, log *zap.Logger) (*Store, error) {
	options, err := options.complete()
	if err != nil {
		return nil, err
	}
	return &Store{options: options, log: log}, nil
}

// Start opens the database, brings its schema up to date and launches the
// writer; with Options.ReadOnly it opens the database and no more. When it fails it
// leaves nothing open. A second call does nothing; one after Stop returns ErrClosed.
func (s *Store) Start(ctx context.Context) error {
	if started, err := s.starting(); started || err != nil {
		return err
	}
	db, err := openDatabase(ctx, s.options)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err != nil:
		if s.state == starting {
			s.state = fresh
		}
		return fmt.Errorf("open the database in %s: %w", s.options.Dir, err)
	case s.state != starting: // stopped meanwhile
		return fmt.Errorf("start store: %w", errors.Join(ErrClosed, db.close()))
	}
	s.db, s.state = db, open
	if s.options.ReadOnly {
		return nil
	}
	s.writer = &writer{
		session: db.writer,
		hub:     &s.hub,
		changes: &s.changes,
		pulse:   s.options.Pulse,
		wal:     filepath.Join(s.options.Dir, fileName+walSuffix),
		log:     s.log,
		begin:   func() tx { return tx{session: db.writer, now: s.options.Now(), owner: s.Instance()} },
		ops:     make(chan *op),
		quit:    make(chan struct{}),
		done:    make(chan struct{}),
	}
	// A context without an end: the driver then watches none, and none tears a commit.
	loop := context.WithoutCancel(ctx)
	s.writer.poll(loop)
	go s.writer.loop(loop)
	return nil
}

// starting claims the start; started tells that there is nothing to do.
func (s *Store) starting() (started bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch s.state {
	case open:
		return true, nil
	case closed:
		return false, fmt.Errorf("start store: %w", ErrClosed)
	case starting:
		return false, errors.New("start store: it is starting already")
	case fresh:
	}
	s.state = starting
	return false, nil
}

// Stop refuses new calls, lets those that are under way end, gives up this
// process's ownership unless runs of it are still open, and closes the database.
// When the context ends first it returns its error and leaves the rest to the
// end of the process. A second call does nothing.
func (s *Store) Stop(ctx context.Context) error {
	s.mu.Lock()
	was := s.state
	s.state = closed
	s.mu.Unlock()
	if was != open {
		return nil
	}
	result := make(chan error, 1)
	go func() { result <- s.shut(ctx) }()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return fmt.Errorf("stop store: a call is still under way: %w", ctx.Err())
	}
}

// shut ends everything in order. It may hang with the disk.
func (s *Store) shut(ctx context.Context) error {
	s.calls.Wait()
	disowned := s.disown(ctx)
	if s.writer != nil {
		close(s.writer.quit)
		<-s.writer.done
	}
	if err := errors.Join(disowned, s.db.close()); err != nil {
		return fmt.Errorf("stop store: %w", err)
	}
	return nil
}

// enter counts a call in; leave counts it out.
func (s *Store) enter() error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	fault.At("store.lock")
	if s.state != open {
		return ErrClosed
	}
	s.calls.Add(1)
	return nil
}

func (s *Store) leave() { s.calls.Done() }

// write hands fn to the writer and returns what it returns once that is durable.
func write[T any](ctx context.Context, s *Store, what string, fn func(ctx context.Context, t *tx) (T, error)) (T, error) {
	return perform(ctx, s, what, false, fn)
}

// perform is write; with outside, fn does not run in a transaction.
func perform[T any](ctx context.Context, s *Store, what string, outside bool, fn func(ctx context.Context, t *tx) (T, error)) (_ T, err error) {
	defer s.options.Metrics.called(kindWrite, time.Now(), &err)
	var zero, value T
	if err = s.enter(); err != nil {
		return zero, fmt.Errorf("%s: %w", what, err)
	}
	defer s.leave()
	if s.options.ReadOnly {
		return zero, fmt.Errorf("%s: %w", what, ErrReadOnly)
	}
	o := &op{outside: outside, done: make(chan struct{}), run: func(ctx context.Context, t *tx) (failed error) {
		value, failed = fn(ctx, t)
		return failed
	}}
	if err = s.submit(ctx, o); err != nil {
		return zero, fmt.Errorf("%s: %w", what, s.explain(err)) // value may still be written to
	}
	return value, nil
}

// submit waits until the write is done, but not longer than it may take.
func (s *Store) submit(ctx context.Context, o *op) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.WriteTimeout)
	defer cancel()
	select {
	case s.writer.ops <- o:
	case <-ctx.Done():
		return fmt.Errorf("%w: the writer is busy: %w", ErrUnknown, ctx.Err())
	}
	select {
	case <-o.done:
		return o.err
	case <-ctx.Done():
		o.abandoned.Store(true)
		select {
		case <-o.done: // just then
			return o.err
		default:
		}
		return fmt.Errorf("%w: %w", ErrUnknown, ctx.Err())
	}
}

// read runs fn beside the writer, in a goroutine of its own: a disk that does
// not answer holds that goroutine and not the caller.
func read[T any](ctx context.Context, s *Store, what string, fn func(ctx context.Context, q queryer) (T, error)) (_ T, err error) {
	defer s.options.Metrics.called(kindRead, time.Now(), &err)
	var zero T
	if err = s.enter(); err != nil {
		return zero, fmt.Errorf("%s: %w", what, err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.WriteTimeout)
	defer cancel() // not in the goroutine: an end of the context would race with the answer
	type answer struct {
		value T
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		defer s.leave()
		value, failed := fn(ctx, s.db.readers)
		answers <- answer{value, failed}
	}()
	select {
	case a := <-answers:
		if a.err != nil {
			return zero, fmt.Errorf("%s: %w", what, s.explain(a.err))
		}
		return a.value, nil
	case <-ctx.Done():
		return zero, fmt.Errorf("%s: %w", what, ctx.Err())
	}
}

// explain words an error for a person, and remembers damage for the next Check.
func (s *Store) explain(err error) error {
	if isDamage(err) {
		s.damaged.Store(true)
	}
	return explain(filepath.Join(s.options.Dir, fileName), err)
}

// hostName is the machine's name, for people to read.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}
