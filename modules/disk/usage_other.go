//go:build !linux

package disk

import "math"

// usageOf knows nothing on this system: the probe file alone tells.
func usageOf(string) (usage, error) { return usage{size: math.MaxUint64, free: math.MaxUint64}, nil }
