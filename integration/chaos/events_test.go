package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
)

// events are what people and clocks do meanwhile.
type events struct {
	home   *home
	random *rand.Rand
	plans  map[string]plan
}

// run does something now and then, until it is told to end.
func (e *events) run(end <-chan struct{}) {
	for {
		timer := time.NewTimer(time.Duration(e.random.Int64N(int64(700 * time.Millisecond))))
		select {
		case <-end:
			timer.Stop()
			return
		case <-timer.C:
		}
		e.once()
	}
}

// once does one of the things.
func (e *events) once() {
	h := e.home
	switch e.random.IntN(16) {
	case 0: // the schedule of a file changes
		texts := []string{"*/2 * * * *", "* * * * *", "@hourly", "0 * * * *"}
		p := e.plans["edited"]
		h.dag(p.name, "schedule: '"+texts[e.random.IntN(len(texts))]+"'\nsteps:\n"+p.steps)
	case 1: // a file goes
		_ = os.Remove(h.path("dags", "gone.yaml")) // it may be gone
	case 2: // and comes back
		h.dag("gone", e.plans["gone"].text())
	case 3: // the clock is stepped, by minutes or by hours
		limit := []time.Duration{5 * time.Minute, 20 * time.Minute, 3 * time.Hour}[e.random.IntN(3)]
		h.clock.step(time.Duration(e.random.Int64N(int64(limit))))
	case 4:
		h.clock.step(-time.Duration(e.random.Int64N(int64(10 * time.Minute))))
	case 5:
		e.command("suspend", "edited")
	case 6:
		e.command("resume", "edited")
	case 7: // there may be nothing to stop
		e.command("stop", "manual", "--no-wait")
	default:
		e.enqueue()
	}
}

// enqueue queues a run by hand; at times the command is killed while it does.
func (e *events) enqueue() {
	h := e.home
	h.mu.Lock()
	h.next++
	id := "given-" + strconv.Itoa(h.next)
	h.mu.Unlock()
	done := e.command("enqueue", "manual", "--run-id", id)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.given = append(h.given, given{id: id, acked: done})
}

// command runs a command, which at times is killed, and tells whether it did what it should.
func (e *events) command(args ...string) bool {
	h := e.home
	const control = "command"
	require.NoError(h.tb, os.RemoveAll(h.control(control)))
	if e.random.IntN(4) == 0 {
		h.order(control, "store.exec", fmt.Sprintf("kill %d", 1+e.random.IntN(12)))
	}
	out, err := h.command(control, args...).CombinedOutput()
	if err != nil && args[0] == "enqueue" && !strings.Contains(err.Error(), "signal: killed") {
		h.tb.Errorf("%v: %v\n%s", args, err, out)
	}
	return err == nil
}
