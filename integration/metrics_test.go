package integration_test

import (
	"context"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"dagu/modules/store"
)

// scrape reads the metrics of the health server: the value by the name with its labels.
func (d *daemon) scrape() map[string]float64 {
	d.tb.Helper()
	return parseMetrics(d.tb, d.get("http://127.0.0.1:"+strconv.Itoa(d.port)+"/metrics"))
}

func parseMetrics(tb testing.TB, answer string) map[string]float64 {
	tb.Helper()
	text, ok := strings.CutPrefix(answer, "200 ")
	require.True(tb, ok, answer)
	values := map[string]float64{}
	for _, line := range lines(text) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		value, err := strconv.ParseFloat(line[at+1:], 64)
		require.NoError(tb, err, line)
		values[line[:at]] = value
	}
	return values
}

// TestMetricsAndHistory waits for one real minute and compares what was counted with
// what was recorded.
func TestMetricsAndHistory(t *testing.T) {
	t.Parallel()
	h := newHome(t, "DAGU_METRICS_PER_DAG=true")
	due := nextMinute()
	h.timed("good", at(due))
	h.dag("fails", "schedule: \""+at(due)+"\"\nsteps:\n  - run: exit 3\n")
	h.dag("busy", "schedule: \""+at(due)+"\"\nsteps:\n  - run: until test -e "+h.path("end")+"; do sleep 0.1; done\n")
	h.dag("by-hand", "steps:\n  - run: exit 1\n")
	h.dag("broken", "steps: 7\n")
	d := h.scheduler()
	m := d.scrape()
	require.Zero(t, m["dagu_due_times_taken_total"])
	require.Contains(t, m, `dagu_due_times_decided_total{outcome="skipped",reason="overlap"}`)

	for _, name := range []string{"busy", "busy", "by-hand"} { // the second waits for the first
		h.enqueue(name)
	}
	eventually(t, func() bool {
		m = d.scrape()
		return m["dagu_runs_active"] == 1 && m["dagu_runs_queued"] == 1 && m[`dagu_runs_finished_total{status="failed"}`] == 1
	}, "one runs and one waits: %v", m)
	await(due)
	eventually(t, func() bool {
		m = d.scrape()
		return m["dagu_due_times_taken_total"] == 3 && m[`dagu_runs_finished_total{status="failed"}`] == 2 &&
			m[`dagu_runs_finished_total{status="succeeded"}`] == 1
	}, "taken and run: %v", m)
	h.write("end", "")
	eventually(t, func() bool {
		m = d.scrape()
		return m[`dagu_runs_finished_total{status="succeeded"}`] == 3 && m["dagu_runs_active"] == 0 && m["dagu_runs_queued"] == 0
	}, "all have ended: %v", m)

	s := h.records()
	require.Equal(t, map[string]int{"succeeded": 3, "failed": 2}, h.counts(s, ""))
	outcomes := map[store.Outcome]float64{}
	for _, dag := range []string{"good", "fails", "busy"} {
		recorded, err := s.Occurrences(t.Context(), dag, due, due, 10)
		require.NoError(t, err)
		for _, o := range recorded {
			outcomes[o.Outcome] += float64(max(o.Count, 1))
		}
	}
	require.Equal(t, map[store.Outcome]float64{store.OutcomeFired: 2, store.OutcomeSkipped: 1}, outcomes)
	for name, want := range map[string]float64{
		`dagu_due_times_decided_total{outcome="fired",reason="none"}`:      2,
		`dagu_due_times_decided_total{outcome="skipped",reason="overlap"}`: 1,
		`dagu_due_times_taken_total`:                                       3,
		`dagu_run_start_lateness_seconds_count`:                            2,
		`dagu_queue_wait_seconds_count`:                                    5,
		`dagu_catalog_files`:                                               5,
		`dagu_catalog_broken_files`:                                        1,
		`dagu_dag_runs_finished_total{dag="by-hand",status="failed"}`:      1,
		`dagu_phase{phase="running"}`:                                      1,
		`dagu_health_verdict{probe="ready"}`:                               1,
		`dagu_store_errors_total{kind="write"}`:                            0,
	} {
		require.InDelta(t, want, m[name], 0, name)
	}
}

// While another process holds the database's lock the store does not open, and
// scrapes are answered all the same.
func TestMetricsBeforeTheStore(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.must("history") // makes the data directory
	lock, err := os.OpenFile(h.path("data", "dagu.lock"), os.O_CREATE|os.O_RDWR, 0o640)
	require.NoError(t, err)
	require.NoError(t, unix.Flock(int(lock.Fd()), unix.LOCK_EX))
	d := h.start(launch{})
	eventually(t, func() bool { return d.answer() == starting }, "starting")
	m := d.scrape()
	require.InDelta(t, 1, m[`dagu_phase{phase="starting"}`], 0)
	require.InDelta(t, 0, m[`dagu_health_verdict{probe="ready"}`], 0)
	require.Contains(t, m, `dagu_store_call_duration_seconds_count{kind="write"}`)
	require.NoError(t, lock.Close())
	d.waitHealthy()
}

// A process that died with a run leaves it to the next one, which counts it.
func TestMetricsOfLostRuns(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.dag("long", "steps:\n  - run: sleep 300\n")
	d := h.scheduler()
	h.enqueue("long")
	s := h.records()
	eventually(t, func() bool { runs := h.runs(s, "long"); return len(runs) == 1 && !runs[0].Begun.IsZero() }, "has begun")
	d.kill()
	d = h.scheduler()
	m := d.scrape()
	require.InDelta(t, 1, m[`dagu_runs_recovered_total{result="lost"}`], 0)
	require.InDelta(t, 0, m[`dagu_runs_finished_total{status="failed"}`], 0, "this process executed nothing")
}

// The web port shows metrics to whom it shows everything else.
func TestMetricsOnTheWebPort(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"start-all", "server"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			h := newHome(t, "DAGU_AUTH_MODE=basic", "DAGU_AUTH_BASIC_USERNAME=u", "DAGU_AUTH_BASIC_PASSWORD=p")
			port := strconv.Itoa(freePort(t))
			d := h.start(launch{args: []string{command, "--port", port}})
			url := "http://127.0.0.1:" + port
			eventually(t, func() bool { return strings.HasPrefix(d.get(url+"/api/v1/health"), "200 ") }, "serves")
			require.True(t, strings.HasPrefix(d.get(url+"/metrics"), "401 "))
			require.Equal(t, http.StatusOK, statusOf(t, d, http.MethodHead, url+"/metrics"))
			m := parseMetrics(t, d.get("http://u:p@127.0.0.1:"+port+"/metrics"))
			require.InDelta(t, 1, m[`dagu_phase{phase="running"}`], 0)
			require.Contains(t, m, "dagu_catalog_files")
			require.Equal(t, http.StatusMethodNotAllowed, statusOf(t, d, http.MethodPost, url+"/metrics"))
		})
	}
}

// statusOf asks as the user of the web port.
func statusOf(t *testing.T, d *daemon, method, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, url, nil)
	require.NoError(t, err)
	request.SetBasicAuth("u", "p")
	response, err := d.client.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}
