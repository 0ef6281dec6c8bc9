package logging_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/logging"
)

func newLogger(t *testing.T, opts logging.Options) *logging.Logger {
	t.Helper()
	log, err := logging.New(opts)
	require.NoError(t, err)
	return log
}

func stop(t *testing.T, log *logging.Logger) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, log.Stop(ctx))
}

// sink is an output that can be stalled and broken.
type sink struct {
	mu     sync.Mutex
	text   bytes.Buffer
	writes int
	broken bool
	// gate is read before every write, where it is not nil.
	gate chan struct{}
}

func (s *sink) Write(p []byte) (int, error) {
	if s.gate != nil {
		<-s.gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writes++
	if s.broken {
		return 0, errors.New("broken")
	}
	return s.text.Write(p)
}

func (s *sink) breakNow(broken bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = broken
}

func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// lines is the text without its last line break, split.
func (s *sink) lines() []string {
	return split(s.String())
}

func split(text string) []string {
	var list []string
	for line := range bytes.Lines([]byte(text)) {
		list = append(list, string(bytes.TrimSuffix(line, []byte{'\n'})))
	}
	return list
}
