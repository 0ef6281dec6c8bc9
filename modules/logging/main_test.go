package logging_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"

	"dagu/modules/logging"
)

// childMode makes this test binary the child of TestClosedPipe.
const childMode = "LOGGING_TEST_CHILD"

func TestMain(m *testing.M) {
	if mode := os.Getenv(childMode); mode != "" {
		os.Exit(child(mode))
	}
	goleak.VerifyTestMain(m)
}

// child logs to a stderr or stdout that nobody reads any more, and writes to it
// past the logger too. What it returns is the exit code, if it lives.
func child(mode string) int {
	out := os.Stderr
	if mode == "stdout" {
		out = os.Stdout
	}
	log, err := logging.New(logging.Options{Out: out})
	if err != nil {
		return 10
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	switch mode {
	case "bare":
		_, _ = fmt.Fprintln(out, "without the logger this is the end")
		return 11
	case "started":
		if log.Start(ctx) != nil || log.Stop(ctx) != nil || log.Start(ctx) != nil {
			return 12
		}
		log.Zap().Info("one line")
		for log.Dropped() == 0 {
			_ = log.Zap().Sync()
		}
		if _, err = fmt.Fprintln(out, "somebody else writes"); err == nil {
			return 13
		}
		return 0
	}
	for i := range 100 {
		log.Zap().Info("nobody reads this", zap.Int("i", i))
		_ = log.Zap().Sync()
	}
	if log.Dropped() != 100 {
		return 14
	}
	if log.Stop(ctx) != nil {
		return 15
	}
	if mode == "stopped" {
		_, _ = fmt.Fprintln(out, "SIGPIPE is back")
		return 16
	}
	return 0
}
