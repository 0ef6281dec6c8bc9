package config_test

import (
	"os"
	"os/user"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/config"
)

func TestHome(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	me := filepath.Join(root, "me")
	old := filepath.Join(root, "old")
	require.NoError(t, os.MkdirAll(filepath.Join(old, ".dagu"), 0o700))
	odd := filepath.Join(root, "odd")
	require.NoError(t, os.MkdirAll(odd, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(odd, ".dagu"), nil, 0o600))

	for name, tt := range map[string]struct {
		flag               string
		env                []string
		home, dags, data   string
		origin             string
		baseConfig, logDir string
	}{
		"flag": {
			flag: "/h", env: []string{"HOME=" + old, "DAGU_HOME=/other"},
			home: "/h", dags: "/h/dags", data: "/h/data", baseConfig: "/h/base.yaml", logDir: "/h/logs", origin: "flag --dagu-home",
		},
		"flag relative to the working directory": {
			flag: "h/../i", home: root + "/i", dags: root + "/i/dags", data: root + "/i/data", baseConfig: root + "/i/base.yaml", logDir: root + "/i/logs", origin: "flag --dagu-home",
		},
		"environment": {
			env: []string{"HOME=" + old, "DAGU_HOME=~/h"}, home: old + "/h", dags: old + "/h/dags", data: old + "/h/data",
			baseConfig: old + "/h/base.yaml", logDir: old + "/h/logs", origin: "environment DAGU_HOME",
		},
		"existing ~/.dagu": {
			env: []string{"HOME=" + old, "DAGU_HOME="}, home: old + "/.dagu", dags: old + "/.dagu/dags", data: old + "/.dagu/data",
			baseConfig: old + "/.dagu/base.yaml", logDir: old + "/.dagu/logs", origin: "default",
		},
		"XDG below a HOME that does not exist": {
			env: []string{"HOME=" + me, "XDG_CONFIG_HOME=relative/is/ignored"}, home: me + "/.config/dagu", dags: me + "/.config/dagu/dags",
			data: me + "/.local/share/dagu/data", baseConfig: me + "/.config/dagu/base.yaml", logDir: me + "/.local/share/dagu/logs", origin: "default",
		},
		"a file is no home": {
			env: []string{"HOME=" + odd}, home: odd + "/.config/dagu", dags: odd + "/.config/dagu/dags",
			data: odd + "/.local/share/dagu/data", baseConfig: odd + "/.config/dagu/base.yaml", logDir: odd + "/.local/share/dagu/logs", origin: "default",
		},
		"XDG variables": {
			env: []string{"HOME=" + me, "XDG_CONFIG_HOME=/c", "XDG_DATA_HOME=/d"}, home: "/c/dagu", dags: "/c/dagu/dags",
			data: "/d/dagu/data", baseConfig: "/c/dagu/base.yaml", logDir: "/d/dagu/logs", origin: "default",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loaded := load(t, config.Options{Home: tt.flag, Environ: tt.env, Dir: root})
			require.Equal(t, config.Paths{DAGsDir: tt.dags, DataDir: tt.data, LogDir: tt.logDir, BaseConfig: tt.baseConfig}, loaded.Config.Paths)
			require.Equal(t, tt.home, loaded.Config.Home)
			require.Equal(t, tt.home, loaded.Home.Text)
			require.Equal(t, tt.origin, loaded.Home.Origin.String())
		})
	}
}

func TestHomeWithoutHOME(t *testing.T) {
	t.Parallel()
	u, err := user.Current()
	require.NoError(t, err)
	// The user database knows the home; it may hold a ~/.dagu or not.
	loaded := load(t, config.Options{Environ: []string{"HOME="}})
	require.Contains(t, []string{filepath.Join(u.HomeDir, ".dagu"), filepath.Join(u.HomeDir, ".config/dagu")}, loaded.Config.Home)
}

func TestPaths(t *testing.T) {
	t.Parallel()
	etc, cwd := t.TempDir(), t.TempDir()
	file := filepath.Join(etc, "other.yaml")
	require.NoError(t, os.WriteFile(file, []byte("paths:\n  dags_dir: ./mine\n  data_dir: ~/d\n  log_dir: ${PLACE}/logs\n  base_config: /a/../b.yaml\n"), 0o600))
	opts := config.Options{File: "../" + filepath.Base(etc) + "/other.yaml", Dir: cwd, Home: "/h", Environ: []string{"HOME=/home/me", "PLACE=/var"}}
	// Both directories share a parent, so that the relative --config finds the file.
	require.Equal(t, filepath.Dir(etc), filepath.Dir(cwd))

	loaded := load(t, opts)
	require.Equal(t, file, loaded.File)
	require.Equal(t, config.Paths{DAGsDir: etc + "/mine", DataDir: "/home/me/d", LogDir: "/var/logs", BaseConfig: "/b.yaml"}, loaded.Config.Paths)
	require.Equal(t, "other.yaml:2", value(t, loaded, "paths.dags_dir").Origin.String())

	opts.Environ = append(opts.Environ, "DAGU_DATA_DIR=data", "DAGU_LOG_DIR=$PLACE")
	opts.Flags = map[string]string{"paths.dags_dir": "../x"}
	loaded = load(t, opts)
	require.Equal(t, filepath.Join(filepath.Dir(cwd), "x"), loaded.Config.Paths.DAGsDir)
	require.Equal(t, filepath.Join(cwd, "data"), loaded.Config.Paths.DataDir)
	require.Equal(t, filepath.Join(cwd, "$PLACE"), loaded.Config.Paths.LogDir, "a shell would have replaced it")
}
