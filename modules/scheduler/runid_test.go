package scheduler_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/scheduler"
	"dagu/modules/store"
)

// The id of a due time's run is the same in each process and each version: by it two
// that decide one due time mean one run.
func TestRunID(t *testing.T) {
	t.Parallel()
	due := time.Date(2031, 5, 1, 6, 30, 0, 0, time.UTC)
	id := scheduler.RunID("a", store.KindStart, due)
	require.Equal(t, "b870fa2a-a53c-5d5c-8a6c-0e415c80318d", id)
	require.Equal(t, id, scheduler.RunID("a", store.KindStart, due.In(time.FixedZone("", 7200))), "an instant has many spellings")
	others := map[string]bool{id: true}
	others[scheduler.RunID("b", store.KindStart, due)] = true
	others[scheduler.RunID("a", store.KindRestart, due)] = true
	others[scheduler.RunID("a", store.KindStart, due.Add(time.Minute))] = true
	require.Len(t, others, 4)
}
