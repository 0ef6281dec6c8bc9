package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// noon is a full hour, with the clock of newClock behind it.
func noon() time.Time { return time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC) }

func candidate(dag string, due time.Time, texts ...string) store.Candidate {
	c := store.Candidate{DAG: dag, Kind: store.KindStart, Due: due}
	for _, text := range texts {
		c.Entries = append(c.Entries, entry(text))
	}
	return c
}

func fire(dag string, due time.Time) store.Verdict {
	n := newRun(dag, fmt.Sprint(dag, "@", due.Unix()))
	n.Due, n.Trigger = due, store.TriggerScheduler
	return store.Verdict{Outcome: store.OutcomeFired, Run: &n}
}

func skipped() store.Verdict {
	return store.Verdict{Outcome: store.OutcomeSkipped, Reason: store.ReasonOverlap}
}

func missed() store.Verdict {
	return store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonNoCatchup}
}

func decide(t *testing.T, s *store.Store, c store.Candidate, v store.Verdict) store.Decision {
	t.Helper()
	list, err := s.Decide(t.Context(), []store.Candidate{c}, func(int, store.State) store.Verdict { return v })
	require.NoError(t, err)
	require.Len(t, list, 1)
	return list[0]
}

// never fails the test when it is asked for a verdict.
func decided(t *testing.T, s *store.Store, c store.Candidate) store.Decision {
	t.Helper()
	asked := false
	list, err := s.Decide(t.Context(), []store.Candidate{c}, func(int, store.State) store.Verdict {
		asked = true
		return missed()
	})
	require.NoError(t, err)
	require.False(t, asked, "it had no outcome")
	require.True(t, list[0].Earlier)
	return list[0]
}

func occurrences(t *testing.T, s *store.Store, dag string) []store.Occurrence {
	t.Helper()
	list, err := s.Occurrences(t.Context(), dag, time.Time{}, time.Time{}, 10_000)
	require.NoError(t, err)
	for i := range list {
		require.False(t, list[i].Decided.IsZero())
		list[i].Decided = time.Time{}
	}
	return list
}

func TestDecideFires(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	sync1(t, s, noon(), "d", "@hourly", "*/30 * * * *")
	due := noon().Add(time.Hour)
	c := candidate("d", due, "@hourly", "*/30 * * * *")
	verdict := fire("d", due)

	d := decide(t, s, c, verdict)
	require.Equal(t, store.Decision{Verdict: verdict}, d)
	run, err := s.Run(t.Context(), verdict.Run.ID)
	require.NoError(t, err)
	require.Equal(t, *verdict.Run, run.NewRun)
	require.Equal(t, store.StatusQueued, run.Status)
	marks := sync1(t, s, noon(), "d", "@hourly", "*/30 * * * *")
	require.Equal(t, due, marks["@hourly"].Mark)
	require.Equal(t, due, marks["*/30 * * * *"].Mark)
	require.Equal(t, []store.Occurrence{{
		DAG: "d", Kind: store.KindStart, Due: due, Last: due, Count: 1, Outcome: store.OutcomeFired, RunID: run.ID,
	}}, occurrences(t, s, "d"))

	require.Equal(t, store.Decision{Verdict: verdict, Earlier: true}, decided(t, s, c), "a repeat")
	require.Equal(t, run.ID, decided(t, s, candidate("d", due, "@hourly")).Run.ID, "one of several entries")
	require.Equal(t, run.ID, decided(t, s, candidate("d", due, "@daily")).Run.ID, "an entry that was not known")
	running, queued, err := s.Counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{0, 1}, []int{running, queued})
}

func TestDecideSeesTheState(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	enqueue(t, s, "d", 3)
	admit(t, s, store.Admission{Free: 1})
	_, err := s.StartNow(t.Context(), newRun("d", "by hand"))
	require.NoError(t, err)
	require.NoError(t, s.Suspend(t.Context(), "d", noon()))
	batch := []store.Candidate{candidate("d", noon()), candidate("e", noon()), candidate("e", noon().Add(time.Minute))}
	var states []store.State
	_, err = s.Decide(t.Context(), batch, func(i int, state store.State) store.Verdict {
		require.Len(t, states, i)
		states = append(states, state)
		if i == 1 {
			return fire("e", noon())
		}
		return skipped()
	})
	require.NoError(t, err)
	require.Equal(t, []store.State{{Busy: true, Suspended: true, SuspendedNow: true}, {}, {Busy: true}}, states, "the batch sees itself")
}

func TestConsecutiveOutcomesShareARow(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	sync1(t, s, noon(), "d", "* * * * *")
	at := func(minute int) time.Time { return noon().Add(time.Duration(minute) * time.Minute) }
	for minute := 1; minute <= 3; minute++ {
		decide(t, s, candidate("d", at(minute), "* * * * *"), skipped())
	}
	decide(t, s, candidate("other", at(3)), missed())
	c := candidate("d", at(4), "* * * * *")
	c.Last, c.Count = at(9), 6
	decide(t, s, c, skipped())
	decide(t, s, candidate("d", at(10), "* * * * *"), missed())
	decide(t, s, candidate("d", at(11), "* * * * *"), skipped())
	decide(t, s, candidate("d", at(12), "* * * * *"), fire("d", at(12)))
	decide(t, s, candidate("d", at(13), "* * * * *"), fire("d", at(13)))
	decide(t, s, candidate("d", at(14), "* * * * *"), skipped())
	decide(t, s, candidate("d", at(15), "* * * * *"), store.Verdict{Outcome: store.OutcomeSkipped, Reason: store.ReasonSuspended})
	start := store.KindStart
	require.Equal(t, []store.Occurrence{
		{DAG: "d", Kind: start, Due: at(1), Last: at(9), Count: 9, Outcome: store.OutcomeSkipped, Reason: store.ReasonOverlap},
		{DAG: "d", Kind: start, Due: at(10), Last: at(10), Count: 1, Outcome: store.OutcomeMissed, Reason: store.ReasonNoCatchup},
		{DAG: "d", Kind: start, Due: at(11), Last: at(11), Count: 1, Outcome: store.OutcomeSkipped, Reason: store.ReasonOverlap},
		{DAG: "d", Kind: start, Due: at(12), Last: at(12), Count: 1, Outcome: store.OutcomeFired, RunID: fire("d", at(12)).Run.ID},
		{DAG: "d", Kind: start, Due: at(13), Last: at(13), Count: 1, Outcome: store.OutcomeFired, RunID: fire("d", at(13)).Run.ID},
		{DAG: "d", Kind: start, Due: at(14), Last: at(14), Count: 1, Outcome: store.OutcomeSkipped, Reason: store.ReasonOverlap},
		{DAG: "d", Kind: start, Due: at(15), Last: at(15), Count: 1, Outcome: store.OutcomeSkipped, Reason: store.ReasonSuspended},
	}, occurrences(t, s, "d"))
	require.Equal(t, at(15), sync1(t, s, noon(), "d", "* * * * *")["* * * * *"].Mark)

	d := decided(t, s, c)
	require.Equal(t, store.ReasonOverlap, d.Reason, "the row tells of each of its due times")
	list, err := s.Occurrences(t.Context(), "d", at(5), at(6), 9)
	require.NoError(t, err)
	require.Len(t, list, 1, "a row that reaches into the time asked for")
	list, err = s.Occurrences(t.Context(), "", at(3), at(3), 9)
	require.NoError(t, err)
	require.Len(t, list, 2, "of all DAGs")
}

// A schedule that was absent comes back with due times before, between and at
// those which others of its DAG had meanwhile: each instant is counted once.
func TestDecideOutOfOrder(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	const hourly, half, odd = "0 * * * *", "*/30 * * * *", "45 * * * *"
	sync1(t, s, noon(), "d", hourly, half, odd)
	sync1(t, s, noon(), "d", hourly)
	at := func(minute int) time.Time { return noon().Add(time.Duration(minute) * time.Minute) }
	decide(t, s, candidate("d", at(60), hourly), skipped())
	decide(t, s, candidate("d", at(120), hourly), skipped())
	decide(t, s, candidate("d", at(180), hourly), fire("d", at(180)))
	decide(t, s, candidate("d", at(240), hourly), skipped())
	sync1(t, s, at(241), "d", hourly, half, odd)

	require.Equal(t, missed(), decide(t, s, candidate("d", at(30), half), missed()).Verdict, "before all rows")
	require.Equal(t, store.ReasonOverlap, decided(t, s, candidate("d", at(60), half)).Reason, "the start of a row")
	require.Equal(t, missed(), decide(t, s, candidate("d", at(90), half), missed()).Verdict, "inside a row, and not of it")
	require.Equal(t, store.ReasonOverlap, decided(t, s, candidate("d", at(120), half)).Reason, "the end of a row")
	require.Equal(t, missed(), decide(t, s, candidate("d", at(45), odd), missed()).Verdict)
	require.Equal(t, missed(), decide(t, s, candidate("d", at(105), odd), missed()).Verdict, "between rows that were one")
	// 150, 180, 210, 240, of which the hours are decided, and 270.
	c := candidate("d", at(150), half)
	c.Last, c.Count = at(270), 5
	require.Equal(t, missed(), decide(t, s, c, missed()).Verdict)
	decided(t, s, c)
	require.Equal(t, store.OutcomeFired, decided(t, s, candidate("d", at(180), half)).Outcome)

	var got []string
	for _, o := range occurrences(t, s, "d") {
		require.Equal(t, o.Due, o.Last)
		got = append(got, fmt.Sprint(o.Due.Sub(noon()).Minutes(), " ", o.Outcome))
	}
	require.Equal(t, []string{
		"30 missed", "45 missed", "60 skipped", "90 missed", "105 missed", "120 skipped", "150 missed", "180 fired", "210 missed", "240 skipped", "270 missed",
	}, got)
}

// Marks alone tell, also when retention took the rows; and none goes back.
func TestMarksTell(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	sync1(t, s, noon(), "d", "0 * * * *", "*/30 * * * *")
	hour := candidate("d", noon().Add(time.Hour), "0 * * * *")
	decide(t, s, hour, fire("d", hour.Due))
	decide(t, s, candidate("d", noon().Add(30*time.Minute), "0 * * * *", "*/30 * * * *"), missed())
	marks := sync1(t, s, noon(), "d", "0 * * * *", "*/30 * * * *")
	require.Equal(t, hour.Due, marks["0 * * * *"].Mark)
	require.Equal(t, noon().Add(30*time.Minute), marks["*/30 * * * *"].Mark)

	require.NoError(t, s.Prune(t.Context(), noon().Add(1000*time.Hour)))
	require.Empty(t, occurrences(t, s, "d"))
	require.Equal(t, store.Decision{Earlier: true}, decided(t, s, hour))
}

// Two schedulers cut a long absence into rows of their own.
func TestDecideOverlappingRows(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	sync1(t, s, noon(), "d", "0 * * * *")
	row := func(from, to int) store.Candidate {
		c := candidate("d", noon().Add(time.Duration(from)*time.Hour), "0 * * * *")
		c.Last, c.Count = noon().Add(time.Duration(to)*time.Hour), to-from+1
		return c
	}
	decide(t, s, row(1, 5), missed())
	decide(t, s, row(1, 7), missed())
	decided(t, s, row(1, 7))
	decide(t, s, row(3, 10), missed())
	list := occurrences(t, s, "d")
	total := 0
	for _, o := range list {
		total += o.Count
	}
	require.Equal(t, 10, total)
	require.Len(t, list, 1)
	require.Equal(t, noon().Add(10*time.Hour), list[0].Last)
}

// A fault of one candidate is that DAG's alone.
func TestDecideIsolatesFaults(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	at := noon()
	bad := fire("bad", at)
	bad.Run.TextHash = "none"
	nameless := fire("nameless", at)
	nameless.Run.ID = ""
	verdicts := map[string]store.Verdict{
		"good": fire("good", at), "bad": bad, "nameless": nameless, "no run": {Outcome: store.OutcomeFired},
		"no reason": {Outcome: store.OutcomeSkipped}, "other": fire("good", at), "row": fire("row", at), "fine": skipped(),
	}
	var batch []store.Candidate
	for dag := range verdicts {
		c := candidate(dag, at)
		if dag == "row" {
			c.Last, c.Count = at.Add(time.Hour), 2
		}
		batch = append(batch, c)
	}
	list, err := s.Decide(t.Context(), batch, func(i int, _ store.State) store.Verdict { return verdicts[batch[i].DAG] })
	require.NoError(t, err)
	for i, d := range list {
		switch dag := batch[i].DAG; dag {
		case "good", "fine":
			require.Equal(t, verdicts[dag], d.Verdict)
		default:
			require.Equal(t, store.Verdict{Outcome: store.OutcomeMissed, Reason: store.ReasonInternalError}, d.Verdict, dag)
			require.Equal(t, store.ReasonInternalError, occurrences(t, s, dag)[0].Reason)
		}
	}
	_, queued, err := s.Counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, queued)
}

// The database was restored, or a due time came back: the run is there already.
func TestDecideFindsTheRun(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	v := fire("d", noon())
	_, err := s.Enqueue(t.Context(), *v.Run)
	require.NoError(t, err)
	d := decide(t, s, candidate("d", noon()), v)
	require.Equal(t, store.Decision{Verdict: v, Earlier: true}, d)
	require.Len(t, occurrences(t, s, "d"), 1)
	_, queued, err := s.Counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, queued)
}

func TestOtherKindsAreRecorded(t *testing.T) {
	t.Parallel()
	s := openOwner(t, store.Options{})
	c := candidate("d", noon())
	c.Kind = store.KindStop
	require.False(t, decide(t, s, c, store.Verdict{Outcome: store.OutcomeFired}).Earlier)
	c.Kind = store.KindRestart
	require.False(t, decide(t, s, c, fire("d", noon())).Earlier)
	c.Kind = store.KindStart
	require.False(t, decide(t, s, c, skipped()).Earlier)
	require.Len(t, occurrences(t, s, "d"), 3)
}

// Several schedulers decide the same due times, each in its own order and with
// repeats: every due time is enqueued once.
func TestDecideFromSeveralProcesses(t *testing.T) {
	t.Parallel()
	const processes, dags, minutes = 3, 5, 20
	dir := t.TempDir()
	stores := make([]*store.Store, processes)
	for i := range stores {
		stores[i] = openOwner(t, store.Options{Dir: dir, WriteTimeout: 30 * time.Second})
		for dag := range dags {
			sync1(t, stores[i], noon(), fmt.Sprint("d", dag), "* * * * *")
		}
	}
	var group sync.WaitGroup
	fired := make([]map[string]int, processes)
	errs := make(chan error, processes*minutes)
	for p, s := range stores {
		fired[p] = map[string]int{}
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(p), 1))
			for minute := 1; minute <= minutes; minute++ {
				var batch []store.Candidate
				for _, dag := range random.Perm(dags) {
					batch = append(batch, candidate(fmt.Sprint("d", dag), noon().Add(time.Duration(minute)*time.Minute), "* * * * *"))
				}
				for range 1 + random.IntN(2) {
					list, err := s.Decide(context.Background(), batch, func(i int, _ store.State) store.Verdict {
						return fire(batch[i].DAG, batch[i].Due)
					})
					if err != nil {
						errs <- err
						return
					}
					for _, d := range list {
						if !d.Earlier {
							fired[p][d.Run.ID]++
						}
					}
				}
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	total := map[string]int{}
	for _, m := range fired {
		for id, n := range m {
			total[id] += n
		}
	}
	require.Len(t, total, dags*minutes)
	for id, n := range total {
		require.Equal(t, 1, n, id)
	}
	_, queued, err := stores[0].Counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, dags*minutes, queued)
	list, err := stores[0].Occurrences(t.Context(), "", time.Time{}, time.Time{}, 1000)
	require.NoError(t, err)
	require.Len(t, list, dags*minutes)
}
