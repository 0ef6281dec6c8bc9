package cmd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"dagu/app"
	"dagu/config"
	"dagu/modules/catalog"
	"dagu/modules/store"
)

const (
	// defaultSimulated is the time from --from to --to when that is not given.
	defaultSimulated = 24 * time.Hour
	// maxSimulated bounds the due times of a simulation.
	maxSimulated = 1_000_000
	// medianOf is how many runs tell how long a DAG takes.
	medianOf = 101
)

func newScheduleSimulate() *cobra.Command {
	c := &cobra.Command{
		Use:   "simulate [DAG]",
		Short: "Let the planner decide over a made-up time",
		Long: `Let the scheduler's own planner decide what a DAG, or all DAGs in the DAG directory, have
due in a made-up time, with each overlap policy: as a scheduler that runs all the time
would, and as one that was down until --to and finds it all then. Told are also the
busiest minutes, and what changes of the clocks do to the schedules.

A run takes as long as --duration says, else as the median of the DAG's last successful
runs, else no time. Each DAG has a queue of its own with one slot, nobody else starts
it, and every run succeeds. Nothing is run, created or changed. A time without a zone
is UTC, and a day as --to includes that day.`,
		Example: `  dagu schedule simulate
  dagu schedule simulate etl --duration 90m
  dagu schedule simulate --from 2027-03-27 --to 2027-03-28
  dagu schedule simulate --format json | jq '.peaks[0]'`,
		Args:              atMostOneDAG,
		ValidArgsFunction: completeDAG,
	}
	from := c.Flags().String("from", "", "what is due after this time: 2027-03-28, 2027-03-28T01:00:00, or RFC 3339 (default now)")
	to := c.Flags().String("to", "", "what is due up to this time (default a day after --from)")
	duration := c.Flags().Duration("duration", 0, "how long a run takes (default the median of the history, else 0)")
	noCompletion(c, "from", "to", "duration")
	f := formatFlag(c, formatTable, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		s, err := simulated(*from, *to, time.Now())
		if err != nil {
			return err
		}
		if *duration < 0 {
			return fmt.Errorf("--duration: found %s, want 0 or more", *duration)
		}
		loaded, err := load(c)
		if err != nil {
			return err
		}
		dags, err := scheduledDAGs(c, loaded.Config, args)
		if err != nil {
			return err
		}
		dags = slices.DeleteFunc(dags, func(e catalog.Entry) bool { return len(e.Schedules) == 0 })
		if err = s.count(dags); err != nil {
			return err
		}
		takes := func(string) time.Duration { return *duration }
		if !c.Flags().Changed("duration") {
			takes = medians(c, loaded, dags)
		}
		s.simulate(dags, takes, loaded.Config.Scheduler.MisfireThreshold)
		if f.value == formatJSON {
			return printJSON(c.OutOrStdout(), s)
		}
		return s.print(c.OutOrStdout())
	}
	return c
}

// simulated is the made-up time that the flags tell.
func simulated(from, to string, now time.Time) (*simulation, error) {
	begin, err := instantFlag("from", from, now)
	if err != nil {
		return nil, err
	}
	end := begin.Add(defaultSimulated)
	if to != "" {
		var day bool
		if end, day, err = parseTime(to); err != nil {
			return nil, fmt.Errorf("--to: %w", err)
		}
		if day {
			end = end.AddDate(0, 0, 1).Add(-time.Nanosecond)
		}
	}
	if end.Before(begin) {
		return nil, errors.New("--from is later than --to")
	}
	return &simulation{From: begin.UTC(), To: end.UTC(), DAGs: []simulatedDAG{}, Peaks: []simulatedPeak{}, Clock: []simulatedChange{}}, nil
}

// medians tells how long runs of the DAGs took; no time where that is not known.
func medians(c *cobra.Command, loaded *config.Loaded, dags []catalog.Entry) func(string) time.Duration {
	took := make(map[string]time.Duration, len(dags))
	known := func(dag string) time.Duration { return took[dag] }
	if !store.Exists(loaded.Config.Paths.DataDir) {
		return known
	}
	err := withGraph(c, loaded, app.Look, func(ctx context.Context, st *store.Store) error {
		for i := range dags {
			runs, err := st.Runs(ctx, store.Filter{DAG: dags[i].Name, Statuses: []store.Status{store.StatusSucceeded}, Limit: medianOf})
			if err != nil {
				return err
			}
			var list []time.Duration
			for _, r := range runs {
				list = append(list, max(r.Finished.Sub(r.Started), 0))
			}
			if slices.Sort(list); len(list) > 0 {
				took[dags[i].Name] = list[len(list)/2]
			}
		}
		return nil
	})
	if err != nil {
		tell(c.ErrOrStderr(), "Warning: how long runs take is not known: %v", err)
	}
	return known
}
