package health

import "sync/atomic"

// Names of the pulses that the engine's loops register.
const (
	// SchedulerLoop is the loop that takes due times: the verdict depends on it.
	SchedulerLoop = "scheduler-loop"
	// QueueLoop is the loop that admits runs. Its silence is logged; it does not change the verdict.
	QueueLoop = "queue-loop"
)

// Pulse is the sign of life of one loop. The loop calls Beat on every turn, at
// least once a second, busy or idle; any goroutine may. A nil *Pulse takes
// beats and does nothing.
type Pulse struct {
	name  string
	vital bool // the verdict depends on it

	beats atomic.Uint64
	doing atomic.Pointer[string]
	// silentAt is the count of beats, plus one, at which the evaluator found the
	// pulse silent; 0 while it is not. The next beat makes the two differ, so a
	// loop that is back is so at once and not at the next look.
	silentAt atomic.Uint64
	// ticks counts the looks without a beat, and lasted is its last value before it fell to 0.
	ticks, lasted atomic.Int64

	// seen is the count of beats at the last look; the evaluator's own.
	seen uint64
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

func (p *Pulse) silent() bool {
	at := p.silentAt.Load()
	return at != 0 && at == p.beats.Load()+1
}

// look counts the silence; after limit looks without a beat the pulse is silent.
func (p *Pulse) look(limit int64) {
	beats := p.beats.Load()
	if beats != p.seen {
		p.seen = beats
		p.silentAt.Store(0)
		if ticks := p.ticks.Swap(0); ticks > 0 {
			p.lasted.Store(ticks)
		}
		return
	}
	if p.ticks.Add(1) >= limit {
		p.silentAt.Store(beats + 1)
	}
}
