package schedule_test

import (
	"errors"
	"math/rand/v2"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/schedule"
)

// warmUp is the part at the begin of a stretch of time from which the oracle only
// learns what the wall clock has shown; no change of clocks since 1900 is larger
// than a day.
const warmUp = 36 * time.Hour

// stretch is some time in a zone, and what the wall clock shows in it.
type stretch struct {
	loc      *time.Location
	from, to time.Time // compared; the oracle looks at warmUp more
	moments  []moment
}

func newStretch(loc *time.Location, from, to time.Time, step time.Duration) stretch {
	return stretch{loc, from, to, moments(loc, from.Add(-warmUp), to, step)}
}

// around makes the stretch of some time before and after a change.
func around(loc *time.Location, change time.Time, margin time.Duration) stretch {
	change = change.Truncate(time.Minute)
	return newStretch(loc, change.Add(-margin), change.Add(margin), time.Minute)
}

// specs makes the usual and n random expressions.
func specs(n int, seed uint64) []string {
	r := rand.New(rand.NewPCG(seed, 1))
	all := usualSpecs()
	for range n {
		all = append(all, randomSpec(r))
	}
	return all
}

// compare asks Next for every due time of the stretch one after the other, and for
// the one after some instants at random, and the oracle for the same.
func compare(t *testing.T, st stretch, texts []string) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(st.from.Unix()), 2))
	for _, text := range texts {
		s, err := schedule.Parse(text, st.loc)
		if never := (*schedule.ParseError)(nil); errors.As(err, &never) && never.Field == "day of month" {
			continue // TestNeverDue compares these
		}
		require.NoError(t, err)
		o := newOracle(t, text)
		due := o.due(st.moments)
		after := func(at time.Time) time.Time {
			i := sort.Search(len(due), func(i int) bool { return due[i] > at.Unix() })
			if i == len(due) {
				return st.to
			}
			return time.Unix(due[i], 0).UTC()
		}
		check := func(at time.Time) time.Time {
			got, want := s.Next(at), after(at)
			if got.Equal(want) || want.Equal(st.to) && !got.Before(want) {
				return got
			}
			t.Fatalf("%s in %s after %s (%s):\n got %s (%s)\nwant %s (%s)", text, st.loc,
				at, at.In(st.loc), got, got.In(st.loc), want, want.In(st.loc))
			return got
		}
		for at := st.from.Add(-1); at.Before(st.to); {
			at = check(at)
		}
		middle := st.from.Add(st.to.Sub(st.from) / 2)
		for range 5 {
			check(st.from.Add(time.Duration(r.Int64N(int64(st.to.Sub(st.from))))))
			check(middle.Add(time.Duration(r.Int64N(int64(8 * time.Hour)))).Add(-4 * time.Hour))
		}
	}
}

// TestOracleSample compares in every distinct zone over its first gap and its first
// overlap. The whole of it is TestOracleMatrix.
func TestOracleSample(t *testing.T) {
	t.Parallel()
	zones := distinctZones(t, utc(2020), utc(2030), 24*time.Hour)
	require.Greater(t, len(zones), 60)
	texts := specs(40, 7)
	compared := 0
	for _, z := range zones {
		first := map[bool]bool{}
		for _, c := range z.changes {
			if gap := c.shift > 0; !first[gap] {
				first[gap] = true
				compared++
				compare(t, around(z.loc, c.at, 20*time.Hour), texts)
			}
		}
	}
	require.Greater(t, compared, 80)
}

// TestOracleSeconds compares, second by second, where offsets had seconds: a due
// time is where the wall clock shows second 0, or passes it.
func TestOracleSeconds(t *testing.T) {
	t.Parallel()
	for name, year := range map[string]int{
		"Europe/Berlin":    1893,
		"Europe/Paris":     1911, // backward
		"Europe/Dublin":    1916,
		"America/New_York": 1883,
		"Africa/Monrovia":  1972,
	} {
		loc := load(t, name)
		changes := transitions(loc, utc(year), utc(year+1), 24*time.Hour)
		require.NotEmpty(t, changes, name)
		for _, c := range changes {
			compare(t, newStretch(loc, c.at.Add(-2*time.Hour), c.at.Add(2*time.Hour), time.Second), specs(30, 9))
		}
	}
}
