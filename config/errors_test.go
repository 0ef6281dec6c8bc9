package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/config"
)

// A wrong value in the file: place, key, what was found, what is allowed.
func TestWrongValues(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ file, want string }{
		{"port: abc", `:1: port: found "abc", want a whole number from 0 to 65535`},
		{"\nport: 65536", `:2: port: found "65536", want a whole number from 0 to 65535`},
		{"port: -1", `:1: port: found "-1", want a whole number from 0 to 65535`},
		{"port: 80.5", `found "80.5", want a whole number`},
		{"port: [80]", `:1: port: found "a list", want a single value`},
		{"scheduler: 8090", `:1: scheduler: found "a single value", want a mapping of keys to values`},
		{"scheduler:\n  stall_threshold: 30", `:2: scheduler.stall_threshold: found "30", want a duration with a unit; did you mean "30s"?`},
		{"scheduler: {ping_interval: 1.5}", `did you mean "1.5s"?`},
		{"scheduler: {ping_interval: soon}", `found "soon", want a duration such as "30s", "5m" or "1h30m"`},
		{"scheduler: {ping_interval: 0s}", `found "0s", want at least 1s`},
		{"scheduler: {ping_interval: 9000h}", `found "9000h", want at most 8760h`},
		{"scheduler: {stall_threshold: 9s}", `scheduler.stall_threshold: found "9s", want at least 10s`},
		{"scheduler: {start_timeout: -1s}", `found "-1s", want at least 1s`},
		{"scheduler: {reconcile_interval: 10ms}", `found "10ms", want at least 1s`},
		{"scheduler: {drain_timeout: 23s}", `scheduler.drain_timeout: found "23s", want less than 23s, which is scheduler.stop_timeout (28s) minus 5s`},
		{"scheduler:\n  stop_timeout: 20s", `:2: scheduler.drain_timeout: found "20s", want less than 15s`},
		{"scheduler: {misfire_threshold: 117s}", `scheduler.misfire_threshold: found "1m57s", want at least 1m58s`},
		{"scheduler:\n\n  stall_threshold: 4m", `:3: scheduler.misfire_threshold: found "5m", want at least 5m28s`},
		{"scheduler: {stop_timeout: 8760h, stall_threshold: 8760h, misfire_threshold: 8760h}", `want at least 17520h1m`},
		{"scheduler: {host: 'http://x'}", `found "http://x", want an address or a host name`},
		{"host: 0.0.0.0:80", `the port has a key of its own`},
		{"host: '*'", `found "*", want an address`},
		{"debug: maybe", `debug: found "maybe", want true or false`},
		{"log_format: xml", `log_format: found "xml", want text or json`},
		{"tz: Europe/Berln", `tz: found "Europe/Berln", want the name of a time zone`},
		{"default_shell: direct", `want a shell with its arguments`},
		{"base_path: dagu", `found "dagu", want a path that begins with a slash; did you mean "/dagu"?`},
		{"base_path: /a//b", `want a path such as /dagu`},
		{"base_path: /a/../b", `want a path such as /dagu`},
		{"base_path: '/a?b'", `want a path such as /dagu`},
		{"scheduler: {ping_url: 'ftp://x'}", `want a URL that begins with http:// or https://`},
		{"scheduler: {ping_url: 'http://'}", `want a URL that begins`},
		{"auth: {mode: builtin}", `auth.mode: found "builtin", want none or basic`},
		{"auth: {mode: basic}", `auth.mode: found "basic", which needs auth.basic.username and auth.basic.password`},
		{"auth: {mode: basic, basic: {username: a}}", `which needs auth.basic.username and auth.basic.password`},
		{"auth: {basic: {username: 'a:b'}}", `want a name without colons`},
		{"worker: {max_active_runs: 0}", `worker.max_active_runs: found "0", want a whole number from 1`},
		{"env_passthrough: PATH", `env_passthrough: found "PATH", want a list`},
		{"env_passthrough:\n- OK\n- A B", `:3: env_passthrough: found "A B", want a name of a variable`},
		{"env_passthrough: [[A]]", `found "a list", want a name`},
		{"queues: {config: 3}", `queues.config: found "3", want a list`},
		{"queues: {config: [a]}", `queues.config: found "a", want a mapping with name and max_concurrency`},
		{"queues:\n  config:\n  - max_concurrency: 2", `:3: queues.config[].name: missing`},
		{"queues:\n  config:\n  - {name: a}\n  - {name: b}\n  - {name: a}", `:5: queues.config: found "a", want names that differ; line 3 has this one`},
		{"queues:\n  config:\n  - name: a\n    max_concurrency: 0", `:4: queues.config[].max_concurrency: found "0", want a whole number from 1`},
		{"queues:\n  config:\n  - name: [a]", `queues.config[].name: found "a list", want a single value`},
		{"queues:\n  config:\n  - name: a\n    Name: b", `:4: queues.config[].name: found "Name", want it once`},
		{"paths: {dags_dir: '~you/x'}", `found "~you/x", want a whole path`},
		{"paths: {dags_dir: '$NOPE/x'}", `found "$NOPE/x", want variables that are set; not set: $NOPE`},
		{"paths: {dags_dir: \"a\\0b\"}", `want a path without NUL bytes`},
		{"a: 1\nport: 1\nport: 2", `:3: mapping key "port" already defined at line 2`},
		{"logFormat: text\nlog_format: json", `:2: log_format: given twice, as "logFormat" in line 1 and as "log_format" here; keep one`},
		{"scheduler: {port: 1}\nScheduler: {port: 2}", `:2: scheduler: given twice`},
		{"- a", `:1: found a list, want a mapping`},
		{"just text", `:1: found a single value, want a mapping`},
		{"port: 1\n---\nport: 2", `want one document`},
		{"port: [", `not valid YAML`},
		{"port: &a [*a]", `not valid YAML: anchor 'a' value contains itself`},
		{"\tport: 1", `:1: not valid YAML`},
	} {
		t.Run(tt.file, func(t *testing.T) {
			t.Parallel()
			opts := options(t, tt.file)
			_, err := config.Load(opts)
			require.ErrorContains(t, err, tt.want)
			require.True(t, strings.HasPrefix(err.Error(), filepath.Join(opts.Home, "config.yaml")), err)
			require.NotContains(t, err.Error(), "\n")
		})
	}
}

func TestWrongVariablesAndFlags(t *testing.T) {
	t.Parallel()
	opts := options(t, "", "DAGU_PORT=x", "DAGU_SCHEDULER_DRAIN_TIMEOUT=1m", "DAGU_DATABASE_URL=postgres://u:hunter2@h/d")
	opts.Flags = map[string]string{"log_format": "xml", "paths.dags_dir": "", "queues.config": "a", "nope": "1"}
	_, err := config.Load(opts)
	require.Equal(t, strings.Join([]string{
		`the configuration has 7 errors:`,
		`- nope: cannot be set by a flag`,
		`- queues.config: cannot be set by a flag`,
		`- environment DAGU_PORT: port: found "x", want a whole number from 0 to 65535`,
		`- environment DAGU_DATABASE_URL: database.url: other databases are not supported; leave it empty for SQLite in the data directory`,
		`- environment DAGU_SCHEDULER_DRAIN_TIMEOUT: scheduler.drain_timeout: found "1m", want less than 23s, which is scheduler.stop_timeout (28s) minus 5s`,
		`- flag --log-format: log_format: found "xml", want text or json`,
		`- flag --dags: paths.dags_dir: needs a value`,
	}, "\n"), err.Error())

	first, ok := errors.AsType[*config.Error](err)
	require.True(t, ok)
	require.Equal(t, "nope", first.Key)
}

// Everything wrong is told at once, those of the file in its order, and a rule
// over several keys is silent while one of them is wrong by itself.
func TestAllErrorsAtOnce(t *testing.T) {
	t.Parallel()
	opts := options(t, "worker: {max_active_runs: 0}\nscheduler:\n  stop_timeout: 5\n  port: x\n", "DAGU_PORT=y")
	_, err := config.Load(opts)
	list, ok := errors.AsType[config.Errors](err)
	require.True(t, ok)
	var keys []string
	for _, e := range list {
		keys = append(keys, e.Key)
	}
	require.Equal(t, []string{"worker.max_active_runs", "scheduler.stop_timeout", "scheduler.port", "port"}, keys)
}

// What a file that cannot be parsed would have said is unknown, so rules over
// several keys are not held against the rest.
func TestRulesNeedAWholeFile(t *testing.T) {
	t.Parallel()
	_, err := config.Load(options(t, "scheduler: {stop_timeout: 60s", "DAGU_SCHEDULER_DRAIN_TIMEOUT=40s"))
	require.ErrorContains(t, err, "not valid YAML")
	require.NotContains(t, err.Error(), "drain_timeout")
}

// A value is checked even where a stronger place overrides it.
func TestOverriddenValuesAreChecked(t *testing.T) {
	t.Parallel()
	_, err := config.Load(options(t, "port: x", "DAGU_PORT=1"))
	require.ErrorContains(t, err, `config.yaml:1: port: found "x"`)
}

func TestSecretsAreNotToldInErrors(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"auth: {basic: {password: {hunter2: 1}}}",
		"auth: {basic: {password: [hunter2]}}",
		"auth: {basic: hunter2}",
		"database: 'postgres://u:hunter2@h/d'",
		"database: {url: 'postgres://u:hunter2@h/d'}",
		"auth: {mode: basic, basic: {password: hunter2}}",
	} {
		_, err := config.Load(options(t, file))
		require.Error(t, err)
		require.NotContains(t, err.Error(), "hunter2")
	}
}

func TestFilesThatAreNotRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo.yaml")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	loop := filepath.Join(dir, "loop.yaml")
	require.NoError(t, os.Symlink(loop, loop))
	large := filepath.Join(dir, "large.yaml")
	require.NoError(t, os.WriteFile(large, make([]byte, config.MaxFileSize+1), 0o600))
	for path, want := range map[string]string{
		fifo:                              "not a regular file",
		dir:                               "not a regular file",
		"/dev/zero":                       "not a regular file",
		loop:                              "cannot be read",
		large:                             "larger than 256 KiB",
		filepath.Join(dir, "nope.yaml"):   "no such file",
		filepath.Join(large, "nope.yaml"): "cannot be read",
	} {
		_, err := config.Load(config.Options{Home: dir, File: path, Environ: []string{"DAGU_PORT=x"}})
		require.ErrorContains(t, err, path+": cannot be read")
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "DAGU_PORT", "the rest is checked all the same")
	}
	// The file of the home may be absent, but not unreadable.
	require.NoError(t, os.Mkdir(filepath.Join(dir, "config.yaml"), 0o700))
	_, err := config.Load(config.Options{Home: dir})
	require.ErrorContains(t, err, "not a regular file")
}
