package health_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"dagu/modules/health"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"
)

func TestSilenceIsLoggedOnceWithStacks(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.DebugLevel)
	changed := health.LogChanges(zap.New(core))
	var group sync.WaitGroup
	hold := make(chan struct{})
	for range 1000 {
		group.Go(func() { <-hold })
	}
	changed(health.Change{Name: "scheduler-loop", Loop: true, Red: true, Doing: "taking nightly", For: 30 * time.Second})
	close(hold)
	group.Wait()
	changed(health.Change{Name: "scheduler-loop", Loop: true, Doing: "idle", For: 42 * time.Second})

	entries := logs.All()
	require.Len(t, entries, 2)
	require.Equal(t, zap.ErrorLevel, entries[0].Level)
	fields := entries[0].ContextMap()
	require.Equal(t, "scheduler-loop", fields["pulse"])
	require.Equal(t, "taking nightly", fields["doing"])
	require.Equal(t, 30*time.Second, fields["silent"])
	require.Contains(t, fields["stacks"], "TestSilenceIsLoggedOnceWithStacks")
	require.LessOrEqual(t, len(fields["stacks"].(string)), health.MaxStacks)
	require.Equal(t, zap.InfoLevel, entries[1].Level)
	require.Equal(t, 42*time.Second, entries[1].ContextMap()["silent"])
}

func TestFailedCheckIsLoggedWithItsReason(t *testing.T) {
	t.Parallel()
	core, logs := observer.New(zap.DebugLevel)
	changed := health.LogChanges(zap.New(core))
	changed(health.Change{Name: "disk", Red: true, Err: errors.New("full")})
	changed(health.Change{Name: "disk"})
	entries := logs.All()
	require.Len(t, entries, 2)
	require.Equal(t, zap.ErrorLevel, entries[0].Level)
	require.Equal(t, map[string]any{"check": "disk", "error": "full"}, entries[0].ContextMap())
	require.Equal(t, zap.InfoLevel, entries[1].Level)
	require.Equal(t, map[string]any{"check": "disk"}, entries[1].ContextMap())
}
