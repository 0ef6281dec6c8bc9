package schedule_test

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests need no time zone database on the machine

	"github.com/stretchr/testify/require"
)

func load(tb testing.TB, name string) *time.Location {
	tb.Helper()
	loc, err := time.LoadLocation(name)
	require.NoError(tb, err)
	return loc
}

func utc(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }

// transition is a change of a zone's offset.
type transition struct {
	at    time.Time // the first instant of the new offset
	shift int       // seconds that the wall clock goes forward
}

// transitions finds the changes of a zone's offset by looking at it every step, and
// closer where it differs. Two changes that undo each other within a step are missed.
func transitions(loc *time.Location, from, to time.Time, step time.Duration) []transition {
	offset := func(t time.Time) int {
		_, o := t.In(loc).Zone()
		return o
	}
	var found []transition
	for t := from; t.Before(to); t = t.Add(step) {
		before, after := offset(t), offset(t.Add(step))
		if before == after {
			continue
		}
		seconds := sort.Search(int(step/time.Second), func(s int) bool {
			return offset(t.Add(time.Duration(s)*time.Second)) != before
		})
		at := t.Add(time.Duration(seconds) * time.Second)
		found = append(found, transition{at, offset(at) - before})
	}
	return found
}

// testZone is one of the zones of the database that differ between two times.
type testZone struct {
	loc     *time.Location
	changes []transition
}

// distinctZones lists one zone of each set that changes alike, in order of name.
func distinctZones(tb testing.TB, from, to time.Time, step time.Duration) []testZone {
	tb.Helper()
	names, err := os.ReadFile("zones.txt")
	require.NoError(tb, err)
	known := map[string]bool{}
	var zones []testZone
	for _, name := range strings.Fields(string(names)) {
		z := testZone{loc: load(tb, name)}
		z.changes = transitions(z.loc, from, to, step)
		_, offset := from.In(z.loc).Zone()
		if key := fmt.Sprint(offset, z.changes); !known[key] {
			known[key] = true
			zones = append(zones, z)
		}
	}
	return zones
}

func TestZoneNamesExist(t *testing.T) {
	t.Parallel()
	names, err := os.ReadFile("zones.txt")
	require.NoError(t, err)
	list := strings.Fields(string(names))
	require.Greater(t, len(list), 500)
	require.True(t, sort.StringsAreSorted(list))
	for _, name := range list {
		load(t, name)
	}
}
