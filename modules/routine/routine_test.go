package routine_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"dagu/modules/routine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type key struct{}

func TestRunLastsFromStartToStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r routine.Routine
		ended := false
		hook, over := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		require.True(t, r.Start(hook, func(ctx context.Context) {
			require.Equal(t, "value", ctx.Value(key{}))
			<-ctx.Done()
			time.Sleep(time.Second) // synctest
			ended = true
		}))
		over()
		synctest.Wait()
		require.False(t, ended, "the hook's context is not the loop's")
		require.False(t, r.Start(t.Context(), func(context.Context) { t.Error("started twice") }))
		require.NoError(t, r.Stop(t.Context()))
		require.True(t, ended, "Stop waits")
		require.NoError(t, r.Stop(t.Context()))
		require.False(t, r.Start(t.Context(), func(context.Context) { t.Error("started after the stop") }))
	})
}

func TestStopDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var r routine.Routine
		hang := make(chan struct{})
		require.True(t, r.Start(t.Context(), func(context.Context) { <-hang }))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, r.Stop(ctx), context.DeadlineExceeded)
		close(hang)
		require.NoError(t, r.Stop(t.Context()))
	})
}

func TestStopBeforeStart(t *testing.T) {
	t.Parallel()
	var r routine.Routine
	require.NoError(t, r.Stop(t.Context()))
	require.False(t, r.Start(t.Context(), func(context.Context) { t.Error("started after the stop") }))
}
