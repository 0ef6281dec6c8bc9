package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func entry(text string) store.Entry {
	return store.Entry{Kind: store.KindStart, Text: text, Zone: "UTC"}
}

// sync records what one DAG has and returns its marks by text.
func sync1(t *testing.T, s *store.Store, now time.Time, dag string, texts ...string) map[string]store.Mark {
	t.Helper()
	set := store.ScheduleSet{DAG: dag}
	for _, text := range texts {
		set.Entries = append(set.Entries, entry(text))
	}
	list, err := s.SyncSchedules(t.Context(), []store.ScheduleSet{set}, now)
	require.NoError(t, err)
	marks := map[string]store.Mark{}
	for _, m := range list {
		marks[m.Entry.Text] = m
	}
	require.Len(t, marks, len(list))
	return marks
}

func TestSyncSchedules(t *testing.T) {
	t.Parallel()
	clock := newClock()
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	conn := raw(t, dir)
	versions := func() int { return number(t, conn, "select count(*) from schedules") }
	seen := clock.Now()
	want := map[string]store.Mark{
		"@hourly": {DAG: "d", Entry: entry("@hourly"), From: seen, Mark: seen},
		"@daily":  {DAG: "d", Entry: entry("@daily"), From: seen, Mark: seen},
	}
	require.Equal(t, want, sync1(t, s, seen, "d", "@hourly", "@daily", "@hourly"))
	require.Equal(t, 2, versions(), "one entry is one version, however often it is listed")
	require.Equal(t, want, sync1(t, s, clock.Step(time.Hour), "d", "@daily", "@hourly"), "neither time nor order changes them")
	active, err := s.ActiveSchedules(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"d"}, active)

	// Gone and back within a day: the same one, with its gap.
	gone := clock.Step(time.Hour)
	require.Equal(t, map[string]store.Mark{"@daily": want["@daily"]}, sync1(t, s, gone, "d", "@daily"))
	require.Empty(t, sync1(t, s, clock.Step(time.Hour), "d"))
	active, err = s.ActiveSchedules(t.Context())
	require.NoError(t, err)
	require.Empty(t, active)
	back := clock.Step(22 * time.Hour)
	hourly := want["@hourly"]
	hourly.AbsentFrom, hourly.AbsentTo = gone, back
	require.Equal(t, map[string]store.Mark{"@hourly": hourly}, sync1(t, s, back, "d", "@hourly"))
	require.Equal(t, 2, versions())

	// Gone for longer: a new one.
	back = clock.Step(10 * time.Hour)
	require.Equal(t, map[string]store.Mark{
		"@hourly": hourly, "@daily": {DAG: "d", Entry: entry("@daily"), From: back, Mark: back},
	}, sync1(t, s, back, "d", "@hourly", "@daily"))
	require.Equal(t, 3, versions())

	// An edited one is new; another zone or kind is another entry.
	now := clock.Step(time.Minute)
	set := store.ScheduleSet{DAG: "d", Entries: []store.Entry{
		entry("0 * * * *"), {Kind: store.KindStart, Text: "@daily", Zone: "Asia/Tokyo"}, {Kind: store.KindStop, Text: "@daily", Zone: "UTC"},
	}}
	list, err := s.SyncSchedules(t.Context(), []store.ScheduleSet{set}, now)
	require.NoError(t, err)
	require.Len(t, list, 3)
	for _, m := range list {
		require.Equal(t, now, m.Mark)
	}
	require.Equal(t, 6, versions())

	// An hour's step back of the clock makes no gap.
	sync1(t, s, now, "e", "@hourly")
	sync1(t, s, now.Add(time.Hour), "e")
	require.Equal(t, map[string]store.Mark{"@hourly": {DAG: "e", Entry: entry("@hourly"), From: now, Mark: now}}, sync1(t, s, now.Add(time.Minute), "e", "@hourly"))
}

func TestSyncManySchedules(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := open(t, store.Options{Dir: dir})
	conn := raw(t, dir)
	now := newClock().Now()
	sets := make([]store.ScheduleSet, 2500)
	for i := range sets {
		sets[i] = store.ScheduleSet{DAG: fmt.Sprintf("dag-%04d", i), Entries: []store.Entry{entry("@hourly")}}
	}
	sync := func(at time.Time) []store.Mark {
		marks, err := s.SyncSchedules(t.Context(), sets, at)
		require.NoError(t, err)
		slices.SortFunc(marks, func(a, b store.Mark) int { return strings.Compare(a.DAG, b.DAG) })
		return marks
	}
	first := sync(now)
	require.Len(t, first, len(sets))
	version := number(t, conn, "pragma data_version")
	require.Equal(t, first, sync(now.Add(time.Hour)))
	require.Equal(t, version, number(t, conn, "pragma data_version"), "nothing changed, so nothing was written")

	sets[7].Entries = append(sets[7].Entries, entry("@daily"))
	sets[8].Entries = nil
	sets = append(sets, store.ScheduleSet{DAG: "dag-0009"}, store.ScheduleSet{DAG: "dag-0009", Entries: []store.Entry{entry("@weekly")}})
	marks := sync(now.Add(time.Hour))
	require.Len(t, marks, 2500)
	require.Equal(t, "@weekly", marks[9].Entry.Text, "the last of two sets counts")
	require.Equal(t, now.Add(time.Hour), marks[9].Mark)
	active, err := s.ActiveSchedules(t.Context())
	require.NoError(t, err)
	require.Len(t, active, 2499)
}

// A schedule that is gone is the same for less than a day. From then on it is gone for
// good, with what was due by it and is not decided.
func TestAScheduleIsGoneForGoodAfterADay(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	s := open(t, store.Options{})
	seen := newClock().Now()
	left := seen.Add(time.Hour)
	for _, dag := range []string{"same", "new", "gone", "moved", "decided"} {
		sync1(t, s, seen, dag, "@hourly")
		if dag == "decided" {
			decide(t, s, candidate(dag, left, "@hourly"), missed())
		}
		sync1(t, s, left, dag)
	}
	require.Equal(t, seen, sync1(t, s, left.Add(day-1), "same", "@hourly")["@hourly"].Mark)
	gone, err := s.GoneSchedules(t.Context(), left.Add(day-1))
	require.NoError(t, err)
	require.Empty(t, gone)

	require.Equal(t, left.Add(day), sync1(t, s, left.Add(day), "new", "@hourly")["@hourly"].Mark)
	moved := store.Entry{Kind: store.KindStart, Text: "@hourly", Zone: "Asia/Tokyo"}
	_, err = s.SyncSchedules(t.Context(), []store.ScheduleSet{{DAG: "moved", Entries: []store.Entry{moved}}}, left.Add(day))
	require.NoError(t, err)
	gone, err = s.GoneSchedules(t.Context(), left.Add(day))
	require.NoError(t, err)
	mark := func(dag string) store.Mark {
		return store.Mark{DAG: dag, Entry: entry("@hourly"), From: seen, Mark: seen, AbsentFrom: seen, AbsentTo: left}
	}
	require.Equal(t, []store.Mark{mark("gone"), mark("moved")}, gone)
}
