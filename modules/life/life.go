// Package life remembers how the life of a process ended, so that the next one can
// tell.
//
// Each process that schedules keeps one small file, which it holds locked. What it
// says is how far the life has come:
//
//	running ──> draining ──> ended
//
// and whether the process was stuck: live by its process number, and red to a
// liveness probe when its end began. A file whose lock can be taken belongs to a life
// that is over, and tells how: one that was stuck says so, however it was ended, as
// supervisors end it in order first; of the others one that ended says so, one that was
// draining was broken off, and one that was running was killed.
package life

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sys/unix"

	"dagu/modules/fault"
	"dagu/modules/health"
	"dagu/modules/routine"
)

// End is how a life ended.
type End string

// The ends of lives.
const (
	// First: there was no life before, as far as anybody knows.
	First End = "first"
	// Clean: it was stopped and had time for all it had to do.
	Clean End = "clean"
	// Forced: a stop was broken off, by a second signal, stop_timeout or SIGKILL.
	Forced End = "forced_drain"
	// Killed: it ended without a stop, by SIGKILL, the lack of memory, a crash or a power cut.
	Killed End = "killed"
	// Stuck: a liveness probe was answered with a failure when the end came, be it by a
	// signal to stop or at once.
	Stuck End = "stuck"
	// Unknown: its file cannot be read.
	Unknown End = "unknown"
)

// Ends lists all ends.
func Ends() []End { return []End{First, Clean, Forced, Killed, Stuck, Unknown} }

const (
	// Dir is the directory of the files within the data directory.
	Dir = "lives"
	// poll is how often the registry is looked at.
	poll = 500 * time.Millisecond
	// patience bounds what a directory that does not answer may hold up, at the start
	// and at the end.
	patience = time.Second
	// maxFile bounds what is read of a file.
	maxFile = 4 << 10
)

// record is what a file says.
type record struct {
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
	Changed time.Time `json:"changed"`
	Phase   string    `json:"phase"` // running, draining or ended
	Stuck   bool      `json:"stuck"`
}

// The phases of a file.
const (
	running  = "running"
	draining = "draining"
	ended    = "ended"
)

// end is how a life ended whose file says this.
func (r record) end() End {
	switch {
	case r.Stuck:
		return Stuck
	case r.Phase == ended:
		return Clean
	case r.Phase == draining:
		return Forced
	case r.Phase == running:
		return Killed
	default:
		return Unknown
	}
}

// Registry is what a life follows.
type Registry interface {
	// Phase is how far the process is.
	Phase() health.Phase
	// Draining is closed once the phase is health.Draining.
	Draining() <-chan struct{}
	// Verdict is the answer to a probe.
	Verdict(p health.Probe) health.Verdict
}

// Keeper keeps the file of this life, and knows how the one before ended.
type Keeper struct {
	dir      string
	registry Registry
	log      *zap.Logger

	loop     routine.Routine
	previous atomic.Pointer[End]

	mu      sync.Mutex // guards what follows
	file    *os.File
	record  record
	failing bool
}

// New returns a Keeper that does nothing until Start. dir is the data directory.
func New(dir string, registry Registry, log *zap.Logger) *Keeper {
	k := &Keeper{dir: filepath.Join(dir, Dir), registry: registry, log: log}
	first := First
	k.previous.Store(&first)
	return k
}

// Previous is how the life before ended; First before Start. It reads memory only.
func (k *Keeper) Previous() End { return *k.previous.Load() }

// Start logs how the life before ended, removes what past lives left, and begins
// the file of this one. What fails is logged: nothing depends on it. A second call,
// and one after Stop, do nothing.
func (k *Keeper) Start(ctx context.Context) error {
	begun := make(chan struct{})
	launched := k.loop.Start(ctx, func(ctx context.Context) {
		if err := k.begin(); err != nil {
			k.log.Warn("how this life ends will not be known", zap.Error(err))
		}
		close(begun)
		k.run(ctx)
	})
	if !launched {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-begun:
	case <-ctx.Done(): // nothing depends on it
	}
	return nil
}

// Stop says in the file that this life ended as it should. The error tells that the
// directory does not answer, for which it waits a second at most. It may be called
// twice, and before Start.
func (k *Keeper) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := k.loop.Stop(ctx); err != nil {
		return fmt.Errorf("stop keeping the life's file: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.file == nil {
		return nil
	}
	k.record.Phase = ended
	k.write()
	err := k.file.Close()
	k.file = nil
	if err != nil {
		return fmt.Errorf("close the life's file: %w", err)
	}
	return nil
}

// begin reads and removes the files of past lives, and makes our own.
func (k *Keeper) begin() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now().UTC()
	k.record = record{PID: os.Getpid(), Started: now, Changed: now, Phase: running}
	if err := os.MkdirAll(k.dir, 0o750); err != nil {
		return err
	}
	// Of two that begin at once, one would take the other's file, not yet locked, for
	// that of a past life.
	turn, err := os.Open(k.dir)
	if err != nil {
		return err
	}
	defer turn.Close() //nolint:errcheck // nothing was written to it
	if err = unix.Flock(int(turn.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock %s: %w", k.dir, err)
	}
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return err
	}
	var last record
	how := First
	for _, e := range entries {
		path := filepath.Join(k.dir, e.Name())
		past, ok := read(path)
		if !ok {
			continue // it lives
		}
		if past.Started.After(last.Started) || how == First {
			last, how = past, past.end()
		}
		if err = os.Remove(path); err != nil {
			k.log.Warn("the file of a past life was left behind", zap.Error(err))
		}
	}
	k.previous.Store(&how)
	k.tell(last)
	k.file, err = os.OpenFile(filepath.Join(k.dir, rand.Text()+".json"), os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o640)
	if err != nil {
		return err
	}
	if err = unix.Flock(int(k.file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("lock %s: %w", k.file.Name(), err)
	}
	k.write()
	return nil
}

// tell logs how the life before ended.
func (k *Keeper) tell(last record) {
	fields := []zap.Field{
		zap.String("how", string(k.Previous())), zap.Int("pid", last.PID),
		zap.Time("started", last.Started), zap.Time("last_change", last.Changed),
	}
	switch k.Previous() {
	case First:
	case Clean:
		k.log.Info("the life before ended", fields...)
	default:
		k.log.Warn("the life before did not end as it should", fields...)
	}
}

// read returns what the file of a past life says; false when the life is not over.
func read(path string) (record, bool) {
	file, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return record{}, !errors.Is(err, os.ErrNotExist)
	}
	defer file.Close() //nolint:errcheck // nothing was written to it
	if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		return record{}, false
	}
	var r record
	// The first value: one who was killed while it wrote may have left more behind it.
	if json.NewDecoder(io.LimitReader(file, maxFile)).Decode(&r) != nil {
		return record{}, true
	}
	return r, true
}

func (k *Keeper) run(ctx context.Context) {
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	drains := k.registry.Draining()
	for {
		select {
		case <-ctx.Done():
			return
		case <-drains: // at once, as a second signal may follow closely
			drains = nil
		case <-ticker.C:
		}
		k.runOnce()
	}
}

// runOnce writes what is news, and again what could not be written.
func (k *Keeper) runOnce() {
	k.mu.Lock()
	defer k.mu.Unlock()
	fault.At("life.lock")
	phase, stuck := running, k.record.Stuck
	// The verdict before the phase: that on a process which drains is always good.
	live := k.registry.Verdict(health.ProbeLive).Healthy
	if k.registry.Phase() == health.Draining {
		phase = draining // and stuck stays what it was
	} else {
		stuck = !live
	}
	if k.file == nil || (phase == k.record.Phase && stuck == k.record.Stuck && !k.failing) {
		return
	}
	k.record.Phase, k.record.Stuck = phase, stuck
	k.write()
}

// write puts the record into the file, in place, as the lock is the file's.
func (k *Keeper) write() {
	k.record.Changed = time.Now().UTC()
	text, err := json.Marshal(k.record)
	if err == nil {
		_, err = k.file.WriteAt(append(text, '\n'), 0)
	}
	if err == nil {
		err = k.file.Truncate(int64(len(text) + 1))
	}
	if err != nil && !k.failing {
		k.log.Warn("how this life ends may not be known", zap.Error(err))
	}
	k.failing = err != nil
}
