package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"dagu/modules/fault"
)

const (
	// maxBatch bounds the writes that share a commit.
	maxBatch = 256
	// pollInterval is how often the commits of other processes are looked for.
	pollInterval = 200 * time.Millisecond
	// firstTry and lastTry bound the pause between two tries to begin a transaction
	// while another process writes. SQLite's own pauses grow to 100 ms, so that a
	// process which writes one transaction after the other keeps others out for seconds.
	firstTry = 500 * time.Microsecond
	lastTry  = 4 * time.Millisecond
)

// errBroken tells that a transaction ended under the write that ran in it.
var errBroken = errors.New("the transaction was rolled back")

// op is one write.
type op struct {
	// run does the write. It may be called again when its first transaction did
	// not commit, so it sets its results and does not add to them.
	run func(ctx context.Context, t *tx) error
	// outside tells that run must not stand in a transaction.
	outside bool
	// abandoned is set when nobody waits any more.
	abandoned atomic.Bool

	tx   tx
	err  error // valid once done is closed
	done chan struct{}
}

func (o *op) answer(err error) {
	o.err = err
	close(o.done)
}

// tx is the transaction that a write runs in.
type tx struct {
	*session
	// now is the time to record.
	now time.Time
	// owner is this process's id; "" before Own.
	owner string
	// wake collects the topics to publish after the commit.
	wake Topic
}

// writer is the goroutine that owns the only connection that writes. It takes
// whatever waits and commits it as one transaction.
type writer struct {
	session *session
	hub     *hub
	changes *atomic.Uint64
	pulse   Pulse
	log     *zap.Logger
	begin   func() tx

	ops  chan *op
	quit chan struct{}
	done chan struct{}

	version int64
	wal     string // the write-ahead log's path
	seen    walState
}

// walState is what stat tells of the write-ahead log, to which every commit is appended
// or written.
type walState struct {
	size    int64
	changed time.Time
	settled bool // so long ago that a later commit has another time
}

// settle is the age from which the time of a change tells it from the next one, on
// any file system that locks work on.
const settle = 2 * time.Second

func (w *writer) loop(ctx context.Context) {
	defer close(w.done)
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for {
		fault.At("store.writer")
		w.pulse.Beat("waiting")
		select {
		case <-w.quit:
			return
		case o := <-w.ops:
			w.pulse.Beat("writing")
			w.commit(ctx, w.gather(o))
		case <-poll.C:
			w.pulse.Beat("looking for commits of others")
			w.poll(ctx)
		}
	}
}

// gather takes what waits. A write that stands outside of transactions is alone.
func (w *writer) gather(o *op) []*op {
	batch := []*op{o}
	for !o.outside && len(batch) < maxBatch {
		select {
		case o = <-w.ops:
			batch = append(batch, o)
		default:
			return batch
		}
	}
	return batch
}

// commit does the writes and answers each.
func (w *writer) commit(ctx context.Context, batch []*op) {
	defer func(all []*op) {
		for _, o := range all {
			w.forget(ctx, o.err)
		}
	}(batch)
	last := len(batch) - 1
	if batch[last].outside {
		o := batch[last]
		batch = batch[:last]
		defer func() { o.answer(w.outside(ctx, o)) }()
	}
	if len(batch) > 1 && w.together(ctx, batch) {
		return
	}
	for _, o := range batch {
		w.alone(ctx, o)
	}
}

// together does several writes in one transaction, each in a savepoint, so that
// one that fails leaves no trace and does not fail the others. When the
// transaction fails as a whole it answers nobody and returns false.
func (w *writer) together(ctx context.Context, batch []*op) bool {
	if err := w.enter(ctx, batch); err != nil {
		for _, o := range batch {
			o.answer(err)
		}
		return true
	}
	errs := make([]error, len(batch))
	for i, o := range batch {
		if o.abandoned.Load() {
			errs[i] = ErrUnknown
			continue
		}
		if errs[i] = w.isolated(ctx, o); errors.Is(errs[i], errBroken) {
			w.leave(ctx)
			return false
		}
	}
	if err := w.end(ctx); err != nil {
		w.leave(ctx)
		return false
	}
	w.changes.Add(1)
	for i, o := range batch {
		if errs[i] == nil {
			w.hub.publish(o.tx.wake)
		}
		o.answer(errs[i])
	}
	return true
}

func (w *writer) isolated(ctx context.Context, o *op) error {
	if _, err := w.session.exec(ctx, "savepoint op"); err != nil {
		return errors.Join(errBroken, err)
	}
	failed := w.call(ctx, o)
	if failed != nil {
		if _, err := w.session.exec(ctx, "rollback to op"); err != nil {
			return errors.Join(errBroken, failed, err)
		}
	}
	if _, err := w.session.exec(ctx, "release op"); err != nil {
		return errors.Join(errBroken, failed, err)
	}
	return failed
}

// alone does one write in a transaction of its own.
func (w *writer) alone(ctx context.Context, o *op) {
	if err := w.enter(ctx, []*op{o}); err != nil {
		o.answer(err)
		return
	}
	if err := w.call(ctx, o); err != nil {
		w.leave(ctx)
		o.answer(err)
		return
	}
	if err := w.end(ctx); err != nil {
		w.leave(ctx)
		o.answer(fmt.Errorf("%w: commit: %w", ErrUnknown, err))
		return
	}
	w.changes.Add(1)
	w.hub.publish(o.tx.wake)
	o.answer(nil)
}

// enter begins a transaction. While another process writes it tries on, until
// nobody waits for any of the writes.
func (w *writer) enter(ctx context.Context, batch []*op) error {
	for pause := firstTry; ; pause = min(2*pause, lastTry) {
		w.pulse.Beat("beginning a transaction")
		_, err := w.session.exec(ctx, "begin immediate")
		if err == nil {
			return nil
		}
		if !isBusy(err) {
			return fmt.Errorf("begin: %w", err)
		}
		waits := false
		for _, o := range batch {
			waits = waits || !o.abandoned.Load()
		}
		if !waits {
			return fmt.Errorf("%w: another process is writing: %w", ErrUnknown, err)
		}
		time.Sleep(pause) //nolint:forbidigo // nothing tells when the lock is free
	}
}

// end commits the transaction.
func (w *writer) end(ctx context.Context) error {
	fault.At("store.commit")
	_, err := w.session.exec(ctx, "commit")
	fault.At("store.committed")
	return err
}

// outside does a write that stands outside of transactions. While another process
// writes it tries on, as enter does.
func (w *writer) outside(ctx context.Context, o *op) error {
	for pause := firstTry; ; pause = min(2*pause, lastTry) {
		w.pulse.Beat("working outside of a transaction")
		err := w.call(ctx, o)
		switch {
		case !isBusy(err):
			return err
		case o.abandoned.Load():
			return fmt.Errorf("%w: another process is writing: %w", ErrUnknown, err)
		}
		time.Sleep(pause) //nolint:forbidigo // nothing tells when the lock is free
	}
}

// leave rolls back. There may be nothing left to roll back, which is as good.
func (w *writer) leave(ctx context.Context) {
	_, _ = w.session.exec(ctx, "rollback")
}

// forget drops the pages that the connection keeps in memory, when a call on it has met
// damage. SQLite keeps them until somebody else commits, which nobody may be able to:
// what a disk has read wrongly once would be wrong until the end of the process.
func (w *writer) forget(ctx context.Context, err error) {
	if isDamage(err) {
		_, _ = w.session.exec(ctx, "pragma shrink_memory")
	}
}

// call runs the write. A panic in it is its error.
func (w *writer) call(ctx context.Context, o *op) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			w.log.Error("a write failed unexpectedly", zap.Any("cause", cause), zap.ByteString("stack", debug.Stack()))
			err = fmt.Errorf("internal error: %v", cause)
		}
	}()
	if err = fault.Error("store.write"); err != nil {
		return err
	}
	o.tx = w.begin()
	return o.run(ctx, &o.tx)
}

// poll looks whether another process has committed since the last time. While the
// log's file stays as it was, and that is long ago, nobody has.
func (w *writer) poll(ctx context.Context) {
	now := walState{}
	if info, err := os.Stat(w.wal); err == nil {
		now = walState{size: info.Size(), changed: info.ModTime()}
		age := time.Since(now.changed)
		now.settled = age > settle || age < -settle // in the future: of a clock that was wrong
	}
	if now == w.seen && now.settled {
		return
	}
	version, _, err := first(ctx, w.session, number, "pragma data_version")
	if err != nil {
		w.forget(ctx, err)
		w.log.Debug("cannot look for commits of other processes", zap.Error(err))
		return
	}
	if version != w.version && w.version != 0 {
		w.changes.Add(1)
		w.hub.publish(allTopics)
	}
	w.version, w.seen = version, now
}
