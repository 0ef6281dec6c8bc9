package integration_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The unit leaves the process the time that it takes, and feeds on no less than
// the stall threshold.
func TestSystemdUnit(t *testing.T) {
	t.Parallel()
	const path = "systemd/dagu-scheduler.service"
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	unit, env := map[string]string{}, map[string]string{}
	for _, line := range lines(string(text)) {
		key, value, ok := strings.Cut(line, "=")
		switch {
		case strings.HasPrefix(line, "#"), strings.HasPrefix(line, "["):
		case key == "Environment":
			name, setting, _ := strings.Cut(value, "=")
			env[name] = setting
		default:
			require.True(t, ok, line)
			require.NotContains(t, unit, key)
			unit[key] = value
		}
	}
	for key, want := range map[string]string{
		"Type": "notify", "NotifyAccess": "main", "KillMode": "mixed", "Restart": "always", "OOMPolicy": "continue", "User": "dagu",
	} {
		require.Equal(t, want, unit[key], key)
	}
	figure := func(key string) int {
		n, err := strconv.Atoi(unit[key])
		require.NoError(t, err, key)
		return n
	}
	s := defaults(t).Scheduler
	fitsStop(t, seconds(figure("TimeoutStopSec")))
	watchdog := seconds(figure("WatchdogSec"))
	require.GreaterOrEqual(t, watchdog/2, s.StallThreshold, "what is starved for less between two feedings is left alone")
	fitsMisfire(t, watchdog, seconds(figure("TimeoutStopSec")+figure("RestartSec")))
	require.Greater(t, seconds(figure("TimeoutStartSec")), s.StartTimeout)
	require.Equal(t, "/var/lib/"+unit["StateDirectory"], configured(t, env).Home)
	require.Equal(t, "/bin/sh", env["SHELL"], "systemd sets the login shell of the user, which is none")
	require.True(t, strings.HasSuffix(unit["ExecStart"], "/dagu scheduler"))
	// All that systemd.exec(5) says implies NoNewPrivileges=, which steps may not survive.
	for _, key := range []string{
		"NoNewPrivileges", "PrivateDevices", "ProtectClock", "ProtectKernelTunables", "ProtectKernelModules", "ProtectKernelLogs",
		"RestrictAddressFamilies", "RestrictNamespaces", "LockPersonality", "MemoryDenyWriteExecute", "RestrictRealtime", "RestrictSUIDSGID",
		"SystemCallFilter", "SystemCallArchitectures", "SystemCallLog", "DynamicUser",
	} {
		require.NotContains(t, unit, key)
	}
	figures(t, path, "stall_threshold", "start_timeout", "stop_timeout", "misfire_threshold")
}
