package catalog

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"go.uber.org/zap"

	"dagu/modules/fault"
)

const (
	// quiet is how long events must have been silent before they are acted on,
	// and longest how long they may go on: editors write, rename and touch.
	quiet   = 100 * time.Millisecond
	longest = 500 * time.Millisecond
	// retry is the interval while the directory or the store fails.
	retry = 5 * time.Second
	// silence is how long a comparison may make no progress at all.
	silence = 10 * time.Second
	// maxNames bounds the names that are remembered; more of them are a full comparison.
	maxNames = 4096
)

// loop waits for events and timers. It touches no file and no store.
type loop struct {
	*Catalog
	events  <-chan fsnotify.Event
	errs    <-chan error
	results chan result

	// pending is the next job, from events since first. due tells that its time has come.
	pending job
	since   time.Time
	due     bool
	busy    bool

	tick     *time.Timer
	debounce *time.Timer
	stall    *time.Timer
	// steps is the progress when it was last looked at.
	steps uint64
	once  sync.Once
}

func newLoop(c *Catalog) *loop {
	l := &loop{
		Catalog: c, results: make(chan result, 1),
		tick: time.NewTimer(c.state.Interval), debounce: time.NewTimer(quiet), stall: time.NewTimer(silence),
	}
	l.debounce.Stop()
	l.stall.Stop()
	return l
}

// run is the loop. When it ends, so has the comparison that ran.
func (l *loop) run(ctx context.Context) {
	defer close(l.done)
	defer l.finish()
	l.listen()
	l.pending.full = true
	l.launch(ctx)
	for {
		select {
		case <-ctx.Done():
			return
		case event, ok := <-l.events:
			l.event(event, ok)
		case err := <-l.errs:
			l.fault(err)
		case <-l.tick.C:
			l.pending.full = true
			l.launch(ctx)
		case <-l.debounce.C:
			l.launch(ctx)
		case <-l.stall.C:
			l.check()
		case res := <-l.results:
			l.ended(ctx, res)
		}
	}
}

// finish waits for the comparison that runs; its context has ended.
func (l *loop) finish() {
	for _, t := range []*time.Timer{l.tick, l.debounce, l.stall} {
		t.Stop()
	}
	if l.busy {
		<-l.results
	}
	l.state.watch.close()
}

// listen takes the watcher's channels over, which a comparison may have replaced.
func (l *loop) listen() {
	l.events, l.errs = nil, nil
	if n := l.state.watch.notify; n != nil {
		l.events, l.errs = n.Events, n.Errors
	}
}

// launch starts the next comparison, now or when the one that runs has ended.
func (l *loop) launch(ctx context.Context) {
	if l.busy {
		l.due = true
		return
	}
	next := l.pending
	l.pending, l.since, l.due, l.busy = job{}, time.Time{}, false, true
	l.debounce.Stop()
	l.steps = l.state.at.steps.Load()
	l.stall.Reset(silence)
	go func() { l.results <- l.state.reconcile(ctx, next) }()
}

// ended takes a result over and plans the next comparison.
func (l *loop) ended(ctx context.Context, res result) {
	l.busy = false
	fault.At("catalog.loop")
	l.stall.Stop()
	l.listen()
	if ctx.Err() != nil {
		return
	}
	l.record(res)
	if res.full {
		l.state.Pulse.Beat("waiting for the next comparison")
	}
	l.once.Do(func() { close(l.first) })
	switch {
	case res.dir != nil || res.store != nil:
		l.tick.Reset(min(retry, l.state.Interval))
	case res.full:
		l.tick.Reset(l.state.Interval)
	}
	if l.due {
		l.launch(ctx)
	}
}

// record shows a result, and logs what is not as it was.
func (l *loop) record(res result) {
	was := l.Status()
	l.setStatus(func(st *Status) {
		st.Dir, st.Store, st.Watch = res.dir, res.store, res.watch
		if res.home != (identity{}) {
			st.home = res.home
		}
		if res.full && res.dir == nil && res.store == nil {
			st.LastReconcile = time.Now()
		}
	})
	tell := func(before, now error, bad, good string) {
		switch {
		case now != nil && errText(before) != errText(now):
			l.log.Error(bad, zap.Error(now))
		case now == nil && before != nil:
			l.log.Info(good)
		}
	}
	tell(was.Dir, res.dir, "the DAG directory cannot be used; known schedules stay", "the DAG directory can be used again")
	tell(was.Store, res.store, "changes of DAG files cannot be stored; they wait", "changes of DAG files are stored again")
	tell(was.Watch, res.watch, "the DAG directory is not watched; changes are found at the interval", "the DAG directory is watched again")
}

// check tells a comparison that hangs from one that has much to do.
func (l *loop) check() {
	l.stall.Reset(silence)
	if steps := l.state.at.steps.Load(); steps != l.steps {
		l.steps = steps
		return
	}
	at := l.state.at.now.Load()
	err := fmt.Errorf("no answer for %s while %s", silence, at.what)
	res := result{dir: err, watch: l.Status().Watch}
	if at.store {
		res.dir, res.store = nil, err
	}
	l.record(res)
	l.once.Do(func() { close(l.first) })
}

// event notes what an event says, and waits until there are no more.
func (l *loop) event(e fsnotify.Event, ok bool) {
	if !ok {
		l.fault(errors.New("the file watcher has ended"))
		return
	}
	name := filepath.Base(e.Name)
	s := l.state
	switch {
	case e.Name == s.Dir, e.Name == filepath.Dir(s.BaseFile):
		l.pending.full = true
	case name == kubernetesData, s.BaseFile != "" && name == filepath.Base(s.BaseFile):
		l.pending.full = true
	case isDAGFile(name):
		if l.pending.names == nil {
			l.pending.names = make(map[string]struct{})
		}
		l.pending.names[name] = struct{}{}
		if len(l.pending.names) > maxNames {
			l.pending.full, l.pending.names = true, nil
		}
	default:
		return
	}
	l.wait()
}

// kubernetesData is the link that Kubernetes swaps when a ConfigMap changes; the
// files of the volume are links through it.
const kubernetesData = "..data"

// fault handles lost events: everything is compared. After any other error than
// an overflow the watcher is made anew.
func (l *loop) fault(err error) {
	l.pending.full = true
	if errors.Is(err, fsnotify.ErrEventOverflow) {
		l.setStatus(func(st *Status) { st.Overflows++ })
		l.state.Metrics.overflowed()
		l.log.Warn("too many changes of files at once; the directory is compared fully")
	} else {
		l.pending.rewatch = true
		l.events, l.errs = nil, nil
		l.log.Warn("the file watcher failed; it is made anew", zap.Error(err))
	}
	l.wait()
}

// wait lets events settle before they are acted on.
func (l *loop) wait() {
	now := time.Now()
	if l.since.IsZero() {
		l.since = now
	}
	l.debounce.Reset(max(0, min(quiet, longest-now.Sub(l.since))))
}
