package integration_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/modules/health"
)

// checksOf are the names in the details that "dagu health" prints.
func (h *home) checksOf(args ...string) []string {
	h.tb.Helper()
	var report struct {
		Status string
		Checks []struct{ Name, Status string }
	}
	require.NoError(h.tb, json.Unmarshal([]byte(h.must(append([]string{"health", "--verbose", "--format", "json"}, args...)...)), &report))
	require.Equal(h.tb, "healthy", report.Status)
	var names []string
	for _, c := range report.Checks {
		require.Equal(h.tb, "healthy", c.Status, c.Name)
		names = append(names, c.Name)
	}
	return names
}

func TestDaguHealthAsksEachQuestion(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.scheduler()
	for _, flag := range []string{"--live", "--ready", "--startup", "--wait=1s"} {
		require.True(t, strings.HasPrefix(h.must("health", flag), "healthy http://127.0.0.1:"), flag)
	}
	require.Equal(t, []string{health.QueueLoop, health.SchedulerLoop}, h.checksOf("--live"))
	ready := h.checksOf("--ready")
	require.True(t, slices.IsSorted(ready))
	require.ElementsMatch(t, []string{
		health.SchedulerLoop, health.QueueLoop, health.StoreWriter, health.CatalogWatch,
		"clock", "dags-dir", "disk", "entries", "executor", "overdue", "starved", "store",
	}, ready)
	require.Equal(t, ready, h.checksOf())
}

// impostor is a program that has taken the port of the scheduler, which has died, and
// says that all is well.
func (h *home) impostor() *httptest.Server {
	h.tb.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"status":"healthy"}`))
	}))
	require.NoError(h.tb, s.Listener.Close())
	var err error
	s.Listener, err = new(net.ListenConfig).Listen(context.Background(), "tcp", fmt.Sprintf("127.0.0.1:%d", h.port))
	require.NoError(h.tb, err)
	s.Start()
	h.tb.Cleanup(s.Close)
	return s
}

// A program that has taken the port, and says that all is well, is not ours.
func TestDaguHealthKnowsItsScheduler(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.scheduler().kill()
	impostor := h.impostor()

	address, err := health.ReadAddress(h.path("data", health.AddressFile))
	require.NoError(t, err)
	require.Equal(t, impostor.URL, address.URL)
	r := h.run("health")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stdout, "another program answers there")
	require.True(t, strings.HasPrefix(h.must("health", "--url", impostor.URL), "healthy"), "whoever is asked by name is believed")
}

// When the scheduler that came last has died, the one that it shared the data directory
// with is asked, and no other program that has its port.
func TestDaguHealthFindsTheOtherScheduler(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	first := h.scheduler()
	second := h.start(launch{port: freePort(t)})
	second.waitHealthy()
	ours := fmt.Sprintf("healthy http://127.0.0.1:%d/readyz\n", h.port)
	eventually(t, func() bool { return strings.Contains(h.must("health"), strconv.Itoa(second.port)) }, "the last one is asked")
	second.kill()
	eventually(t, func() bool { return h.run("health", "--ready").stdout == ours }, "the other one is asked")
	require.True(t, strings.HasPrefix(h.must("health", "--ready", "--verbose"), ours))

	first.kill()
	h.impostor()
	r := h.run("health")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stdout, "has died")
}

// Only what a health server can say is an answer, and nothing else is printed.
func TestDaguHealthBelievesNoImpossibleAnswer(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	for name, answer := range map[string]struct {
		code int
		body string
	}{
		"the code is the contract": {http.StatusServiceUnavailable, `{"status":"healthy"}`},
		"nor the other way round":  {http.StatusOK, `{"status":"unhealthy"}`},
		"no status of ours":        {http.StatusOK, `{"status":"ok"}`},
		"no text for a terminal":   {http.StatusOK, `{"status":"healthy\u001b[2J\nx"}`},
		"not found":                {http.StatusNotFound, `{"status":"healthy"}`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(answer.code)
				_, _ = w.Write([]byte(answer.body))
			}))
			defer server.Close()
			r := h.run("health", "--url", server.URL)
			require.Equal(t, 1, r.code)
			require.Contains(t, r.stdout, "which is no health answer")
			require.True(t, strings.HasPrefix(r.stdout, "unreachable "+server.URL), r.stdout)
			require.Equal(t, 1, strings.Count(r.stdout, "\n"))
			require.NotContains(t, r.stdout, "\x1b")
		})
	}
}
