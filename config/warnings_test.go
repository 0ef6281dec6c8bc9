package config_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/config"
)

func warnings(loaded *config.Loaded) []string {
	var list []string
	for _, w := range loaded.Warnings {
		list = append(list, w.String())
	}
	return list
}

func TestUnknownKeys(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ file, want string }{
		{"prot: 1", `:1: unknown key "prot" is ignored; did you mean port?`},
		{"\nscheduler:\n  prot: 1", `:3: unknown key "scheduler.prot" is ignored; did you mean scheduler.port?`},
		{"scheduler: {stall_treshold: 1}", `did you mean scheduler.stall_threshold?`},
		{"dags_dir: /x", `did you mean paths.dags_dir?`},
		{"scheduler.port: 1", `did you mean scheduler.port?`},
		{"scheduler: {base_path: /x}", `did you mean base_path?`},
		{"queues: {config: [{name: a, max_concurency: 1}]}", `"queues.config[].max_concurency" is ignored; did you mean queues.config[].max_concurrency?`},
		{"remote_nodes: [{x: {y: 1}}]", `unknown key "remote_nodes" is ignored`},
		{"permissions: {write_dags: true, run_dags: true}", `unknown key "permissions" is ignored`},
		{"1: 2", `unknown key "1" is ignored`},
		{"dataDir:", `unknown key "dataDir" is ignored; did you mean paths.data_dir?`},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			opts := options(t, tt.file)
			list := warnings(load(t, opts))
			require.Len(t, list, 1)
			require.Contains(t, list[0], tt.want)
			require.Contains(t, list[0], filepath.Join(opts.Home, "config.yaml")+":")
			if tt.file == "1: 2" || tt.want[len(tt.want)-1] == 'd' {
				require.NotContains(t, list[0], "did you mean")
			}
		})
	}
}

// A file in the spelling of Dagu: everything that means the same is used, and
// everything that is not known here is left aside.
func TestCamelCase(t *testing.T) {
	t.Parallel()
	opts := options(t, `
logFormat: json
basePath: /dagu/
paths:
  dagsDir: /d
  suspendFlagsDir: /s
scheduler:
  port: 8091
  lockStaleThreshold: 30s
  pingURL: http://x
  stallThreshold: 20s
ui: {navbarTitle: Dagu, maxDashboardPageLimit: 100}
queues:
  config:
    - {name: a, maxConcurrency: 2}
metrics: {perDAG: true}
database: {allowNetworkFS: yes}
`)
	loaded := load(t, opts)
	c := loaded.Config
	require.Equal(t, "json", c.LogFormat)
	require.Equal(t, "/dagu", c.BasePath)
	require.Equal(t, "/d", c.Paths.DAGsDir)
	require.Equal(t, 8091, c.Scheduler.Port)
	require.Equal(t, "http://x", c.Scheduler.PingURL)
	require.Equal(t, 20*time.Second, c.Scheduler.StallThreshold)
	require.Equal(t, 2, c.Queues.Config[0].MaxConcurrency)
	require.True(t, c.Metrics.PerDAG)
	require.True(t, c.Database.AllowNetworkFS)

	file := filepath.Join(opts.Home, "config.yaml")
	require.Equal(t, []string{
		file + `:2: logFormat: the key is spelled log_format`,
		file + `:3: basePath: the key is spelled base_path`,
		file + `:5: paths.dagsDir: the key is spelled paths.dags_dir`,
		file + `:6: unknown key "paths.suspendFlagsDir" is ignored`,
		file + `:9: unknown key "scheduler.lockStaleThreshold" is ignored`,
		file + `:10: scheduler.pingURL: the key is spelled scheduler.ping_url`,
		file + `:11: scheduler.stallThreshold: the key is spelled scheduler.stall_threshold`,
		file + `:12: unknown key "ui" is ignored`,
		file + `:15: queues.config[].maxConcurrency: the key is spelled queues.config[].max_concurrency`,
		file + `:16: metrics.perDAG: the key is spelled metrics.per_dag`,
		file + `:17: database.allowNetworkFS: the key is spelled database.allow_network_fs`,
	}, warnings(loaded))
}

func TestYAMLForms(t *testing.T) {
	t.Parallel()
	for name, file := range map[string]string{
		"nothing": "", "comment": "# only\n", "null": "~\n", "document mark": "---\n", "empty mapping": "{}\n",
		"no values": "port:\nscheduler:\npaths: ~\nqueues: {config: }\ntz: ''\nhost: \"\"\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := options(t, file+"\n")
			loaded := load(t, opts)
			require.Empty(t, loaded.Warnings)
			require.Equal(t, filepath.Join(opts.Home, "config.yaml"), loaded.File)
			for _, v := range loaded.Values {
				require.Equal(t, "default", v.Origin.String(), v.Key)
			}
		})
	}
	c := load(t, options(t, "\ufeffport: \"81\"\r\nscheduler: {host: '[::1]'}\r\n")).Config
	require.Equal(t, 81, c.Port)
	require.Equal(t, "::1", c.Scheduler.Host)

	loaded := load(t, options(t, "x: &common\n  port: 1\n  host: localhost\nport: &p 5\nscheduler:\n  <<: [*common, {host: 0.0.0.0, details: true}]\n  port: *p\n"))
	require.Equal(t, 5, loaded.Config.Scheduler.Port)
	require.Equal(t, "localhost", loaded.Config.Scheduler.Host)
	require.Equal(t, true, *loaded.Config.Scheduler.Details)
	require.Equal(t, "config.yaml:3", value(t, loaded, "scheduler.host").Origin.String())
}

func TestServiceLinks(t *testing.T) {
	t.Parallel()
	loaded := load(t, options(t, "", "DAGU_PORT=tcp://10.0.0.1:8080", "DAGU_PORT_8080_TCP_PORT=8080", "DAGU_SERVICE_PORT=8080",
		"DAGU_SCHEDULER_PORT=tcp://10.0.0.2:8090", "DAGU_UI_PORT=udp://10.0.0.3:1", "DAGU_ANYTHING=1"))
	require.Equal(t, 8080, loaded.Config.Port)
	require.Equal(t, 8090, loaded.Config.Scheduler.Port)
	list := warnings(loaded)
	require.Len(t, list, 3)
	require.Contains(t, list[0], `environment DAGU_PORT: "tcp://10.0.0.1:8080" is ignored: Kubernetes sets it`)
	require.Contains(t, list[1], "environment DAGU_SCHEDULER_PORT: ")
	require.Contains(t, list[2], "environment DAGU_UI_PORT: ")

	_, err := config.Load(options(t, "port: tcp://10.0.0.1:8080"))
	require.ErrorContains(t, err, "want a whole number", "only the environment has them")
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	loaded := load(t, options(t, "", "DAGU_DAGS_DIR=/dir", "DAGU_PORT=", "DAGU_SCHEDULER_PORT=1", "DAGU_SCHEDULER_PORT=2", "=x", "odd"))
	require.Equal(t, "/dir", loaded.Config.Paths.DAGsDir)
	require.Equal(t, 8080, loaded.Config.Port, "empty is not set")
	require.Equal(t, 1, loaded.Config.Scheduler.Port)
	require.Empty(t, loaded.Warnings)

	loaded = load(t, options(t, "", "DAGU_DAGS_DIR=/dir", "DAGU_DAGS=/dags"))
	require.Equal(t, "/dags", loaded.Config.Paths.DAGsDir)
	require.Equal(t, []string{"environment DAGU_DAGS_DIR: is ignored, since DAGU_DAGS is set too"}, warnings(loaded))
}

func TestCredentialsWithoutMode(t *testing.T) {
	t.Parallel()
	loaded := load(t, options(t, "auth:\n  basic: {username: a, password: b}\n"))
	require.Len(t, loaded.Warnings, 1)
	require.Contains(t, loaded.Warnings[0].String(), ":2: auth.basic is not used, since auth.mode is not set")
}
