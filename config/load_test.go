package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/config"
)

// options is a home of its own with the given file in it, and an otherwise empty environment.
func options(t *testing.T, file string, env ...string) config.Options {
	t.Helper()
	home := t.TempDir()
	if file != "" {
		require.NoError(t, os.WriteFile(filepath.Join(home, "config.yaml"), []byte(file), 0o600))
	}
	return config.Options{Home: home, Dir: t.TempDir(), Environ: append([]string{"HOME=" + filepath.Join(home, "nobody")}, env...)}
}

func load(t *testing.T, opts config.Options) *config.Loaded {
	t.Helper()
	loaded, err := config.Load(opts)
	require.NoError(t, err)
	return loaded
}

// value finds the key among the values.
func value(t *testing.T, loaded *config.Loaded, key string) config.Value {
	t.Helper()
	for _, v := range loaded.Values {
		if v.Key == key {
			return v
		}
	}
	require.Fail(t, "no such value", key)
	return config.Value{}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	opts := options(t, "")
	loaded := load(t, opts)
	require.Equal(t, config.Config{
		Home: opts.Home,
		Paths: config.Paths{
			DAGsDir:    filepath.Join(opts.Home, "dags"),
			DataDir:    filepath.Join(opts.Home, "data"),
			LogDir:     filepath.Join(opts.Home, "logs"),
			BaseConfig: filepath.Join(opts.Home, "base.yaml"),
		},
		Location:  time.Local,
		LogFormat: "text",
		Host:      "127.0.0.1",
		Port:      8080,
		Scheduler: config.Scheduler{
			Host: "127.0.0.1", Port: 8090,
			StallThreshold: 30 * time.Second, MisfireThreshold: 5 * time.Minute,
			StartTimeout: 2 * time.Minute, DrainTimeout: 20 * time.Second, StopTimeout: 28 * time.Second,
			ReconcileInterval: 30 * time.Second, PingInterval: time.Minute,
		},
		Queues: config.Queues{Enabled: true},
		Worker: config.Worker{MaxActiveRuns: 100},
	}, loaded.Config)
	require.Empty(t, loaded.Warnings)
	require.Empty(t, loaded.File)
	for _, v := range loaded.Values {
		require.Equal(t, "default", v.Origin.String(), v.Key)
	}
}

// scalars has, for every key with a single value, three values that differ
// among themselves and from the default.
func scalars() []struct {
	key, env, flag string
	texts          [3]string
	want           [3]any
	get            func(config.Config) any
} {
	d := func(a, b, c time.Duration) [3]any { return [3]any{a, b, c} }
	const s, m = time.Second, time.Minute
	return []struct {
		key, env, flag string
		texts          [3]string
		want           [3]any
		get            func(config.Config) any
	}{
		{"paths.dags_dir", "DAGU_DAGS", "--dags", [3]string{"/1", "/2", "/3"}, [3]any{"/1", "/2", "/3"}, func(c config.Config) any { return c.Paths.DAGsDir }},
		{"paths.data_dir", "DAGU_DATA_DIR", "--data-dir", [3]string{"/1", "/2", "/3"}, [3]any{"/1", "/2", "/3"}, func(c config.Config) any { return c.Paths.DataDir }},
		{"paths.log_dir", "DAGU_LOG_DIR", "--log-dir", [3]string{"/1", "/2", "/3"}, [3]any{"/1", "/2", "/3"}, func(c config.Config) any { return c.Paths.LogDir }},
		{"paths.base_config", "DAGU_BASE_CONFIG", "--base-config", [3]string{"/1", "/2", "/3"}, [3]any{"/1", "/2", "/3"}, func(c config.Config) any { return c.Paths.BaseConfig }},
		{"tz", "DAGU_TZ", "--tz", [3]string{"UTC", "Asia/Tokyo", "Europe/Berlin"}, [3]any{"UTC", "Asia/Tokyo", "Europe/Berlin"}, func(c config.Config) any { return c.Location.String() }},
		{"log_format", "DAGU_LOG_FORMAT", "--log-format", [3]string{"json", "text", "json"}, [3]any{"json", "text", "json"}, func(c config.Config) any { return c.LogFormat }},
		{"debug", "DAGU_DEBUG", "--debug", [3]string{"true", "false", "true"}, [3]any{true, false, true}, func(c config.Config) any { return c.Debug }},
		{"default_shell", "DAGU_DEFAULT_SHELL", "--default-shell", [3]string{"bash -e", "zsh", "fish"}, [3]any{"bash -e", "zsh", "fish"}, func(c config.Config) any { return c.DefaultShell }},
		{"host", "DAGU_HOST", "--host", [3]string{"0.0.0.0", "::", "localhost"}, [3]any{"0.0.0.0", "::", "localhost"}, func(c config.Config) any { return c.Host }},
		{"port", "DAGU_PORT", "--port", [3]string{"1", "2", "3"}, [3]any{1, 2, 3}, func(c config.Config) any { return c.Port }},
		{"base_path", "DAGU_BASE_PATH", "--base-path", [3]string{"/1", "/2", "/3"}, [3]any{"/1", "/2", "/3"}, func(c config.Config) any { return c.BasePath }},
		{"auth.mode", "DAGU_AUTH_MODE", "--mode", [3]string{"none", "NONE", "none"}, [3]any{"none", "none", "none"}, func(c config.Config) any { return c.Auth.Mode }},
		{"auth.basic.username", "DAGU_AUTH_BASIC_USERNAME", "--username", [3]string{"1", "2", "3"}, [3]any{"1", "2", "3"}, func(c config.Config) any { return c.Auth.Basic.Username }},
		{"auth.basic.password", "DAGU_AUTH_BASIC_PASSWORD", "--password", [3]string{"0x10", "007", " 3 "}, [3]any{"0x10", "007", " 3 "}, func(c config.Config) any { return c.Auth.Basic.Password }},
		{"scheduler.host", "DAGU_SCHEDULER_HOST", "--host", [3]string{"0.0.0.0", "a.b", "::1"}, [3]any{"0.0.0.0", "a.b", "::1"}, func(c config.Config) any { return c.Scheduler.Host }},
		{"scheduler.port", "DAGU_SCHEDULER_PORT", "--port", [3]string{"1", "0", "65535"}, [3]any{1, 0, 65535}, func(c config.Config) any { return c.Scheduler.Port }},
		{"scheduler.details", "DAGU_SCHEDULER_DETAILS", "--details", [3]string{"true", "false", "1"}, [3]any{true, false, true}, func(c config.Config) any { return *c.Scheduler.Details }},
		{"scheduler.stall_threshold", "DAGU_SCHEDULER_STALL_THRESHOLD", "--stall-threshold", [3]string{"10s", "20s", "1m"}, d(10*s, 20*s, m), func(c config.Config) any { return c.Scheduler.StallThreshold }},
		{"scheduler.misfire_threshold", "DAGU_SCHEDULER_MISFIRE_THRESHOLD", "--misfire-threshold", [3]string{"118s", "10m", "1h"}, d(118*s, 10*m, 60*m), func(c config.Config) any { return c.Scheduler.MisfireThreshold }},
		{"scheduler.start_timeout", "DAGU_SCHEDULER_START_TIMEOUT", "--start-timeout", [3]string{"1s", "2s", "3s"}, d(s, 2*s, 3*s), func(c config.Config) any { return c.Scheduler.StartTimeout }},
		{"scheduler.drain_timeout", "DAGU_SCHEDULER_DRAIN_TIMEOUT", "--drain-timeout", [3]string{"0", "22s", "1s"}, d(0, 22*s, s), func(c config.Config) any { return c.Scheduler.DrainTimeout }},
		{"scheduler.stop_timeout", "DAGU_SCHEDULER_STOP_TIMEOUT", "--stop-timeout", [3]string{"26s", "1m", "2m"}, d(26*s, m, 2*m), func(c config.Config) any { return c.Scheduler.StopTimeout }},
		{"scheduler.reconcile_interval", "DAGU_SCHEDULER_RECONCILE_INTERVAL", "--reconcile-interval", [3]string{"1s", "2s", "3s"}, d(s, 2*s, 3*s), func(c config.Config) any { return c.Scheduler.ReconcileInterval }},
		{"scheduler.ping_url", "DAGU_SCHEDULER_PING_URL", "--ping-url", [3]string{"http://a", "https://b/c?d", "http://[::1]:80"}, [3]any{"http://a", "https://b/c?d", "http://[::1]:80"}, func(c config.Config) any { return c.Scheduler.PingURL }},
		{"scheduler.ping_interval", "DAGU_SCHEDULER_PING_INTERVAL", "--ping-interval", [3]string{"1s", "2s", "3s"}, d(s, 2*s, 3*s), func(c config.Config) any { return c.Scheduler.PingInterval }},
		{"metrics.per_dag", "DAGU_METRICS_PER_DAG", "--per-dag", [3]string{"true", "off", "yes"}, [3]any{true, false, true}, func(c config.Config) any { return c.Metrics.PerDAG }},
		{"queues.enabled", "DAGU_QUEUE_ENABLED", "--enabled", [3]string{"false", "true", "false"}, [3]any{false, true, false}, func(c config.Config) any { return c.Queues.Enabled }},
		{"worker.max_active_runs", "DAGU_WORKER_MAX_ACTIVE_RUNS", "--max-active-runs", [3]string{"1", "2", "3"}, [3]any{1, 2, 3}, func(c config.Config) any { return c.Worker.MaxActiveRuns }},
		{"database.allow_network_fs", "", "--allow-network-fs", [3]string{"true", "", "false"}, [3]any{true, nil, false}, func(c config.Config) any { return c.Database.AllowNetworkFS }},
	}
}

// nested writes a dotted key as YAML, with the value on the last line.
func nested(key, text string) string {
	var b strings.Builder
	parts := strings.Split(key, ".")
	for i, part := range parts[:len(parts)-1] {
		fmt.Fprintf(&b, "%s%s:\n", strings.Repeat("  ", i), part)
	}
	fmt.Fprintf(&b, "%s%s: %q\n", strings.Repeat("  ", len(parts)-1), parts[len(parts)-1], text)
	return b.String()
}

// Every key, from every place: the default is replaced by the file, that by the
// environment, and that by a flag; the origin names the place.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	for _, tt := range scalars() {
		t.Run(tt.key, func(t *testing.T) {
			t.Parallel()
			opts := options(t, nested(tt.key, tt.texts[0]))
			check := func(i int, origin string) {
				loaded := load(t, opts)
				require.Equal(t, tt.want[i], tt.get(loaded.Config))
				v := value(t, loaded, tt.key)
				require.Equal(t, origin, v.Origin.String())
				if v.Secret {
					require.Equal(t, "********", v.Text)
				}
			}
			check(0, fmt.Sprintf("config.yaml:%d", strings.Count(tt.key, ".")+1))
			if tt.env != "" {
				opts.Environ = append(opts.Environ, tt.env+"="+tt.texts[1])
				check(1, "environment "+tt.env)
			}
			opts.Flags = map[string]string{tt.key: tt.texts[2]}
			check(2, "flag "+tt.flag)
		})
	}
}

func TestValuesListEveryKey(t *testing.T) {
	t.Parallel()
	want := map[string]bool{"env_passthrough": true, "queues.config": true, "database.url": true}
	for _, tt := range scalars() {
		want[tt.key] = true
	}
	first, second := load(t, options(t, "")), load(t, options(t, ""))
	for i, v := range first.Values {
		require.True(t, want[v.Key], v.Key)
		delete(want, v.Key)
		require.Equal(t, v.Key, second.Values[i].Key)
	}
	require.Empty(t, want)
}

func TestValueTexts(t *testing.T) {
	t.Parallel()
	loaded := load(t, options(t, `
queues:
  config:
    - {name: etl, max_concurrency: 3}
    - name: gpu
env_passthrough: [AWS_*, LANG]
auth: {mode: basic, basic: {username: me, password: hunter2}}
scheduler: {misfire_threshold: 1h, start_timeout: 90m, stop_timeout: 28500ms}
`))
	for key, text := range map[string]string{
		"queues.config": "etl=3, gpu=1", "env_passthrough": "AWS_*, LANG", "auth.basic.password": "********",
		"auth.mode": "basic", "scheduler.misfire_threshold": "1h", "scheduler.start_timeout": "1h30m",
		"scheduler.stop_timeout": "28.5s", "scheduler.ping_interval": "1m", "scheduler.details": "on loopback only",
		"debug": "false", "port": "8080", "tz": "Local", "database.url": "",
	} {
		require.Equal(t, text, value(t, loaded, key).Text, key)
	}
	require.Equal(t, "none", value(t, load(t, options(t, "")), "auth.mode").Text)
	require.Empty(t, value(t, load(t, options(t, "host: 0.0.0.0")), "auth.mode").Text)
	require.Equal(t, []config.Queue{{Name: "etl", MaxConcurrency: 3}, {Name: "gpu", MaxConcurrency: 1}}, loaded.Config.Queues.Config)
	require.Equal(t, []string{"AWS_*", "LANG"}, loaded.Config.EnvPassthrough)
	require.Equal(t, "config.yaml:6", value(t, loaded, "env_passthrough").Origin.String())
}

func TestLoadChangesNothing(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	loaded := load(t, config.Options{Environ: []string{"HOME=" + filepath.Join(parent, "me")}})
	require.Equal(t, filepath.Join(parent, "me/.local/share/dagu/data"), loaded.Config.Paths.DataDir)
	entries, err := os.ReadDir(parent)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// What flags and variables say of another machine is read without the files of this one.
func TestNoFile(t *testing.T) {
	t.Parallel()
	opts := options(t, "port: nonsense", "DAGU_SCHEDULER_PORT=7000")
	opts.NoFile = true
	loaded := load(t, opts)
	require.Empty(t, loaded.File)
	require.Equal(t, config.DefaultPort, loaded.Config.Port)
	require.Equal(t, 7000, loaded.Config.Scheduler.Port)
	opts.File = "/nowhere/config.yaml"
	require.Empty(t, load(t, opts).File, "one that is named neither")
}
