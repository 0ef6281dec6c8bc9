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
		for act == "hang" {
			time.Sleep(look)
			act, _ = told(point)
		}
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
