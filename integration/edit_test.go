package integration_test

import (
	"cmp"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hourly is a DAG that is due each hour, by schedules in any words.
func hourly(schedules string) string {
	return "schedule: " + schedules + "\nsteps:\n  - run: \"true\"\n"
}

// tells waits until the log says something that it did not say before act.
func (d *daemon) tells(what string, act func()) {
	d.tb.Helper()
	seen := len(d.log.String())
	act()
	eventually(d.tb, func() bool { return strings.Contains(d.log.String()[seen:], what) }, "the log tells %q", what)
}

// What people, editors and deployments do to files between two due times changes
// nothing of what has fired, and loses nothing that comes.
func TestFilesBetweenDueTimes(t *testing.T) {
	t.Parallel()
	const cron, both = `"0 * * * *"`, `["0 * * * *", "30 12 * * *"]`
	remove := func(h *home, d *daemon) {
		d.tells("dag removed", func() { require.NoError(h.tb, os.Remove(h.path("dags", "etl.yaml"))) })
	}
	rename := func(h *home, d *daemon) {
		d.tells("load.yaml", func() { require.NoError(h.tb, os.Rename(h.path("dags", "etl.yaml"), h.path("dags", "load.yaml"))) })
	}
	etl := map[string][]string{"etl": {"12:00 fired", "13:00 fired"}}
	for name, tt := range map[string]struct {
		text string
		// edit takes place after 12:00 has fired.
		edit func(h *home, d *daemon)
		want map[string][]string
		// active is the DAG that has schedules then; "" is etl.
		active string
	}{
		"edited": {hourly(cron), func(h *home, d *daemon) {
			d.tells("dag changed", func() { h.dag("etl", hourly(`"@hourly"`)) })
		}, etl, ""},
		"reordered": {hourly(both), func(h *home, d *daemon) {
			d.tells("dag changed", func() { h.dag("etl", hourly(`["30 12 * * *", "0 * * * *"]`)) })
		}, map[string][]string{"etl": {"12:00 fired", "12:30 missed no_catchup", "13:00 fired"}}, ""},
		"vanished and made again": {hourly(cron), func(h *home, d *daemon) {
			remove(h, d)
			d.tells("dag added", func() { h.dag("etl", hourly(cron)) })
		}, etl, ""},
		"made again after the due time": {hourly(cron), func(h *home, d *daemon) {
			remove(h, d)
			// Not at once: a step of more than an hour would be held for a minute.
			d.tells("the wall clock was stepped", func() { h.setClock(noon().Add(30 * time.Minute)) })
			h.setClock(noon().Add(time.Hour + time.Second))
			d.tells("dag added", func() { h.dag("etl", hourly(cron)) })
		}, etl, ""},
		"renamed": {hourly(cron), rename, map[string][]string{"etl": {"12:00 fired"}, "load": {"13:00 fired"}}, "load"},
		"renamed, and not the DAG": {
			"name: etl\n" + hourly(cron), rename,
			map[string][]string{"etl": {"12:00 fired", "13:00 fired"}, "load": {}},
			"",
		},
		"copied": {"name: etl\n" + hourly(cron), func(h *home, d *daemon) {
			d.tells("copy.yaml", func() { h.copyFile("dags/etl.yaml", "dags/copy.yaml") })
		}, map[string][]string{"etl": {"12:00 fired", "13:00 fired"}, "copy": {}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHome(t)
			h.dag("etl", tt.text)
			s := h.records()
			d := h.schedulerAt(noon().Add(-30 * time.Minute))
			h.scheduled(s, "etl")
			h.setClock(before(noon()))
			eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 1 }, "12:00 has run")
			tt.edit(h, d)
			h.scheduled(s, cmp.Or(tt.active, "etl"))
			h.setClock(before(noon().Add(time.Hour)))
			eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 2 }, "13:00 has run")
			for dag, want := range tt.want {
				require.Equal(t, want, h.decided(s, dag), dag)
			}
			require.Len(t, h.runs(s, ""), 2)
			d.stop()
		})
	}
}

// The schedule is edited at 12:00:20, while no scheduler runs: noon, which was due
// by the old words, runs once, by either.
func TestEditDuringADowntime(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.dag("etl", hourly(`"0 * * * *"`))
	s := h.records()
	d := h.schedulerAt(noon().Add(-30 * time.Minute))
	h.scheduled(s, "etl")
	d.kill()
	h.dag("etl", hourly(`"@hourly"`))
	d = h.schedulerAt(noon().Add(20 * time.Second))
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 1 }, "12:00 has run")
	h.setClock(before(noon().Add(time.Hour)))
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 2 }, "13:00 has run")
	require.Equal(t, []string{"12:00 fired", "13:00 fired"}, h.decided(s, "etl"))
	d.stop()
}
