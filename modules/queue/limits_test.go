package queue_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"dagu/modules/queue"
	"dagu/modules/store"
)

// A process puts its limits in force when it starts, and tells once of each
// generation that differs.
func TestLimitsInForceAreFollowed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.InfoLevel)
		s := newFakeStore(0)
		s.limits = store.Limits{Generation: 4, Slots: map[string]int{"wide": 2, "same": 3}}
		own := store.Limits{Source: "own.yaml", Slots: map[string]int{"wide": 5, "same": 3}}
		q, err := queue.New(queue.Options{MaxActive: 1, Limits: own}, s, &fakeExecutor{}, &fakePulse{}, zap.New(core))
		require.NoError(t, err)
		require.NoError(t, q.Start(t.Context()))
		require.NoError(t, q.Start(t.Context()))
		synctest.Wait()
		require.Equal(t, 1, s.sets, "a second start does nothing")
		take := func() (list []string) {
			for _, entry := range logs.TakeAll() {
				f := entry.ContextMap()
				list = append(list, fmt.Sprintln(entry.Message, f["was"], f["is"], f["own"], f["in_force"]))
			}
			return list
		}
		require.Equal(t, []string{"queue limits are changed to those of this process wide: 2 wide: 5 <nil> <nil>\n"}, take())

		other := func(l store.Limits) {
			s.set(func(s *fakeStore) { l.Generation = s.limits.Generation + 1; s.limits = l })
			for range 3 { // however often it is looked at
				s.wake <- struct{}{}
				time.Sleep(1100 * time.Millisecond) // synctest
				synctest.Wait()
			}
		}
		const differs = "queue limits of a newer configuration are in force, and followed <nil> <nil> "
		other(store.Limits{Slots: map[string]int{"wide": 5, "same": 3, "more": 2}})
		require.Equal(t, []string{differs + "more: 1 more: 2\n"}, take())
		other(store.Limits{Unlimited: true})
		require.Equal(t, []string{differs + "any other: 1, same: 3, wide: 5 any other: unlimited, same: unlimited, wide: unlimited\n"}, take())
		other(own)
		require.Equal(t, []string{"queue limits in force are those of this process again <nil> <nil> <nil> <nil>\n"}, take())
		other(store.Limits{Slots: map[string]int{"wide": 5, "same": 3, "single": 1}})
		require.Empty(t, take(), "a queue that is named and has one slot is as one that is not")
		require.Equal(t, 1, s.sets, "a running process does not take its limits back")
		require.NoError(t, q.Stop(t.Context()))
	})
}

func TestAStartWithoutLimitsFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newFakeStore(1)
		s.fail = errors.New("no room")
		q, err := queue.New(queue.Options{MaxActive: 1}, s, &fakeExecutor{}, &fakePulse{}, zap.NewNop())
		require.NoError(t, err)
		require.ErrorIs(t, q.Start(t.Context()), s.fail)
		synctest.Wait()
		require.Zero(t, s.asked)
		require.NoError(t, q.Stop(t.Context()))
	})
}

func TestCompareNamesTheFirst(t *testing.T) {
	t.Parallel()
	a, b := store.Limits{Slots: map[string]int{}}, store.Limits{}
	for i := range 13 {
		a.Slots[fmt.Sprintf("q%02d", i)] = 2
	}
	ofA, ofB := queue.Compare(a, b)
	require.Regexp(t, `^q00: 2, .*q09: 2, and 3 more$`, ofA)
	require.Regexp(t, `^q00: 1, .*q09: 1, and 3 more$`, ofB)
	ofA, ofB = queue.Compare(a, a)
	require.Empty(t, ofA+ofB)
}
