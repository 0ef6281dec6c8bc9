//go:build faults

package fault

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// Now is the wall clock, as it is stepped.
func Now() time.Time {
	_, what := told("wall")
	d, _ := time.ParseDuration(what) // what is no duration is none
	return time.Now().Add(d)
}
