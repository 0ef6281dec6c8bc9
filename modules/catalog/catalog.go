package catalog

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"

	"dagu/modules/fault"
)

// DefaultInterval is the time between two full comparisons when Options names none.
const DefaultInterval = 30 * time.Second

// Options say what is loaded.
type Options struct {
	// Dir is the directory of DAGs, an absolute path. It is made when it is missing.
	Dir string
	// BaseFile is the absolute path of the base file; "" is none. It may be missing.
	BaseFile string
	// Interval is the time between two full comparisons; 0 is DefaultInterval.
	Interval time.Duration
	// Location is the zone of schedules that name none; nil is time.Local.
	Location *time.Location
	// Pulse is beaten when a full comparison has ended; nil is none.
	Pulse Pulse
	// Metrics are counted in; nil counts nothing.
	Metrics *Metrics
}

// check fills in defaults, or names the field that is wrong.
func (o Options) check() (Options, error) {
	if !filepath.IsAbs(o.Dir) {
		return o, fmt.Errorf("catalog: Dir %q is not an absolute path", o.Dir)
	}
	if o.BaseFile != "" && !filepath.IsAbs(o.BaseFile) {
		return o, fmt.Errorf("catalog: BaseFile %q is not an absolute path", o.BaseFile)
	}
	if o.Interval < 0 {
		return o, fmt.Errorf("catalog: Interval %s is negative", o.Interval)
	}
	o.Dir = filepath.Clean(o.Dir)
	if o.BaseFile != "" {
		o.BaseFile = filepath.Clean(o.BaseFile)
	}
	if o.Interval == 0 {
		o.Interval = DefaultInterval
	}
	if o.Location == nil {
		o.Location = time.Local
	}
	if o.Pulse == nil {
		o.Pulse = silent{}
	}
	return o, nil
}

// Catalog publishes the DAGs of a directory. All methods may be called at once
// from many goroutines. Readers take no lock and may be called before Start,
// when nothing is known, and after Stop, when nothing changes any more.
type Catalog struct {
	publisher
	state *state
	log   *zap.Logger

	life    sync.Mutex
	started bool
	stopped bool
	cancel  context.CancelFunc

	first chan struct{} // closed when the first comparison ended, or does not answer
	done  chan struct{} // closed when the loop has ended

	statusMu sync.Mutex
	status   Status
}

// New returns a catalog that knows nothing until it is started. It fails when a
// path of the options is not absolute, or the interval is negative.
func New(o Options, s Store, log *zap.Logger) (*Catalog, error) {
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	c := &Catalog{log: log, first: make(chan struct{}), done: make(chan struct{})}
	c.current.Store(&view{})
	c.subs = make(map[chan struct{}]struct{})
	c.state = newState(o, s, log, &c.publisher)
	return c, nil
}

// Start loads the directory and launches the loop. It returns when everything is
// loaded, or found not to answer: a directory or a store that fails is no error,
// it is logged, shown by [Catalog.Status] and tried again. The error is that of
// ctx when that ends first, and then nothing is left running. A second call does
// nothing; a call after Stop is an error.
func (c *Catalog) Start(ctx context.Context) error {
	c.life.Lock()
	if c.stopped {
		c.life.Unlock()
		return errors.New("start catalog: it is stopped already")
	}
	if !c.started {
		c.started = true
		var loopCtx context.Context
		loopCtx, c.cancel = context.WithCancel(context.WithoutCancel(ctx))
		c.state.watch.start()
		go newLoop(c).run(loopCtx)
	}
	c.life.Unlock()
	select {
	case <-c.first:
		return nil
	case <-c.done:
		return errors.New("start catalog: it was stopped")
	case <-ctx.Done():
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		return errors.Join(fmt.Errorf("start catalog: %w", ctx.Err()), c.Stop(stopCtx))
	}
}

// Stop ends the loop, and waits for the comparison that runs until ctx ends; the
// error then says what was left behind. Stop before Start, and a second Stop, do nothing more.
func (c *Catalog) Stop(ctx context.Context) error {
	c.life.Lock()
	c.stopped = true
	started := c.started
	if started {
		c.cancel()
	}
	c.life.Unlock()
	if !started {
		return nil
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("stop catalog: left behind while %s: %w", c.state.at.what(), ctx.Err())
	}
}

// Status is how the catalog is doing.
type Status struct {
	// Files counts the DAG files, Bad those with an error.
	Files, Bad int
	// LastReconcile is when the last full comparison ended well; zero before the first.
	LastReconcile time.Time
	// Dir is why the directory cannot be used, Store why changes could not be
	// stored, Watch why changes are found at the interval only; nil is well.
	Dir, Store, Watch error
	// Overflows counts the times that events were lost.
	Overflows uint64

	home identity // the directory that last held files
}

// Status returns how the catalog is doing now. It reads memory only.
func (c *Catalog) Status() Status {
	c.statusMu.Lock()
	st := c.status
	c.statusMu.Unlock()
	v := c.current.Load()
	st.Files, st.Bad = len(v.entries), v.bad
	return st
}

// DirError returns why the directory cannot be used; nil when it can. What was
// scheduled stays scheduled meanwhile.
func (c *Catalog) DirError() error { return c.Status().Dir }

// LastReconcile returns when the last full comparison ended well; zero before the first.
func (c *Catalog) LastReconcile() time.Time { return c.Status().LastReconcile }

// setStatus changes the status.
func (c *Catalog) setStatus(change func(*Status)) {
	c.statusMu.Lock()
	defer c.statusMu.Unlock()
	fault.At("catalog.lock")
	change(&c.status)
}
