package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"dagu/app"
	"dagu/config"
	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/schedule"
	"dagu/modules/scheduler"
	"dagu/modules/store"
)

const (
	// defaultNext and maxNext are --count when it is not given, and at most.
	defaultNext = 10
	maxNext     = 10_000
)

func newScheduleNext() *cobra.Command {
	c := &cobra.Command{
		Use:   "next [DAG]",
		Short: "List what is due next",
		Long: `List the next due times of a DAG, or of all DAGs in the DAG directory, as their files
are now: in the zone of the schedule and in UTC, with what a change of the clocks does
to them, and whether the DAG is suspended and so will not start.

Nothing is created or changed, and no scheduler needs to run. --from looks from
another time on; a time without a zone is UTC.`,
		Example: `  dagu schedule next
  dagu schedule next etl --count 3
  dagu schedule next ./new.yaml --from 2027-03-27
  dagu schedule next --format json | jq -r '.due[] | "\(.due_at) \(.dag)"'`,
		Args:              atMostOneDAG,
		ValidArgsFunction: completeDAG,
	}
	from := c.Flags().String("from", "", "what is due after this time: 2027-03-28, 2027-03-28T01:00:00, or RFC 3339 (default now)")
	count := c.Flags().Int("count", defaultNext, fmt.Sprintf("how many due times, up to %d", maxNext))
	noCompletion(c, "from", "count")
	f := formatFlag(c, formatTable, formatJSON)
	c.RunE = func(c *cobra.Command, args []string) error {
		after, err := instantFlag("from", *from, time.Now())
		if err != nil {
			return err
		}
		if *count < 1 || *count > maxNext {
			return fmt.Errorf("--count: found %d, want a number from 1 to %d", *count, maxNext)
		}
		loaded, err := load(c)
		if err != nil {
			return err
		}
		dags, err := scheduledDAGs(c, loaded.Config, args)
		if err != nil {
			return err
		}
		info := nextOf(dags, after, *count, suspendedDAGs(c, loaded))
		if f.value == formatJSON {
			return printJSON(c.OutOrStdout(), info)
		}
		if len(info.Due) == 0 {
			tell(c.ErrOrStderr(), "Nothing is due%s", whyNothing(dags, args, after))
		}
		return info.print(c.OutOrStdout())
	}
	return c
}

// instantFlag reads a flag that is a time; without a value it is the default.
func instantFlag(name, value string, without time.Time) (time.Time, error) {
	if value == "" {
		return without, nil
	}
	at, _, err := parseTime(value)
	if err != nil {
		return at, fmt.Errorf("--%s: %w", name, err)
	}
	return at, nil
}

// scheduledDAGs loads the DAG that is named, or all in the DAG directory. Files of it
// that do not load are told; a directory that is missing has none.
func scheduledDAGs(c *cobra.Command, conf config.Config, args []string) ([]catalog.Entry, error) {
	if len(args) > 0 {
		t, err := loadTarget(conf, args[0], "")
		if err != nil {
			return nil, err
		}
		return []catalog.Entry{catalog.EntryOf(t.dag)}, nil
	}
	dags, err := catalog.ReadDir(conf.Paths.DAGsDir, conf.Paths.BaseConfig, dag.Options{Location: conf.Location})
	if errors.Is(err, fs.ErrNotExist) { // as in a new home
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the DAG directory: %w", err)
	}
	for i := range dags {
		if e := &dags[i]; e.Err != nil {
			tell(c.ErrOrStderr(), "Warning: %s is left out: %s", e.File, strings.ReplaceAll(strings.TrimSpace(e.Err.Error()), "\n", "\n  "))
		}
	}
	return dags, nil
}

// whyNothing tells why nothing is due: no schedule, or only ones that are over.
func whyNothing(dags []catalog.Entry, args []string, after time.Time) string {
	switch has := func(e catalog.Entry) bool { return len(e.Schedules) > 0 }; {
	case slices.ContainsFunc(dags, has):
		return fmt.Sprintf(" after %s UTC", clock(after))
	case len(args) > 0:
		return fmt.Sprintf(": %s has no schedule", dags[0].Name)
	default:
		return ": no DAG has a schedule"
	}
}

// suspendedDAGs reads which DAGs are suspended; nil where that cannot be read.
func suspendedDAGs(c *cobra.Command, loaded *config.Loaded) map[string]bool {
	names := map[string]bool{}
	if !store.Exists(loaded.Config.Paths.DataDir) {
		return names
	}
	err := withGraph(c, loaded, app.Look, func(ctx context.Context, st *store.Store) error {
		list, err := st.Suspensions(ctx)
		for _, s := range list {
			names[s.DAG] = true
		}
		return err
	})
	if err != nil {
		tell(c.ErrOrStderr(), "Warning: which DAGs are suspended is not known: %v", err)
		return nil
	}
	return names
}

// nextInfo is what is due next.
type nextInfo struct {
	From time.Time `json:"from"`
	Due  []nextDue `json:"due"`
	// Dropped are times that the clock skips meanwhile, and that do not come.
	Dropped []nextDropped `json:"dropped"`
}

type nextDue struct {
	DAG       string    `json:"dag"`
	Kind      string    `json:"kind"`
	DueAt     time.Time `json:"due_at"`
	Local     time.Time `json:"local"`
	Zone      string    `json:"zone"`
	Schedules []string  `json:"schedules"`
	// Suspended is missing where it is not known.
	Suspended *bool        `json:"suspended,omitempty"`
	Clock     *clockChange `json:"clock_change,omitempty"`
}

type nextDropped struct {
	DAG      string      `json:"dag"`
	Kind     string      `json:"kind"`
	Schedule string      `json:"schedule"`
	Zone     string      `json:"zone"`
	Clock    clockChange `json:"clock_change"`
}

func nextOf(dags []catalog.Entry, after time.Time, count int, suspended map[string]bool) nextInfo {
	info := nextInfo{From: after.UTC(), Due: []nextDue{}, Dropped: []nextDropped{}}
	until := after
	for _, next := range scheduler.Next(dags, after, count) {
		until = next.Due
		first := next.Schedules[0]
		d := nextDue{
			DAG: next.DAG, Kind: string(next.Kind), DueAt: next.Due.UTC(), Local: first.Local(next.Due), Zone: first.Zone(),
			Clock: clockChangeOf(next.Schedules, next.Due),
		}
		for _, s := range next.Schedules {
			d.Schedules = append(d.Schedules, s.String())
		}
		if suspended != nil {
			is := suspended[next.DAG]
			d.Suspended = &is
		}
		info.Due = append(info.Due, d)
	}
	for i := range dags {
		for _, s := range dags[i].Schedules {
			for _, shift := range s.Spec.Shifts(after, until) {
				if shift.Effect == schedule.Dropped {
					info.Dropped = append(info.Dropped, nextDropped{dags[i].Name, string(s.Kind), s.Text, s.Spec.Zone(), changeOf(shift)})
				}
			}
		}
	}
	return info
}

// print writes it for people.
func (n *nextInfo) print(w io.Writer) error {
	if len(n.Due) == 0 {
		return nil
	}
	t := newTable("DUE", "DUE (UTC)", "DAG NAME", "KIND", "SCHEDULE", "ZONE", "NOTE")
	for _, d := range n.Due {
		var notes []string
		if d.Suspended != nil && *d.Suspended {
			notes = append(notes, "suspended")
		}
		if d.Clock != nil {
			notes = append(notes, d.Clock.note(d.DueAt))
		}
		t.AppendRow([]any{
			wallClock(d.Local), clock(d.DueAt), d.DAG, d.Kind, strings.Join(d.Schedules, ", "), d.Zone, strings.Join(notes, "; "),
		})
	}
	_, err := fmt.Fprintln(w, t.Render())
	for i, d := range n.Dropped {
		if err == nil && i == 0 {
			_, err = fmt.Fprintln(w)
		}
		if err == nil {
			_, err = fmt.Fprintf(w, "%s %s %q in %s: %s\n", d.DAG, d.Kind, d.Schedule, d.Zone, d.Clock.note(time.Time{}))
		}
	}
	return err
}
