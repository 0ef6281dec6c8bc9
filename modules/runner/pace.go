package runner

import "time"

// pacer keeps the starts of steps apart. It is used by one goroutine.
type pacer struct {
	delay time.Duration // 0 is none
	timer *time.Timer
	over  <-chan time.Time // gets a value when the pause is over; nil without a pause
}

// ready tells whether steps may be started.
func (p *pacer) ready() bool { return p.over == nil }

// most is how many steps may be started at once; 0 is no bound.
func (p *pacer) most() int {
	if p.delay > 0 {
		return 1
	}
	return 0
}

// started begins the pause after the start of n steps.
func (p *pacer) started(n int) {
	if p.delay > 0 && n > 0 {
		p.timer = time.NewTimer(p.delay)
		p.over = p.timer.C
	}
}

// stop ends the pause.
func (p *pacer) stop() {
	if p.timer != nil {
		p.timer.Stop()
	}
}
