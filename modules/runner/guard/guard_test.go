package guard_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"dagu/modules/runner/guard"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestDoReturnsTheAnswer(t *testing.T) {
	t.Parallel()
	g := guard.New(guard.Options{})
	got, err := guard.Do(t.Context(), g, func(touch *guard.Touch) (int, error) { return 7, touch.At("file") }, nil)
	require.NoError(t, err)
	require.Equal(t, 7, got)

	failure := errors.New("no such file")
	_, err = guard.Do(t.Context(), g, func(*guard.Touch) (int, error) { return 0, failure }, nil)
	require.Equal(t, failure, err)
}

func TestDoGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := guard.New(guard.Options{Timeout: 3 * time.Second})
		release := make(chan struct{})
		var dropped atomic.Int32
		hang := func(touch *guard.Touch) (int32, error) {
			if err := touch.At("directory /mnt/gone"); err != nil {
				return 0, err
			}
			<-release
			return 7, nil
		}
		begin := time.Now()
		_, err := guard.Do(t.Context(), g, hang, dropped.Store)
		require.ErrorIs(t, err, guard.ErrSilent)
		require.EqualError(t, err, "directory /mnt/gone: does not answer within 3s")
		require.Equal(t, 3*time.Second, time.Since(begin))
		require.Equal(t, 1, g.Silent())

		_, err = guard.Do(t.Context(), g, hang, nil)
		require.EqualError(t, err, "directory /mnt/gone: does not answer since 2000-01-01T00:00:00Z")
		require.Equal(t, 3*time.Second, time.Since(begin), "what hangs is not tried again")

		_, err = guard.Do(t.Context(), g, func(touch *guard.Touch) (int, error) { return 0, touch.At("directory /srv") }, nil)
		require.NoError(t, err, "others are not affected")

		close(release)
		synctest.Wait()
		require.Equal(t, int32(7), dropped.Load(), "a late result is dropped and not leaked")
		require.Zero(t, g.Silent())
		got, err := guard.Do(t.Context(), g, hang, nil)
		require.NoError(t, err, "it answers again")
		require.Equal(t, int32(7), got)
	})
}

func TestDoEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := guard.New(guard.Options{})
		release := make(chan struct{})
		defer close(release)
		stopped := errors.New("stopped")
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(stopped)
		begin := time.Now()
		_, err := guard.Do(ctx, g, func(touch *guard.Touch) (int, error) {
			<-release
			return 0, touch.At("file")
		}, nil)
		require.ErrorIs(t, err, stopped)
		require.Zero(t, time.Since(begin))
	})
}

func TestHangingCallsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := guard.New(guard.Options{Limit: 2})
		release := make(chan struct{})
		defer close(release)
		for _, name := range []string{"a", "b"} {
			_, err := guard.Do(t.Context(), g, func(touch *guard.Touch) (int, error) {
				err := touch.At(name)
				<-release
				return 0, err
			}, nil)
			require.ErrorIs(t, err, guard.ErrSilent)
		}
		_, err := guard.Do(t.Context(), g, func(touch *guard.Touch) (int, error) { return 0, touch.At("c") }, nil)
		require.EqualError(t, err, "c: not touched, as 2 other files or directories do not answer")
	})
}

func TestCrowdBeforeTheFirstDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := guard.New(guard.Options{})
		release := make(chan struct{})
		errs := make(chan error, 100)
		hang := func() {
			_, err := guard.Do(t.Context(), g, func(touch *guard.Touch) (int, error) {
				if err := touch.At("x"); err != nil {
					return 0, err
				}
				<-release
				return 0, touch.At("y")
			}, nil)
			errs <- err
		}
		for range 20 {
			go hang()
		}
		synctest.Wait()
		require.Empty(t, errs, "many at once are no sign of trouble")

		time.Sleep(4 * time.Second) // synctest
		go hang()
		synctest.Wait()
		require.EqualError(t, <-errs, "x: does not answer since 2000-01-01T00:00:00Z")

		close(release)
		synctest.Wait()
		for range 20 {
			require.NoError(t, <-errs)
		}
		require.Zero(t, g.Silent())
	})
}

func TestGivenUpCallTouchesNothingMore(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := guard.New(guard.Options{})
		release := make(chan struct{})
		second := make(chan error, 1)
		_, err := guard.Do(t.Context(), g, func(touch *guard.Touch) (int, error) {
			err := touch.At("first")
			<-release
			second <- touch.At("second")
			return 0, err
		}, nil)
		require.ErrorIs(t, err, guard.ErrSilent)
		close(release)
		require.ErrorIs(t, <-second, guard.ErrSilent)
	})
}

func TestPanicGoesOnInTheCaller(t *testing.T) {
	t.Parallel()
	g := guard.New(guard.Options{})
	require.PanicsWithValue(t, "broken", func() {
		_, _ = guard.Do(t.Context(), g, func(*guard.Touch) (int, error) { panic("broken") }, nil)
	})
}
