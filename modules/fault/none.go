//go:build !faults

package fault

import "time"

// At hangs, panics or waits where the point is told to. Any goroutine may call it.
func At(string) {}

// Error is At, and returns the error that the point is told to fail with.
func Error(string) error { return nil }

// Off tells whether the process does without a part of the health registry.
func Off(string) bool { return false }

// Now is the wall clock, as it is stepped.
func Now() time.Time { return time.Now() }

// Steady is how much steady time passed in d of the machine's.
func Steady(d time.Duration) time.Duration { return d }

// Lasting is how long of the machine's time it takes until d has passed.
func Lasting(d time.Duration) time.Duration { return d }
