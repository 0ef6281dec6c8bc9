package logging

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"

	"dagu/modules/fault"
)

// writer writes lines in a goroutine of its own, which lives while lines wait.
type writer struct {
	out io.Writer
	// limit is how many bytes may wait, beside those that are being written.
	limit int
	// notice is the line that tells of n lost ones.
	notice func(n uint64) []byte

	mu      sync.Mutex
	pending []byte
	lines   uint64
	// accepted and finished count lines; finished ones are written or lost.
	accepted, finished uint64
	// moved is closed and replaced whenever finished has grown.
	moved chan struct{}
	// total counts lost lines; a scrape reads it without the lock.
	total atomic.Uint64
	// untold counts those of them that no notice has told of.
	untold uint64
	// running says that the goroutine lives.
	running bool
	// closed says that SIGPIPE is to be given back when nothing is being written.
	closed bool
	// pipe receives SIGPIPE, and nobody reads it: that it is caught is enough.
	// Children are not affected, as they would be by an ignored signal.
	pipe chan os.Signal
}

func newWriter(out io.Writer, limit int, notice func(uint64) []byte) *writer {
	return &writer{out: out, limit: limit, notice: notice, moved: make(chan struct{})}
}

// add takes a line, which the caller may reuse, or drops it when the buffer is full.
func (w *writer) add(line []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	fault.At("logging.lock")
	if len(w.pending)+len(line) > w.limit {
		w.total.Add(1)
		w.untold++
		return
	}
	w.pending = append(w.pending, line...)
	w.lines++
	w.accepted++
	if !w.running {
		w.running = true
		w.catch()
		go w.run()
	}
}

// run writes until nothing waits.
func (w *writer) run() {
	for {
		c := w.take()
		if c.lines == 0 {
			return
		}
		lost := w.write(c.text)
		if lost > 0 || c.untold > 0 && w.write(w.notice(c.untold)) > 0 {
			c.untold = 0
		}
		w.finish(c, lost)
	}
}

// chunk is the lines that are written at once.
type chunk struct {
	text  []byte
	lines uint64
	// untold counts those that were lost before or behind it.
	untold uint64
}

// take hands over all that waits; no lines mean that the goroutine is to end.
func (w *writer) take() chunk {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lines == 0 {
		w.running = false
		w.release()
		return chunk{}
	}
	c := chunk{text: w.pending, lines: w.lines, untold: w.untold}
	w.pending, w.lines = nil, 0
	return c
}

// write returns how many lines did not get through.
func (w *writer) write(text []byte) (lost uint64) {
	n, err := w.out.Write(text)
	if err == nil {
		return 0
	}
	n = min(max(n, 0), len(text))
	return uint64(bytes.Count(text[n:], []byte{'\n'}))
}

// finish takes the lines of a chunk off the books: lost ones are still to be
// told, while c.untold have been.
func (w *writer) finish(c chunk, lost uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.total.Add(lost)
	w.untold += lost
	w.untold -= c.untold
	w.finished += c.lines
	close(w.moved)
	w.moved = make(chan struct{})
}

// flush waits until every line that was taken before is finished.
func (w *writer) flush(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for target := w.accepted; w.finished < target; {
		moved := w.moved
		w.mu.Unlock()
		select {
		case <-moved:
			w.mu.Lock()
		case <-ctx.Done():
			w.mu.Lock()
			return ctx.Err()
		}
	}
	return nil
}

func (w *writer) dropped() uint64 { return w.total.Load() }

func (w *writer) open() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = false
	w.catch()
}

func (w *writer) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	w.release()
}

// catch catches SIGPIPE; only files can cause it. The caller holds the mutex.
func (w *writer) catch() {
	if _, file := w.out.(*os.File); file && w.pipe == nil {
		w.pipe = make(chan os.Signal, 1)
		signal.Notify(w.pipe, syscall.SIGPIPE)
	}
}

// release gives SIGPIPE back once closed and idle. The caller holds the mutex.
func (w *writer) release() {
	if w.closed && !w.running && w.pipe != nil {
		signal.Stop(w.pipe)
		w.pipe = nil
	}
}
