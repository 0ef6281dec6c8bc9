package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

func TestRunsFilter(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := openOwner(t, store.Options{Now: clock.Now})
	start := clock.Now()
	for i := range 6 {
		n := newRun(fmt.Sprint("dag-", i%2), fmt.Sprintf("Run_%d%%", i))
		n.Labels = []string{fmt.Sprint("n=", i%3), "all"}
		_, err := s.Enqueue(t.Context(), n)
		require.NoError(t, err)
		clock.Step(time.Minute)
	}
	run := admit(t, s, store.Admission{Free: 1})[0]
	require.NoError(t, s.Finish(t.Context(), run.Ref(), store.Result{Status: store.StatusSucceeded}))

	for name, test := range map[string]struct {
		filter store.Filter
		want   []int
	}{
		"newest first":      {store.Filter{Limit: 99}, []int{5, 4, 3, 2, 1, 0}},
		"limit":             {store.Filter{Limit: 2}, []int{5, 4}},
		"DAG":               {store.Filter{DAG: "dag-1", Limit: 99}, []int{5, 3, 1}},
		"part of an id":     {store.Filter{IDPart: "_3", Limit: 99}, []int{3}},
		"no wildcards":      {store.Filter{IDPart: "_%", Limit: 99}, nil},
		"a percent sign":    {store.Filter{IDPart: "5%", Limit: 99}, []int{5}},
		"status":            {store.Filter{Statuses: []store.Status{store.StatusSucceeded}, Limit: 99}, []int{0}},
		"several states":    {store.Filter{Statuses: []store.Status{store.StatusSucceeded, store.StatusQueued}, Limit: 3}, []int{5, 4, 3}},
		"label":             {store.Filter{Labels: []string{"n=1"}, Limit: 99}, []int{4, 1}},
		"labels and limit":  {store.Filter{Labels: []string{"all", "n=1"}, Limit: 1}, []int{4}},
		"part of a label":   {store.Filter{Labels: []string{"n="}, Limit: 99}, nil},
		"from":              {store.Filter{From: start.Add(4 * time.Minute), Limit: 99}, []int{5, 4}},
		"to":                {store.Filter{To: start.Add(time.Minute), Limit: 99}, []int{1, 0}},
		"from, to, and DAG": {store.Filter{DAG: "dag-0", From: start.Add(time.Minute), To: start.Add(4 * time.Minute), Limit: 99}, []int{4, 2}},
	} {
		t.Run(name, func(t *testing.T) {
			runs, err := s.Runs(t.Context(), test.filter)
			require.NoError(t, err)
			var want []string
			for _, i := range test.want {
				want = append(want, fmt.Sprintf("Run_%d%%", i))
			}
			require.ElementsMatch(t, want, idsOf(runs))
			require.Equal(t, append([]string{}, want...), idsOf(runs))
		})
	}
	_, err := s.Runs(t.Context(), store.Filter{})
	require.ErrorContains(t, err, "Limit")

	last, err := s.LastRuns(t.Context())
	require.NoError(t, err)
	require.Len(t, last, 2)
	require.Equal(t, "Run_4%", last["dag-0"].ID)
	require.Equal(t, "Run_5%", last["dag-1"].ID)
	running, queued, err := s.Counts(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int{0, 5}, []int{running, queued})
}

func TestListsOfAnEmptyStore(t *testing.T) {
	t.Parallel()
	s := open(t, store.Options{})
	last, err := s.LastRuns(t.Context())
	require.NoError(t, err)
	require.Empty(t, last)
	running, queued, err := s.Counts(t.Context())
	require.NoError(t, err)
	require.Zero(t, running+queued)
	_, err = s.Steps(t.Context(), "none", 1)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Attempts(t.Context(), "none")
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = s.Occurrences(t.Context(), "", time.Time{}, time.Time{}, 0)
	require.ErrorContains(t, err, "limit")
	_, err = s.Expired(t.Context(), time.Now(), 0)
	require.ErrorContains(t, err, "limit")
}
