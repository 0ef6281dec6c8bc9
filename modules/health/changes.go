package health

import (
	"runtime"

	"go.uber.org/zap"
)

// maxStacks bounds the stacks in one log line.
const maxStacks = 128 << 10

// LogChanges returns the hook for Options that writes changes to the log: one
// error when something turns red, of a loop with what it was doing and the stacks
// of all goroutines, up to 128 KiB, and one line when it is well again.
func LogChanges(log *zap.Logger) func(Change) {
	return func(c Change) {
		loop := []zap.Field{zap.String("pulse", c.Name), zap.String("doing", c.Doing), zap.Duration("silent", c.For)}
		switch {
		case c.Loop && c.Red:
			log.Error("loop is silent", append(loop, zap.ByteString("stacks", stacks()))...)
		case c.Loop:
			log.Info("loop is back", loop...)
		case c.Red:
			log.Error("check fails", zap.String("check", c.Name), zap.Error(c.Err))
		default:
			log.Info("check passes again", zap.String("check", c.Name))
		}
	}
}

func stacks() []byte {
	text := make([]byte, maxStacks)
	return text[:runtime.Stack(text, true)]
}
