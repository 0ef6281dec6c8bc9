package integration_test

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
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

// A program that has taken the port, and says that all is well, is not ours.
func TestDaguHealthKnowsItsScheduler(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.scheduler()
	impostor := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"status":"healthy"}`))
	}))
	var err error
	impostor.Listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	impostor.Start()
	defer impostor.Close()

	path := h.path("data", health.AddressFile)
	address, err := health.ReadAddress(path)
	require.NoError(t, err)
	address.URL = impostor.URL
	text, err := json.Marshal(address)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, text, 0o600))
	r := h.run("health")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stdout, "another program answers there")
	require.True(t, strings.HasPrefix(h.must("health", "--url", impostor.URL), "healthy"), "whoever is asked by name is believed")
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
