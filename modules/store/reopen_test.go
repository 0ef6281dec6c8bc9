package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestReopen(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	const minutely = "* * * * *"
	at := func(minute int) time.Time { return noon().Add(time.Duration(minute) * time.Minute) }
	row := func(dag string, from, to int) store.Candidate {
		c := candidate(dag, at(from), minutely)
		c.Last, c.Count = at(to), to-from+1
		return c
	}
	for _, dag := range []string{"fired", "missed", "behind", "mixed"} {
		sync1(t, s, at(0), dag, minutely)
	}
	sync1(t, s, at(500), "new", minutely)
	decide(t, s, candidate("fired", at(1), minutely), fire("fired", at(1)))
	decide(t, s, row("fired", 2, 98), missed())
	decide(t, s, candidate("fired", at(99), minutely), fire("fired", at(99)))
	decide(t, s, row("fired", 100, 500), missed())
	decide(t, s, row("missed", 1, 500), missed())
	decide(t, s, row("behind", 1, 30), missed())
	decide(t, s, row("mixed", 1, 3), missed())
	decide(t, s, candidate("mixed", at(4), minutely), skipped())
	decide(t, s, row("mixed", 5, 500), missed())

	now := at(50).Add(time.Second)
	n, err := s.Reopen(t.Context(), now)
	require.NoError(t, err)
	require.Equal(t, 4, n)
	mark := func(dag string) time.Time { return sync1(t, s, now, dag, minutely)[minutely].Mark }
	require.Equal(t, at(99), mark("fired"), "not past what fired")
	require.Equal(t, now, mark("missed"))
	require.Equal(t, at(30), mark("behind"), "it was not ahead")
	require.Equal(t, now, mark("mixed"))
	require.Equal(t, now, mark("new"), "first seen when the clock was wrong")
	require.Equal(t, now, sync1(t, s, now, "new", minutely)[minutely].From)

	list := occurrences(t, s, "fired")
	require.Len(t, list, 3)
	require.Equal(t, at(99), list[2].Due)
	list = occurrences(t, s, "missed")
	require.Len(t, list, 1)
	require.Equal(t, []any{at(1), at(50), 50}, []any{list[0].Due, list[0].Last, list[0].Count}, "the row is cut")
	list = occurrences(t, s, "mixed")
	require.Len(t, list, 3)
	require.Equal(t, []any{at(5), at(50), 46}, []any{list[2].Due, list[2].Last, list[2].Count})

	n, err = s.Reopen(t.Context(), now)
	require.NoError(t, err)
	require.Equal(t, 0, n, "what fired stays ahead, and that is no move")
	require.False(t, decide(t, s, candidate("missed", at(51), minutely), fire("missed", at(51))).Earlier, "it is due again")
	decided(t, s, candidate("fired", at(99), minutely))
}

// What fired of one kind holds no mark of another.
func TestReopenIsOfEachKind(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	at := func(minute int) time.Time { return noon().Add(time.Duration(minute) * time.Minute) }
	set := store.ScheduleSet{DAG: "d"}
	for _, kind := range []store.Kind{store.KindStart, store.KindStop, store.KindRestart} {
		set.Entries = append(set.Entries, store.Entry{Kind: kind, Text: "* * * * *", Zone: "UTC"})
	}
	_, err := s.SyncSchedules(t.Context(), []store.ScheduleSet{set}, at(0))
	require.NoError(t, err)
	for _, e := range set.Entries {
		c, v := store.Candidate{DAG: "d", Kind: e.Kind, Due: at(1), Last: at(99), Count: 99, Entries: []store.Entry{e}}, missed()
		if e.Kind == store.KindStop {
			c.Due, c.Last, c.Count, v = at(99), time.Time{}, 0, store.Verdict{Outcome: store.OutcomeFired}
		}
		decide(t, s, c, v)
	}
	n, err := s.Reopen(t.Context(), at(50))
	require.NoError(t, err)
	require.Equal(t, 2, n)
	marks, err := s.Marks(t.Context(), []string{"d"})
	require.NoError(t, err)
	got := map[store.Kind]time.Time{}
	for _, m := range marks {
		got[m.Entry.Kind] = m.Mark
	}
	require.Equal(t, map[store.Kind]time.Time{store.KindStart: at(50), store.KindStop: at(99), store.KindRestart: at(50)}, got)
}

// A process that does not see a step back has planned behind the mark that another
// took back: what it takes would leave out what is due before.
func TestADecisionBehindAMarkThatWentBackIsStale(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	const hourly, minutely = "0 * * * *", "* * * * *"
	at := func(minute int) time.Time { return noon().Add(time.Duration(minute) * time.Minute) }
	sync1(t, s, at(0), "d", minutely, hourly)
	decide(t, s, candidate("d", at(1), minutely), skipped())

	c := candidate("d", at(2), minutely)
	c.After = at(1)
	_, err := s.Reopen(t.Context(), at(-30))
	require.NoError(t, err)
	answer := func(c store.Candidate) store.Decision {
		list, err := s.Decide(t.Context(), []store.Candidate{c}, func(int, store.State) store.Verdict { return skipped() })
		require.NoError(t, err)
		return list[0]
	}
	require.Equal(t, store.Decision{Stale: true}, answer(c))
	require.Empty(t, occurrences(t, s, "d"), "nothing is recorded")
	require.Equal(t, at(-30), sync1(t, s, at(-30), "d", minutely, hourly)[minutely].Mark)

	// An entry that is due more seldom has an older mark, and nothing before is undecided.
	row := candidate("d", at(-29), minutely)
	row.After, row.Last, row.Count = at(-30), at(-1), 29
	require.False(t, answer(row).Stale)
	both := candidate("d", at(0), minutely, hourly)
	both.After = at(-1)
	require.Equal(t, skipped(), answer(both).Verdict)
	require.Equal(t, at(0), sync1(t, s, at(0), "d", minutely, hourly)[hourly].Mark)
}
