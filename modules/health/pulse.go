package health

import (
	"sync/atomic"
	"time"
)

// Names of the pulses.
const (
	// SchedulerLoop is the loop that takes due times.
	SchedulerLoop = "scheduler-loop"
	// QueueLoop is the loop that admits runs.
	QueueLoop = "queue-loop"
	// StoreWriter is the goroutine that commits what is recorded.
	StoreWriter = "store-writer"
	// CatalogWatch is the full comparison of the DAG directory.
	CatalogWatch = "catalog-watch"
)

// Loop describes a loop that has a pulse. Every pulse counts for ProbeReady.
type Loop struct {
	Name string
	// Health makes ProbeHealth depend on the pulse.
	Health bool
	// Live makes ProbeLive depend on it, at twice the limit. It is for loops that
	// only a restart can mend: no restart mends a disk.
	Live bool
	// Limit is how long the pulse may be silent, counted in whole seconds; 0 is
	// the registry's stall threshold.
	Limit time.Duration
}

// Pulse is the sign of life of one loop. The loop calls Beat on every turn, busy
// or idle; any goroutine may. A nil *Pulse takes beats and does nothing.
type Pulse struct {
	loop  Loop
	limit int64 // turns of the evaluator

	beats atomic.Uint64
	doing atomic.Pointer[string]
	// seen is the count of beats at the last look, and ticks counts the looks since
	// then that found no more. The next beat makes beats and seen differ, so a loop
	// that is back is so at once and not at the next look.
	seen  atomic.Uint64
	ticks atomic.Int64
	// lasted is the last value of ticks before it fell to 0.
	lasted atomic.Int64

	memory past
}

// Beat tells that the loop turns, and what it is about to do. It does not
// block, and allocates only when doing has changed.
func (p *Pulse) Beat(doing string) {
	if p == nil {
		return
	}
	if last := p.doing.Load(); last == nil || *last != doing {
		text := doing
		p.doing.Store(&text)
	}
	p.beats.Add(1)
}

// Doing returns what the last beat announced; "" before the first.
func (p *Pulse) Doing() string {
	if p == nil {
		return ""
	}
	if doing := p.doing.Load(); doing != nil {
		return *doing
	}
	return ""
}

// look counts the silence. ticks falls before seen moves, so that no reader takes
// an old count for the silence since the newest beat.
func (p *Pulse) look() {
	beats := p.beats.Load()
	if beats == p.seen.Load() {
		p.ticks.Add(1)
		return
	}
	if ticks := p.ticks.Swap(0); ticks > 0 {
		p.lasted.Store(ticks)
	}
	p.seen.Store(beats)
}

func (p *Pulse) partName() string { return p.loop.Name }

func (p *Pulse) past() *past { return &p.memory }

func (p *Pulse) age() int64 {
	if p.beats.Load() != p.seen.Load() {
		return 0
	}
	return p.ticks.Load()
}

func (p *Pulse) counts(probe Probe) bool {
	switch probe {
	case ProbeHealth:
		return p.loop.Health
	case ProbeLive:
		return p.loop.Live
	default:
		return probe == ProbeReady
	}
}

func (p *Pulse) red(probe Probe) bool {
	if probe == ProbeLive {
		return p.age() >= 2*p.limit
	}
	return p.age() >= p.limit
}

func (p *Pulse) change(red bool) Change {
	ticks := p.lasted.Load()
	if red {
		ticks = p.ticks.Load()
	}
	return Change{Name: p.loop.Name, Loop: true, Red: red, Doing: p.Doing(), For: time.Duration(ticks) * tick}
}
