package scheduler_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/catalog"
	"dagu/modules/dag"
	"dagu/modules/schedule"
	"dagu/modules/scheduler"
)

// scheduled is a DAG with start schedules.
func scheduled(t *testing.T, name string, texts ...string) catalog.Entry {
	t.Helper()
	e := catalog.Entry{Name: name, Good: true}
	for _, text := range texts {
		spec, err := schedule.Parse(text, time.UTC)
		require.NoError(t, err)
		e.Schedules = append(e.Schedules, dag.Schedule{Kind: dag.ScheduleStart, Text: text, Spec: spec})
	}
	return e
}

func TestNext(t *testing.T) {
	t.Parallel()
	b := scheduled(t, "b", "0 * * * *", "*/30 * * * *", "30 12 * * *", "30 12 * * *")
	b.Schedules[1].Kind, b.Schedules[2].Kind = dag.ScheduleStop, dag.ScheduleRestart
	dags := []catalog.Entry{b, scheduled(t, "a", "0 * * * *", "@hourly", "15 12 * * *"), scheduled(t, "none")}
	once, err := schedule.Once("2031-05-01T12:10:00Z")
	require.NoError(t, err)
	dags = append(dags, catalog.Entry{Name: "c", Schedules: []dag.Schedule{{Kind: dag.ScheduleStart, Spec: once}}})

	var got []string
	for _, c := range scheduler.Next(dags, time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC), 9) {
		line := c.Due.Format("15:04 ") + c.DAG + " " + string(c.Kind)
		for _, s := range c.Schedules {
			line += ", " + s.String()
		}
		got = append(got, line)
	}
	require.Equal(t, []string{
		"12:10 c start, 2031-05-01T12:10:00Z",
		"12:15 a start, 15 12 * * *",
		"12:30 b stop, */30 * * * *",
		"12:30 b restart, 30 12 * * *",
		"12:30 b start, 30 12 * * *",
		"13:00 a start, 0 * * * *, @hourly",
		"13:00 b stop, */30 * * * *",
		"13:00 b start, 0 * * * *",
		"13:30 b stop, */30 * * * *",
	}, got)
	require.Len(t, scheduler.Next(dags, time.Time{}, 3), 3)
	require.Empty(t, scheduler.Next(dags[2:3], time.Time{}, 3))
}
