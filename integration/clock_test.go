package integration_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/store"
)

// buildFaulty makes, once, the binary whose clock can be set; see modules/fault.
var buildFaulty = sync.OnceValues(func() (string, error) { //nolint:gochecknoglobals // one binary for all tests
	path := filepath.Join(built, "dagu-faults")
	args := []string{"build", "-tags", "faults", "-o", path}
	if raceEnabled {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, "dagu/cmd/dagu")...).CombinedOutput(); err != nil {
		return "", fmt.Errorf("build dagu with faults: %w\n%s", err, out)
	}
	return path, nil
})

// setClock sets the wall clock by which the home's schedulers decide due times.
func (h *home) setClock(at time.Time) {
	h.tb.Helper()
	h.write("control/wall", "offset "+time.Until(at).String())
}

// clock makes a launch follow the clock that setClock sets.
func (h *home) clock(l launch) launch {
	h.tb.Helper()
	binary, err := buildFaulty()
	require.NoError(h.tb, err)
	l.binary, l.env = binary, append(l.env, "DAGU_FAULTS="+h.path("control"))
	return l
}

// schedulerAt starts a scheduler whose clock begins at a time.
func (h *home) schedulerAt(at time.Time) *daemon {
	h.tb.Helper()
	l := h.clock(launch{})
	h.setClock(at)
	d := h.start(l)
	d.waitHealthy()
	return d
}

// scheduled waits until these DAGs, sorted, are all that have schedules: from then
// on their due times count.
func (h *home) scheduled(s *store.Store, dags ...string) {
	h.tb.Helper()
	eventually(h.tb, func() bool {
		names, err := s.ActiveSchedules(context.Background())
		require.NoError(h.tb, err)
		return slices.Equal(names, dags)
	}, "%v have schedules", dags)
}

// noon is when tests with a clock of their own take place, and before is the
// moment before a time.
func noon() time.Time { return time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC) }

func before(at time.Time) time.Time { return at.Add(-1500 * time.Millisecond) }

// decided are the recorded outcomes of a DAG, oldest first, as "12:00 fired".
func (h *home) decided(s *store.Store, dag string) []string {
	h.tb.Helper()
	rows, err := s.Occurrences(context.Background(), dag, time.Time{}, noon().AddDate(1, 0, 0), 1000)
	require.NoError(h.tb, err)
	list := []string{}
	for _, o := range rows {
		text := strings.TrimSpace(o.Due.UTC().Format("15:04") + " " + string(o.Outcome) + " " + string(o.Reason))
		if o.Count > 1 {
			text += fmt.Sprintf(" x%d to %s", o.Count, o.Last.UTC().Format("15:04"))
		}
		list = append(list, text)
	}
	return list
}

// copyFile copies a file below the home.
func (h *home) copyFile(from, to string) {
	h.tb.Helper()
	text, err := os.ReadFile(h.path(from))
	require.NoError(h.tb, err)
	require.NoError(h.tb, os.WriteFile(h.path(to), text, 0o600))
}

// The database is set back to a copy made before noon: what is
// due at noon, and what was queued then, has been executed, as the accounts tell.
func TestRestoredDatabase(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	step := fmt.Sprintf("steps:\n  - run: echo x >> %s/ran-${context.dag.name}\n", h.dir)
	h.dag("hourly", "schedule: \"0 * * * *\"\n"+step)
	h.dag("queued", step)
	h.dag("fails", step+"  - run: exit 3\n")
	h.write("control/queue.pass", "error EIO") // nothing is admitted yet
	s := h.records()
	d := h.schedulerAt(noon().Add(-30 * time.Minute))
	h.scheduled(s, "hourly")
	h.enqueue("queued")
	h.enqueue("fails")
	d.stop()
	require.NoError(t, s.Stop(context.Background()))
	require.NoFileExists(t, h.path("data", "dagu.db-wal"), "all that was written is in the file")
	h.copyFile("data/dagu.db", "backup.db")

	require.NoError(t, os.Remove(h.path("control", "queue.pass")))
	s = h.records()
	d = h.schedulerAt(before(noon()))
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 2 && h.counts(s, "")["failed"] == 1 }, "all is executed")
	ids := runIDs(h.runs(s, ""))
	d.stop()
	require.NoError(t, s.Stop(context.Background()))

	h.copyFile("backup.db", "data/dagu.db")
	s = h.records()
	require.Equal(t, map[string]int{"queued": 2}, h.counts(s, ""))
	h.schedulerAt(noon().Add(time.Minute))
	eventually(t, func() bool {
		return h.counts(s, "")["succeeded recovered"] == 2 && h.counts(s, "")["failed recovered"] == 1
	},
		"what was executed is known again")
	require.Equal(t, ids, runIDs(h.runs(s, "")))
	require.Equal(t, []string{"12:00 fired"}, h.decided(s, "hourly"))
	require.Len(t, lines(h.read("ran-hourly")), 1)
	require.Len(t, lines(h.read("ran-queued")), 1)
	require.Len(t, lines(h.read("ran-fails")), 1)
	require.Contains(t, h.must("status", "hourly"), "recovered")

	// What was never executed is.
	h.enqueue("queued")
	h.setClock(before(noon().Add(time.Hour)))
	eventually(t, func() bool { return h.counts(s, "")["succeeded"] == 2 }, "life goes on")
	require.Len(t, lines(h.read("ran-hourly")), 2)
	require.Len(t, lines(h.read("ran-queued")), 2)
}

func runIDs(runs []store.Run) map[string]bool {
	ids := map[string]bool{}
	for _, r := range runs {
		ids[r.ID] = true
	}
	return ids
}
