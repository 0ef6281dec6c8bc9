package integration_test

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// dockerfile is the instructions of the Dockerfile, with their lines joined.
func dockerfile(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile("docker/Dockerfile")
	require.NoError(t, err)
	text = regexp.MustCompile(`(?m)^#.*\n`).ReplaceAll(text, nil)
	return lines(strings.ReplaceAll(string(text), "\\\n", ""))
}

// last is what follows the last instruction of a name.
func last(instructions []string, name string) string {
	found := ""
	for _, line := range instructions {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			found = rest
		}
	}
	return found
}

// The image is what the code needs: a static binary, the documented address, and
// a check with the figures of the defaults.
func TestDockerfile(t *testing.T) {
	t.Parallel()
	image := dockerfile(t)
	require.Equal(t, "debian:trixie-slim", last(image, "FROM"))
	module, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(module))
	require.Contains(t, image[0], " golang:"+version[1]+"-trixie ")
	run := strings.Join(image, "\n")
	require.Contains(t, run, "CGO_ENABLED=0")
	require.Contains(t, run, "-X dagu/cmd.version=")
	require.Contains(t, run, "ca-certificates")

	env := map[string]string{}
	for _, line := range image {
		if rest, ok := strings.CutPrefix(line, "ENV "); ok {
			name, value, _ := strings.Cut(rest, "=")
			env[name] = value
		}
	}
	c := configured(t, env)
	require.Equal(t, "0.0.0.0", c.Scheduler.Host)
	require.Equal(t, strconv.Itoa(c.Port)+" "+strconv.Itoa(c.Scheduler.Port), last(image, "EXPOSE"))
	require.Equal(t, c.Home, last(image, "VOLUME"))
	require.Equal(t, `["dagu"]`, last(image, "ENTRYPOINT"))
	require.Equal(t, `["scheduler"]`, last(image, "CMD"))

	set := manifest(t)
	pod := set.Spec.Template.Spec
	user := strconv.Itoa(pod.Security.User)
	require.Equal(t, user+":"+user, last(image, "USER"))
	require.Equal(t, env["DAGU_HOME"], pod.Containers[0].env()["DAGU_HOME"])

	flags, check, _ := strings.Cut(last(image, "HEALTHCHECK"), " CMD ")
	require.Equal(t, `["dagu", "health"]`, check)
	figure := map[string]string{}
	for _, flag := range strings.Fields(flags) {
		name, value, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		figure[name] = value
	}
	checked(t, figure["interval"], figure["timeout"], figure["start-period"], figure["retries"])
	figures(t, "docker/Dockerfile", "stall_threshold", "start_timeout")
}

// checked holds that a health check is as patient as the scheduler is.
func checked(t *testing.T, interval, timeout, period, retries string) {
	t.Helper()
	span := func(text string) time.Duration {
		d, err := time.ParseDuration(text)
		require.NoError(t, err)
		return d
	}
	s := defaults(t).Scheduler
	n, err := strconv.Atoi(retries)
	require.NoError(t, err)
	require.GreaterOrEqual(t, time.Duration(n)*span(interval)+span(timeout), s.StallThreshold)
	require.Equal(t, s.StartTimeout, span(period))
	require.Equal(t, 5*time.Second, span(timeout))
}

// What the build needs is sent to it.
func TestDockerContext(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("docker/Dockerfile.dockerignore")
	require.NoError(t, err)
	sent := map[string]bool{}
	for _, line := range lines(string(text)) {
		if name, ok := strings.CutPrefix(line, "!"); ok {
			sent[name] = true
		}
	}
	require.True(t, sent["go.mod"] && sent["go.sum"])
	for _, s := range sources(t) {
		if top, _, _ := strings.Cut(s.path, "/"); !s.isTest() && top != "integration" {
			require.True(t, sent[top], s.path)
		}
	}
}

// The compose file is the image with room to stop, and the UI beside it.
func TestCompose(t *testing.T) {
	t.Parallel()
	type composed struct {
		Image, Restart string
		Command        []string
		Environment    map[string]string
		Ports          []string
		Volumes        []string
		Grace          string `yaml:"stop_grace_period"`
		ReadOnly       bool   `yaml:"read_only"`
		Healthcheck    struct {
			Test              []string
			Interval, Timeout string
			Period            string `yaml:"start_period"`
			Retries           string
		}
	}
	var file struct{ Services map[string]composed }
	decode(t, "docker/compose.yaml", &file)
	require.Len(t, file.Services, 2)
	scheduler, ui := file.Services["scheduler"], file.Services["ui"]
	require.Equal(t, scheduler.Volumes, ui.Volumes, "they share the data and the DAGs")
	home := defaults(t).Home
	for _, line := range dockerfile(t) {
		if value, ok := strings.CutPrefix(line, "ENV DAGU_HOME="); ok {
			home = value
		}
	}
	require.Contains(t, scheduler.Volumes, "data:"+home)
	for name, s := range file.Services {
		given, err := time.ParseDuration(s.Grace)
		require.NoError(t, err)
		fitsStop(t, given)
		require.True(t, s.ReadOnly, name)
		checked(t, s.Healthcheck.Interval, s.Healthcheck.Timeout, s.Healthcheck.Period, s.Healthcheck.Retries)
	}
	loopback := func(port int) []string { return []string{"127.0.0.1:" + strconv.Itoa(port) + ":" + strconv.Itoa(port)} }
	require.Equal(t, []string{"scheduler"}, scheduler.Command)
	require.Equal(t, []string{"CMD", "dagu", "health"}, scheduler.Healthcheck.Test)
	require.Equal(t, loopback(defaults(t).Scheduler.Port), scheduler.Ports)
	require.Equal(t, []string{"server"}, ui.Command)
	require.Equal(t, []string{"CMD", "dagu", "health", "--web"}, ui.Healthcheck.Test)
	require.Equal(t, loopback(defaults(t).Port), ui.Ports)
	for name, value := range ui.Environment {
		if strings.HasPrefix(value, "${") {
			ui.Environment[name] = "from the environment"
		}
	}
	require.Equal(t, "from the environment", ui.Environment["DAGU_AUTH_BASIC_PASSWORD"], "none is written down")
	require.Equal(t, "basic", configured(t, ui.Environment).Auth.Mode)
	require.Equal(t, "0.0.0.0", configured(t, ui.Environment).Host)
	figures(t, "docker/compose.yaml", "stall_threshold", "start_timeout", "stop_timeout")
}
