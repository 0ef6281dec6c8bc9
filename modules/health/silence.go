package health

import (
	"runtime"

	"go.uber.org/zap"
)

// maxStacks bounds the stacks in one log line.
const maxStacks = 128 << 10

// LogSilence returns the hooks for Options that write a silence to the log:
// one error with what the loop was doing and the stacks of all goroutines, up
// to 128 KiB, and one line when it is back.
func LogSilence(log *zap.Logger) (silent, back func(Silence)) {
	silent = func(s Silence) {
		stacks := make([]byte, maxStacks)
		stacks = stacks[:runtime.Stack(stacks, true)]
		log.Error("loop is silent",
			zap.String("pulse", s.Pulse),
			zap.String("doing", s.Doing),
			zap.Duration("silent", s.For),
			zap.ByteString("stacks", stacks))
	}
	back = func(s Silence) {
		log.Info("loop is back",
			zap.String("pulse", s.Pulse),
			zap.String("doing", s.Doing),
			zap.Duration("silent", s.For))
	}
	return silent, back
}
