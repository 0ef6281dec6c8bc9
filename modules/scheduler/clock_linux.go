package scheduler

import (
	"time"

	"golang.org/x/sys/unix"
)

// suspended is how long the machine has been suspended since it booted: the
// difference of the two steady clocks (clock_gettime(2)).
func suspended() time.Duration {
	var boot, mono unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &mono) != nil ||
		unix.ClockGettime(unix.CLOCK_BOOTTIME, &boot) != nil {
		return 0
	}
	return time.Duration(boot.Nano() - mono.Nano())
}
