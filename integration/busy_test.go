package integration_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// holdWrites keeps every other process from writing to the database until the
// function it returns is called.
func (h *home) holdWrites() (release func()) {
	h.tb.Helper()
	s := h.records()
	held, hold, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		due := []store.Candidate{{DAG: "held", Kind: store.KindStart, Due: time.Unix(0, 0)}}
		_, _ = s.Decide(context.Background(), due, func(int, store.State) store.Verdict { // it gives up waiting for itself
			close(held)
			<-hold
			return store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonNoCatchup}
		})
	}()
	<-held
	return func() {
		close(hold)
		<-done
	}
}

// A one-shot command waits longer for a busy database than the loops, which give up
// after 5 s to go on with something else.
func TestAOneShotCommandWaits(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.dag("a", "steps:\n  - run: \"true\"\n")
	h.enqueue("a")
	release := h.holdWrites()
	done := make(chan result, 1)
	go func() { done <- h.run("enqueue", "a") }()
	select {
	case r := <-done:
		require.Fail(t, "it did not wait", r.stderr)
	case <-time.After(6 * time.Second):
	}
	release()
	require.Zero(t, (<-done).code)
}
