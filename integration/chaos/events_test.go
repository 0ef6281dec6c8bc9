package chaos_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"
)

// events are what people and clocks do meanwhile. They are of one goroutine.
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
		e.command(point{"store.exec", 6}, "suspend", "edited")
	case 6:
		e.command(point{"store.exec", 6}, "resume", "edited")
	case 7: // there may be nothing to stop
		e.command(point{}, "stop", "manual", "--no-wait")
	case 8, 9: // a process of its own runs it at once
		e.give("start", "direct", point{[]string{"store.exec", "runner.begun", "runner.forked", "runner.end", "runner.ended"}[e.random.IntN(5)], 1})
	default:
		e.give("enqueue", "manual", point{"store.exec", 12})
	}
}

// give asks for a run by hand; at times the command is killed at a point.
func (e *events) give(command, dag string, p point) {
	h := e.home
	h.next++
	g := given{id: "given-" + strconv.Itoa(h.next), ran: command == "start"}
	if e.random.IntN(3) > 0 {
		p.often = 0
	}
	g.acked = e.command(p, command, dag, "--run-id", g.id)
	if !g.acked && p.often == 0 {
		h.tb.Errorf("%s %s failed", command, g.id)
	}
	h.given = append(h.given, g)
}

// command runs a command, which dies at the point unless it comes there never or
// not often enough, and tells whether it did what it should.
func (e *events) command(p point, args ...string) bool {
	h := e.home
	const control = "command"
	require.NoError(h.tb, os.RemoveAll(h.control(control)))
	if p.often > 0 {
		h.order(control, p.name, fmt.Sprintf("kill %d", 1+e.random.IntN(p.often)))
	}
	out, err := h.command(control, args...).CombinedOutput()
	if err != nil && p.often == 0 && args[0] != "stop" {
		h.tb.Logf("%v: %v\n%s", args, err, out)
	}
	return err == nil
}
