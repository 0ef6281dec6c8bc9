package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/dag/value"
	"dagu/modules/fault"
	"dagu/modules/runlog"
	"dagu/modules/store"
)

// prepare loads what the run executes, opens its directories and records that it
// begins. It forks nothing.
func (x *run) prepare(ctx context.Context) (outcome, bool) {
	if err := x.load(ctx); err != nil {
		return x.unprepared(ctx, err), false
	}
	if err := x.openFiles(ctx); err != nil {
		return x.unprepared(ctx, err), false
	}
	if o, ok := x.adopt(); ok {
		return o, false
	}
	if err := x.carry(ctx); err != nil {
		return x.unprepared(ctx, err), false
	}
	fault.At("runner.begin")
	err := x.insist(ctx, "begin of the run", func() error {
		return x.runner.store.Begin(ctx, x.rec.Ref(), x.files.Dir(), x.files.WorkDir(), x.steps.all())
	})
	if errors.Is(err, store.ErrLost) {
		x.lose()
	}
	if err != nil {
		return x.unprepared(ctx, err), false
	}
	fault.At("runner.begun")
	x.steps.open(x)
	x.journal.printf("%s%d, trigger %s, database %s", x.beginning(), x.rec.Attempt, x.rec.Trigger, x.runner.store.Identity())
	return outcome{}, true
}

// unprepared is the outcome of a run that did not begin.
func (x *run) unprepared(ctx context.Context, err error) outcome {
	if ctx.Err() != nil && x.stopReason() != "" {
		return outcome{status: store.StatusAborted, reason: x.stopReason(), cut: true, unbegun: true, bare: true}
	}
	return rejected(err)
}

// load has the run's DAG, with the order of its steps.
func (x *run) load(ctx context.Context) error {
	if x.dag != nil { // it was called, and its caller has it
		var err error
		x.graph, err = x.dag.Graph()
		return err
	}
	key, called := x.rec.TextHash, x.rec.RootID != ""
	if called { // without the handlers of the base file
		key += " called"
	}
	l, ok := x.runner.recent.get(key)
	if !ok {
		var err error
		if l, err = x.read(ctx, called); err != nil {
			return err
		}
		x.runner.recent.put(key, l)
	}
	x.dag, x.graph = l.dag, l.graph
	return nil
}

// read loads the text that the run was enqueued with.
func (x *run) read(ctx context.Context, called bool) (l loaded, err error) {
	var text store.Text
	err = x.insist(ctx, "text of the run", func() (err error) {
		text, err = x.runner.store.Text(ctx, x.rec.TextHash)
		return err
	})
	if err != nil {
		return l, fmt.Errorf("read the DAG's text %s: %w", x.rec.TextHash, err)
	}
	source := catalog.SourceOf(text)
	source.Name = text.DAG
	options := dag.Options{Location: x.runner.options.Location, Called: called}
	options.Base = x.runner.bases.get(source, options)
	if l.dag, err = dag.Load(source, options); err != nil {
		return l, fmt.Errorf("failed to load DAG from %s: %w", text.File, err)
	}
	l.graph, err = l.dag.Graph()
	return l, err
}

// openFiles makes the directories of the run, or finds those of an earlier attempt.
func (x *run) openFiles(ctx context.Context) error {
	return x.awaitRoom(ctx, func() (err error) {
		x.files, err = x.runner.logs.Open(runlog.Attempt{
			DAG: x.rec.DAG, RunID: x.rec.ID, Number: x.rec.Attempt, Named: x.named(), Root: x.logRoot(), LogDir: x.rec.LogDir,
		})
		if err != nil {
			return orNoRoom(err)
		}
		x.journal, err = openJournal(x.files.LogFile())
		return orNoRoom(err)
	})
}

// logRoot is where the workflow wants its logs; "" when it does not say. The field
// may name what is known before a run has parameters and variables.
func (x *run) logRoot() string {
	if x.dag.LogDir == "" {
		return ""
	}
	known := newScope(x.runner.inherited, value.Scope{
		Consts: constants(x.dag.Consts), Context: map[string]string{"dag.name": x.dag.Name, "run.id": x.rec.ID},
	})
	return known.path(x.dag.LogDir, x.dag.WorkingDirBase)
}

// named is the time in the name of the log directory. An older copy of the
// database has the same one, unlike the time of the start: see adopt.
func (x *run) named() time.Time {
	for _, at := range []time.Time{x.rec.Due, x.rec.Queued} {
		if !at.IsZero() {
			return at
		}
	}
	return x.rec.Started
}

// carry makes the list of steps. In a retry, steps that are not to run again keep
// their state and what they published.
func (x *run) carry(ctx context.Context) error {
	x.steps = newRecorder(x.dag)
	if x.rec.Attempt < 2 {
		return nil
	}
	var earlier []store.Step
	for attempt := x.rec.Attempt - 1; attempt > 0 && len(earlier) == 0; attempt-- {
		err := x.insist(ctx, "steps of the earlier attempt", func() (err error) {
			earlier, err = x.runner.store.Steps(ctx, x.rec.ID, attempt)
			return err
		})
		if err != nil {
			return err
		}
	}
	x.steps.carry(earlier, len(x.dag.Steps), x.runsAgain)
	return nil
}

// insist repeats a call of the store until it works, ctx ends, or repeating it is of no use.
func (x *run) insist(ctx context.Context, what string, call func() error) error {
	return x.persist(ctx, "the store does not take or give the "+what+", it is asked again", call, func(err error) bool {
		return !errors.Is(err, store.ErrLost) && !errors.Is(err, store.ErrNotFound) && !errors.Is(err, store.ErrClosed)
	})
}

// awaitRoom repeats a call that makes files of ours until a disk takes them, or ctx
// ends: a full disk holds a run up and does not fail it.
func (x *run) awaitRoom(ctx context.Context, call func() error) error {
	return x.persist(ctx, "files of the run cannot be written, the disk is waited for", call, func(err error) bool {
		return errors.Is(err, errNoRoom)
	})
}

// persist repeats a call until it works, ctx ends, or its error is without hope. The
// first failure is told.
func (x *run) persist(ctx context.Context, trouble string, call func() error, hope func(error) bool) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := call()
		if err == nil || !hope(err) {
			return err
		}
		if pause == firstPause {
			x.warn(trouble, err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		case <-x.runner.quitting:
			timer.Stop()
			return err
		}
	}
}

// The pauses between two attempts to use the store, or a disk.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 5 * time.Second
)

// startTimeout limits the run, and returns what lifts the limit.
func (x *run) startTimeout() func() {
	if x.dag.Timeout <= 0 {
		return func() {}
	}
	timer := time.AfterFunc(x.dag.Timeout, func() { x.stop(store.ReasonTimeout) })
	return func() { timer.Stop() }
}

// bases keeps the base that was parsed last: all workflows of a directory, or of a
// workspace, share one.
type bases struct {
	mu   sync.Mutex
	of   [4]string
	last *dag.Base
}

func (b *bases) get(source dag.Source, options dag.Options) *dag.Base {
	b.mu.Lock()
	defer b.mu.Unlock()
	of := [...]string{source.BaseFile, string(source.Base), source.WorkspaceFile, string(source.Workspace)}
	if b.last == nil || b.of != of {
		b.of, b.last = of, dag.BaseOf(source, options)
	}
	return b.last
}
