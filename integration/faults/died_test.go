package faults_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// often has the DAG directory compared more often than by default.
var often = []string{"DAGU_SCHEDULER_RECONCILE_INTERVAL=1s"} //nolint:gochecknoglobals // a constant in all but name

// TestALoopThatPanicsEndsTheProcess holds what becomes of a panic in a loop itself,
// which is nobody's DAG: the process ends, so that a supervisor starts the next one, and
// no probe is green from then on. With a panic in each first turn none ever is.
func TestALoopThatPanicsEndsTheProcess(t *testing.T) {
	t.Parallel()
	for point, code := range map[string]int{
		"scheduler.loop": 1, // in order: the loop is why the process exists
		"queue.loop":     2, // as the Go runtime ends a process
		"catalog.loop":   2,
		"store.writer":   2,
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			s := newSubject(t)
			s.start(nil, often, nil)
			w := newWatch(t, s.port)
			require.True(t, wait(patience, w.green), "the scheduler starts; log:\n%s", s.log.String())
			require.NoError(t, s.order(point, "panic"))
			require.Equal(t, code, s.ended(t))
			end := time.Now()
			w.stop()
			require.Contains(t, s.log.String(), "fault at "+point)
			for _, endpoint := range endpoints() {
				late := func(a sample) bool { return a.green() && a.at.After(end) }
				require.False(t, slices.ContainsFunc(w.line(endpoint), late), "%s is green after the end", endpoint)
			}

			second := s.next(t) // each turn panics
			w = newWatchEvery(t, second.port, time.Millisecond)
			require.Equal(t, code, second.ended(t))
			w.stop()
			for _, endpoint := range []string{health, ready, startup} {
				require.False(t, slices.ContainsFunc(w.line(endpoint), sample.green), "%s is green although no turn ends", endpoint)
			}

			require.NoError(t, s.order(point, ""))
			third := s.next(t)
			require.True(t, wait(patience, newWatch(t, third.port).green), "all is green again; log:\n%s", third.log.String())
			require.Contains(t, third.log.String(), "the life before")
		})
	}
}

// ended waits for the end of the process and returns its exit code.
func (s *subject) ended(t *testing.T) int {
	t.Helper()
	select {
	case <-s.done:
	case <-time.After(patience):
		require.Fail(t, "the process does not end", s.log.String())
	}
	return s.cmd.ProcessState.ExitCode()
}

// next starts another process in the same home.
func (s *subject) next(t *testing.T) *subject {
	t.Helper()
	next := &subject{tb: t, dir: s.dir, port: freePort(t), done: make(chan struct{})}
	next.start(nil, often, nil)
	return next
}
