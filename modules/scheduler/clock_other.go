//go:build !linux

package scheduler

import "time"

// suspended is not known on this system: a suspend looks like a forward step.
func suspended() time.Duration { return 0 }
