package store_test

import (
	"database/sql"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/schedule"
	"dagu/modules/store"
)

// planner does what a scheduler does with one DAG: it follows what it last
// learned of the schedules, however old that is, and decides what is due.
type planner struct {
	store *store.Store
	next  map[string]time.Time // by the entry's text
	specs map[string]*schedule.Schedule
}

func (p *planner) sync(t *testing.T, now time.Time, texts []string) {
	t.Helper()
	p.next, p.specs = map[string]time.Time{}, map[string]*schedule.Schedule{}
	for text, mark := range sync1(t, p.store, now, "d", texts...) {
		spec, err := schedule.Parse(text, time.UTC)
		require.NoError(t, err)
		p.specs[text], p.next[text] = spec, spec.Next(mark.Mark)
	}
}

// take lists what is due until now, as rows where they are missed.
func (p *planner) take(now time.Time, miss bool) (list []store.Candidate) {
	for {
		var due time.Time
		for _, next := range p.next {
			if due.IsZero() || next.Before(due) {
				due = next
			}
		}
		if due.IsZero() || due.After(now) {
			return list
		}
		c := candidate("d", due)
		for _, text := range slices.Sorted(maps.Keys(p.next)) {
			if p.next[text].Equal(due) {
				c.Entries = append(c.Entries, entry(text))
				p.next[text] = p.specs[text].Next(due)
			}
		}
		if last := len(list) - 1; miss && last >= 0 {
			row := &list[last]
			row.Last, row.Count = due, max(row.Count, 1)+1
			for _, e := range c.Entries {
				if !slices.Contains(row.Entries, e) {
					row.Entries = append(row.Entries, e)
				}
			}
			continue
		}
		list = append(list, c)
	}
}

// due lists the instants that were decided, as the recorded versions tell.
func due(t *testing.T, conn *sql.Conn) map[int64]bool {
	t.Helper()
	rows, err := conn.QueryContext(t.Context(), "select spec, from_at, mark from schedules where dag = 'd'")
	require.NoError(t, err)
	defer func() { require.NoError(t, rows.Close()) }()
	set := map[int64]bool{}
	for rows.Next() {
		var text string
		var from, mark int64
		require.NoError(t, rows.Scan(&text, &from, &mark))
		spec, err := schedule.Parse(text, time.UTC)
		require.NoError(t, err)
		for at := spec.Next(time.Unix(0, from)); at.UnixNano() <= mark; at = spec.Next(at) {
			set[at.UnixNano()] = true
		}
	}
	require.NoError(t, rows.Err())
	return set
}

// Whatever happens, due = fired + skipped + missed: schedules come, go and come
// back, processes know old states and repeat themselves, the clock goes back.
func TestConservation(t *testing.T) {
	t.Parallel()
	pool := []string{"*/7 * * * *", "*/10 * * * *", "0 * * * *", "30 */2 * * *", "15,45 * * * *"}
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 3))
			clock := newClock()
			dir := t.TempDir()
			planners := []*planner{{store: openOwner(t, store.Options{Dir: dir, Now: clock.Now})}, {store: openOwner(t, store.Options{Dir: dir, Now: clock.Now})}}
			conn := raw(t, dir)
			for step := range 60 {
				now := clock.Step(time.Duration(random.IntN(90*60)) * time.Second)
				texts := slices.DeleteFunc(slices.Clone(pool), func(string) bool { return random.IntN(3) == 0 })
				p := planners[random.IntN(2)]
				switch random.IntN(6) {
				case 0:
					for _, p := range planners {
						p.sync(t, now, texts)
					}
				case 1: // the other one does not learn of it
					p.sync(t, now, texts)
				case 2:
					if random.IntN(3) > 0 {
						break
					}
					now = clock.Step(-time.Duration(random.IntN(10*3600)) * time.Second)
					_, err := p.store.Reopen(t.Context(), now)
					require.NoError(t, err)
					for _, p := range planners {
						p.sync(t, now, texts)
					}
				}
				batch := p.take(now, random.IntN(2) == 0)
				decideAll(t, p.store, batch, random)
				if step%5 == 4 {
					check(t, planners[0].store, conn, step)
				}
			}
		})
	}
}

// decideAll decides a batch, sometimes twice.
func decideAll(t *testing.T, s *store.Store, batch []store.Candidate, random *rand.Rand) {
	t.Helper()
	for range 1 + random.IntN(2) {
		_, err := s.Decide(t.Context(), batch, func(i int, _ store.State) store.Verdict {
			switch n := random.IntN(4); {
			case batch[i].Count > 1 || n == 0:
				return missed()
			case n == 1:
				return skipped()
			default:
				return fire("d", batch[i].Due)
			}
		})
		require.NoError(t, err)
	}
}

func check(t *testing.T, s *store.Store, conn *sql.Conn, step int) {
	t.Helper()
	want := slices.Sorted(maps.Keys(due(t, conn)))
	// Every row stands for the next due times, as many as it says; none is left.
	for _, o := range occurrences(t, s, "d") {
		require.GreaterOrEqual(t, len(want), o.Count, "step %d: %v", step, o)
		require.Equal(t, want[0], o.Due.UnixNano(), "step %d: %v", step, o)
		require.Equal(t, want[o.Count-1], o.Last.UnixNano(), "step %d: %v", step, o)
		want = want[o.Count:]
	}
	require.Empty(t, want, "step %d", step)
	// The audit, which does not know this test's way to tell, says the same.
	require.Empty(t, auditOf(t, s).Findings, "step %d", step)
}
