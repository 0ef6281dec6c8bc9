//go:build unix && !linux

package process

import "context"

// EndLeftovers does nothing: there is no way to find them.
func EndLeftovers(context.Context, func(variable []byte) bool) error { return nil }
