package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/config"
)

// FuzzLoad feeds any text as the file. It must be refused with a place, or give
// a configuration that keeps every promise.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"", "port: 1\n", "scheduler: {port: 1, stall_threshold: 30}\n", "queues: {config: [{name: a, max_concurrency: 2}, {name: a}]}",
		"a: &a {b: 1}\nscheduler: {<<: *a}\n", "paths: {dags_dir: '~/x', data_dir: '$HOME/y', log_dir: ../z}\n", "env_passthrough: [A, B*]",
		"auth: {mode: basic, basic: {username: a, password: b}}", "? [a]\n: b", "port: 1\n---\nport: 2", "logFormat: json\nlog_format: text",
		"a: &a [*a]", "tz: Europe/Berlin\nbase_path: /x/", "- 1", "\xff\xfep\x00", "&a a: &a a", "<<: 1", "<<: [*a]", "queues: &q {config: [*q]}",
	} {
		f.Add(seed)
	}
	home := f.TempDir()
	path := filepath.Join(home, "config.yaml")
	keys := 0
	f.Fuzz(func(t *testing.T, text string) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		loaded, err := config.Load(config.Options{Home: home, Environ: []string{"HOME=/home/me"}})
		if err != nil {
			list, ok := errors.AsType[config.Errors](err)
			require.True(t, ok, err)
			require.NotEmpty(t, list)
			for _, e := range list {
				require.True(t, strings.HasPrefix(e.Error(), path), e)
				require.NotContains(t, e.Error(), "\n")
			}
			return
		}
		keep(t, loaded.Config)
		if keys == 0 {
			keys = len(loaded.Values)
		}
		require.Len(t, loaded.Values, keys)
	})
}

// keep checks what Config promises.
func keep(t *testing.T, c config.Config) {
	t.Helper()
	for _, p := range []string{c.Home, c.Paths.DAGsDir, c.Paths.DataDir, c.Paths.LogDir, c.Paths.BaseConfig} {
		require.True(t, filepath.IsAbs(p), p)
	}
	s := c.Scheduler
	require.NotNil(t, c.Location)
	require.GreaterOrEqual(t, s.StallThreshold, config.MinStallThreshold)
	require.GreaterOrEqual(t, s.MisfireThreshold, s.StallThreshold+s.StopTimeout+config.MisfireMargin)
	require.Less(t, s.DrainTimeout, s.StopTimeout-config.DrainMargin)
	require.GreaterOrEqual(t, s.DrainTimeout.Nanoseconds(), int64(0))
	require.Positive(t, c.Worker.MaxActiveRuns)
	for _, port := range []int{c.Port, s.Port} {
		require.True(t, port >= 0 && port <= 65535, port)
	}
	names := map[string]bool{}
	for _, q := range c.Queues.Config {
		require.NotEmpty(t, q.Name)
		require.Positive(t, q.MaxConcurrency)
		require.False(t, names[q.Name], q.Name)
		names[q.Name] = true
	}
	if c.Auth.Mode == config.AuthBasic {
		require.NotEmpty(t, c.Auth.Basic.Username)
		require.NotEmpty(t, c.Auth.Basic.Password)
	}
}
