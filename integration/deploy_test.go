package integration_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"dagu/config"
)

// Manifests, Dockerfile, compose file and unit are compared with what the code
// says: a default that changes turns these tests red until they follow.

// webPath is where the web server answers probes.
const webPath = "/api/v1/health"

// defaults is what is in force where nobody has set anything.
func defaults(t *testing.T) config.Config {
	t.Helper()
	return configured(t, map[string]string{"DAGU_HOME": "/nowhere"})
}

// configured is the configuration of a container with these variables.
func configured(t *testing.T, env map[string]string) config.Config {
	t.Helper()
	list := []string{}
	for name, value := range env {
		list = append(list, name+"="+value)
	}
	loaded, err := config.Load(config.Options{NoFile: true, Environ: list, Dir: "/"})
	require.NoError(t, err)
	require.Empty(t, loaded.Warnings)
	return loaded.Config
}

// Rules that hold wherever the process is started.
const (
	// stopMargin is the time to be told and to be taken down.
	stopMargin = 10 * time.Second
	// loopLimit is how many stall thresholds /livez waits.
	loopLimit = 2
)

// fitsStop holds that the process is not killed before it has stopped.
func fitsStop(t *testing.T, given time.Duration) {
	t.Helper()
	require.Equal(t, 45*time.Second, given)
	require.GreaterOrEqual(t, given, defaults(t).Scheduler.StopTimeout+stopMargin)
}

// fitsMisfire holds that a loop which hangs is replaced before a due time is missed:
// it is found, asked for in vain for as long, and ended.
func fitsMisfire(t *testing.T, found, ended time.Duration) {
	t.Helper()
	s := defaults(t).Scheduler
	require.Less(t, loopLimit*s.StallThreshold+found+ended, s.MisfireThreshold)
}

// decode reads a YAML file into v.
func decode(t *testing.T, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, yaml.Load(text, v), path)
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	require.NoError(t, err)
	return path
}

// figures holds that a comment names the values of the code that a file follows
// from, as they are now.
func figures(t *testing.T, path string, settings ...string) {
	t.Helper()
	s := defaults(t).Scheduler
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	now := map[string]time.Duration{
		"stall_threshold": s.StallThreshold, "start_timeout": s.StartTimeout,
		"stop_timeout": s.StopTimeout, "misfire_threshold": s.MisfireThreshold,
	}
	told := map[string]bool{}
	for _, match := range regexp.MustCompile(`([a-z]+_[a-z]+) (?:\(|is )([0-9]+[smh])\b`).FindAllStringSubmatch(string(text), -1) {
		d, err := time.ParseDuration(match[2])
		require.NoError(t, err)
		require.Equal(t, now[match[1]], d, "%s: %s", path, match[0])
		told[match[1]] = true
	}
	for _, name := range settings {
		require.True(t, told[name], "%s explains nothing by %s", path, name)
	}
}

// Our own files come out clean, one by one and together.
func TestDoctorFindsNothingInOurOwn(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	files := []string{
		"kubernetes/statefulset.yaml", "kubernetes/service.yaml", "kubernetes/networkpolicy.yaml",
		"kubernetes/kustomization.yaml", "docker/compose.yaml",
	}
	var all []string
	for _, file := range files {
		path := absolute(t, file)
		all = append(all, path)
		require.Equal(t, path+": nothing found\n", h.must("health", "doctor", path))
	}
	require.Equal(t, strings.Join(all, ": nothing found\n")+": nothing found\n", h.must(append([]string{"health", "doctor"}, all...)...))
	require.NoDirExists(t, h.path("data"), "looking creates nothing")
}

// Every bad example is told by the real program as the golden files have it.
func TestDoctorNamesEachFault(t *testing.T) {
	t.Parallel()
	h := newHome(t, "DAGU_SCHEDULER_HOST=0.0.0.0", "DAGU_SCHEDULER_STALL_THRESHOLD=10s") // its own are not the container's
	entries, err := os.ReadDir("../modules/doctor/testdata")
	require.NoError(t, err)
	for _, e := range entries {
		name, bad := strings.CutSuffix(e.Name(), ".yaml")
		if !bad {
			continue
		}
		text, err := os.ReadFile("../modules/doctor/testdata/" + e.Name())
		require.NoError(t, err)
		h.write(e.Name(), string(text))
		want, err := os.ReadFile("../modules/doctor/testdata/" + name + ".golden")
		require.NoError(t, err)
		r := h.run("health", "doctor", e.Name())
		require.Equal(t, string(want), r.stdout)
		require.Equal(t, 1, r.code, e.Name())
		require.Empty(t, r.stderr, e.Name())
	}
	require.NoDirExists(t, h.path("data"), "looking creates nothing")
}

// The manifest of the README is as good as ours.
func TestDoctorFindsNothingInTheReadme(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	text, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	found := 0
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(block[1], "kind: ") {
			found++
			h.write("readme.yaml", block[1])
			require.Equal(t, "readme.yaml: nothing found\n", h.must("health", "doctor", "readme.yaml"))
		}
	}
	require.Equal(t, 1, found)
}
