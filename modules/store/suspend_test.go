package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestSuspend(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := open(t, store.Options{Now: clock.Now})
	at := clock.Now()
	for range 2 { // the second time is a repeat
		require.NoError(t, s.Suspend(t.Context(), "b", at))
		require.NoError(t, s.Suspend(t.Context(), "a", at.Add(time.Hour)))
	}
	require.NoError(t, s.Suspend(t.Context(), "b", at.Add(time.Minute)), "it lasts already")
	list, err := s.Suspensions(t.Context())
	require.NoError(t, err)
	require.Equal(t, []store.Suspension{{DAG: "a", From: at.Add(time.Hour)}, {DAG: "b", From: at}}, list)

	for range 2 {
		require.NoError(t, s.Resume(t.Context(), "b", at.Add(time.Minute)))
	}
	require.NoError(t, s.Resume(t.Context(), "never", at))
	require.NoError(t, s.Resume(t.Context(), "a", at), "before it began")
	list, err = s.Suspensions(t.Context())
	require.NoError(t, err)
	require.Empty(t, list)

	suspended := func(dag string, due time.Time) (was bool) {
		_, err := s.Decide(t.Context(), []store.Candidate{{DAG: dag, Kind: store.KindStart, Due: due}},
			func(_ int, state store.State) store.Verdict {
				was = state.Suspended
				return store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonNoCatchup}
			})
		require.NoError(t, err)
		return was
	}
	require.False(t, suspended("b", at.Add(-1)))
	require.True(t, suspended("b", at), "the interval contains its start")
	require.True(t, suspended("b", at.Add(time.Minute-1)))
	require.False(t, suspended("b", at.Add(time.Minute)), "and not its end")
	require.False(t, suspended("a", at.Add(time.Hour)), "a was resumed before its suspension began")

	require.NoError(t, s.Suspend(t.Context(), "b", at), "an instant that was used before")
	require.True(t, suspended("b", at.Add(time.Hour)))
}
