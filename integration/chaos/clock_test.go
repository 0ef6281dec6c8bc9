package chaos_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// rate is how much faster than the machine's the time of schedules goes: a due time
// each minute is one each second.
const rate = 60

// clock is the wall clock of all processes of a home.
type clock struct {
	tb   testing.TB
	file string

	mu   sync.Mutex // guards what follows
	rate float64
	real time.Time
	wall time.Time
}

// newClock starts a clock that shows wall now.
func newClock(tb testing.TB, file string, wall time.Time) *clock {
	tb.Helper()
	c := &clock{tb: tb, file: file, rate: rate, real: time.Now(), wall: wall}
	c.write()
	return c
}

// write tells the processes. One that reads meanwhile must not find half a line.
func (c *clock) write() {
	line := fmt.Sprintf("clock %s %s %s\n", strconv.FormatFloat(c.rate, 'f', -1, 64),
		c.real.UTC().Format(time.RFC3339Nano), c.wall.UTC().Format(time.RFC3339Nano))
	require.NoError(c.tb, os.WriteFile(c.file+".new", []byte(line), 0o600))
	require.NoError(c.tb, os.Rename(c.file+".new", c.file))
}

// read is what the clock shows at a time of the machine.
func (c *clock) read(at time.Time) time.Time {
	return c.wall.Add(time.Duration(c.rate * float64(at.Sub(c.real))))
}

// step steps the clock.
func (c *clock) step(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := time.Now()
	c.wall, c.real = c.read(at).Add(by), at
	c.write()
}

// freeze stops the clock, between two lives, and returns what it shows.
func (c *clock) freeze() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := time.Now()
	c.wall, c.real, c.rate = c.read(at), at, 0
	c.write()
	return c.wall
}

// uptime is the monotonic time that steps write down, in its unit.
func uptime(tb testing.TB) time.Duration {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", "uptime"))
	require.NoError(tb, err)
	var up float64
	_, err = fmt.Sscan(string(text), &up)
	require.NoError(tb, err)
	return time.Duration(up * float64(time.Second))
}
