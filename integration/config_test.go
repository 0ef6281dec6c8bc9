package integration_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// Flags win over the environment, that over the file, and that over defaults.
func TestConfigPrecedence(t *testing.T) {
	t.Parallel()
	h := newHome(t, "DAGU_PORT=7001", "DAGU_DEBUG=false", "DAGU_LOG_FORMAT=json", "DAGU_SCHEDULER_STALL_THRESHOLD=")
	h.write("config.yaml", "port: 7000\nhost: 127.0.0.2\ndebug: false\nlog_format: text\nscheduler:\n  stall_threshold: 40s\n")
	var info struct {
		Values []struct{ Key, Value, Origin string }
	}
	require.NoError(t, json.Unmarshal([]byte(h.must("config", "--debug", "--format", "json")), &info))
	got := map[string][2]string{}
	for _, v := range info.Values {
		got[v.Key] = [2]string{v.Value, v.Origin}
	}
	for key, want := range map[string][2]string{
		"debug":                     {"true", "flag --debug"},
		"port":                      {"7001", "environment DAGU_PORT"},
		"log_format":                {"json", "environment DAGU_LOG_FORMAT"},
		"host":                      {"127.0.0.2", "config.yaml:2"},
		"scheduler.stall_threshold": {"40s", "config.yaml:6"},
		"scheduler.drain_timeout":   {"20s", "default"},
		"paths.dags_dir":            {h.path("dags"), "default"},
	} {
		require.Equal(t, want, got[key], key)
	}
	require.NoDirExists(t, h.path("data"), "looking creates nothing")
}

// A wrong value is told with its place, by every command, and nothing is started.
func TestConfigError(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	h.write("config.yaml", "\nscheduler:\n  stall_threshold: 40\n")
	for _, command := range []string{"config", "scheduler", "start-all", "history"} {
		r := h.run(command)
		require.Equal(t, 1, r.code)
		require.Contains(t, r.stderr, h.path("config.yaml")+`:3: scheduler.stall_threshold: found "40", want a duration with a unit; did you mean "40s"?`)
		require.Empty(t, r.stdout)
	}
	require.NoDirExists(t, h.path("data"))
}
