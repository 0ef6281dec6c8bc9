//go:build faults

package fault

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	dirVar = "DAGU_FAULTS"
	offVar = "DAGU_FAULTS_OFF"
	// look is how often one who hangs looks whether that is over.
	look = 20 * time.Millisecond
)

// At hangs, panics or waits where the point is told to. Any goroutine may call it.
func At(point string) { _ = Error(point) }

// Error is At, and returns the error that the point is told to fail with.
func Error(point string) error {
	switch act, what := told(point); act {
	case "hang":
		hang(point)
	case "panic":
		panic("fault at " + point)
	case "delay":
		d, _ := time.ParseDuration(what) // what is no duration is none
		time.Sleep(d)
	case "error":
		return fmt.Errorf("fault at %s: %w", point, errorOf(what))
	case "kill":
		calls.count(point, what)
	}
	return nil
}

// hang stays until the point is not told to hang any more, and says so meanwhile.
func hang(point string) {
	mark := filepath.Join(os.Getenv(dirVar), point+".hangs")
	_ = os.WriteFile(mark, nil, 0o600) // one who waits for it in vain says so
	for act := "hang"; act == "hang"; act, _ = told(point) {
		time.Sleep(look)
	}
	_ = os.Remove(mark) // another one who hung here may have been first
}

// calls counts the callers of the points that are to kill.
var calls counter //nolint:gochecknoglobals // the points are places of the whole process

type counter struct {
	mu     sync.Mutex
	number map[string]int
}

// count counts a caller, and ends the process when it is the one that is meant.
func (c *counter) count(point, which string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.number == nil {
		c.number = make(map[string]int)
	}
	c.number[point]++
	if strconv.Itoa(c.number[point]) == which {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // there is nobody to tell
		select {}
	}
}

func errorOf(name string) error {
	switch name {
	case "ENOSPC":
		return syscall.ENOSPC
	case "EROFS":
		return syscall.EROFS
	default:
		return syscall.EIO
	}
}

// told reads what the point is told to do.
func told(point string) (act, what string) {
	dir := os.Getenv(dirVar)
	if dir == "" {
		return "", ""
	}
	text, _ := os.ReadFile(filepath.Join(dir, point)) // none is the usual case
	act, what, _ = strings.Cut(strings.TrimSpace(string(text)), " ")
	return act, what
}

// Off tells whether the process does without a part of the health registry.
func Off(part string) bool { return slices.Contains(strings.Split(os.Getenv(offVar), ","), part) }

// clock is what the file "wall" says.
type clock struct {
	offset time.Duration
	rate   float64
	real   time.Time
	wall   time.Time
}

// readClock reads the file; what cannot be understood there steps nothing.
func readClock() clock {
	act, what := told("wall")
	words := strings.Fields(what)
	switch {
	case act == "offset":
		d, _ := time.ParseDuration(what)
		return clock{offset: d}
	case act == "clock" && len(words) == 3:
		rate, _ := strconv.ParseFloat(words[0], 64)
		at, _ := time.Parse(time.RFC3339Nano, words[1])
		shown, err := time.Parse(time.RFC3339Nano, words[2])
		if err == nil {
			return clock{rate: rate, real: at, wall: shown}
		}
	}
	return clock{}
}

// Now is the wall clock, as it is stepped.
func Now() time.Time {
	c := readClock()
	if c.wall.IsZero() {
		return time.Now().Add(c.offset)
	}
	return c.wall.Add(time.Duration(c.rate * float64(time.Since(c.real))))
}

// Steady is how much steady time passed in d of the machine's.
func Steady(d time.Duration) time.Duration {
	if c := readClock(); !c.wall.IsZero() {
		return time.Duration(c.rate * float64(d))
	}
	return d
}

// Lasting is how long of the machine's time it takes until d has passed; for ever
// is an hour.
func Lasting(d time.Duration) time.Duration {
	c := readClock()
	switch {
	case c.wall.IsZero():
		return d
	case c.rate <= 0:
		return time.Hour
	default:
		return time.Duration(float64(d) / c.rate)
	}
}
