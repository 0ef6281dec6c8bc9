package doctor_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"dagu/config"
	"dagu/modules/doctor"
	"dagu/modules/health"
)

// options are those of the real configuration.
func options() doctor.Options {
	return doctor.Options{
		Endpoints: doctor.Endpoints{
			Health: health.Path, Live: health.LivePath, Ready: health.ReadyPath, Startup: health.StartupPath,
			Metrics: health.MetricsPath, Web: "/api/v1/health",
		},
		Effective: func(l doctor.Launch) (doctor.Settings, error) {
			flags := map[string]string{}
			for _, name := range []string{"host", "port"} {
				value, given := l.Flags[name]
				if l.Command == doctor.Scheduler {
					name = "scheduler." + name
				}
				if given {
					flags[name] = value
				}
			}
			home := ""
			if !strings.Contains(strings.Join(l.Env, " "), "DAGU_HOME=") {
				home = "/unknown"
			}
			loaded, err := config.Load(config.Options{Flags: flags, Home: home, NoFile: true, Environ: l.Env, Dir: "/"})
			if all, ok := errors.AsType[config.Errors](err); ok {
				texts := make([]string, len(all))
				for i, e := range all {
					texts[i] = e.Error()
				}
				return doctor.Settings{}, errors.New(strings.Join(texts, "; "))
			}
			c := loaded.Config
			s := doctor.Settings{
				Host: c.Host, Port: c.Port, BasePath: c.BasePath, StallThreshold: c.Scheduler.StallThreshold,
				StartTimeout: c.Scheduler.StartTimeout, StopTimeout: c.Scheduler.StopTimeout,
			}
			if l.Command == doctor.Scheduler {
				s.Host, s.Port = c.Scheduler.Host, c.Scheduler.Port
			}
			if home == "" {
				s.DataDir, s.DAGsDir = c.Paths.DataDir, c.Paths.DAGsDir
			}
			return s, nil
		},
	}
}

// rules checks one file and returns the rules of its findings, in order.
func rules(t *testing.T, text string) []string {
	t.Helper()
	result, err := doctor.Check([]doctor.Input{{Name: "f.yaml", Text: []byte(text)}}, options())
	require.NoError(t, err)
	list := []string{}
	for _, f := range result.Findings {
		list = append(list, f.Rule)
	}
	return list
}

// TestGolden compares the findings of every bad example with the file beside it,
// which holds all that is told. `UPDATE=1 go test ./modules/doctor` writes them.
// An example is named after the rule that it breaks, and breaks no other.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	shown := map[string]bool{}
	for _, file := range files {
		text, readErr := os.ReadFile(file)
		require.NoError(t, readErr)
		result, checkErr := doctor.Check([]doctor.Input{{Name: filepath.Base(file), Text: text}}, options())
		require.NoError(t, checkErr, file)
		name := strings.TrimSuffix(file, ".yaml")
		var got strings.Builder
		for _, f := range result.Findings {
			got.WriteString(f.String() + "\n")
			shown[f.Rule] = true
			require.Contains(t, []string{f.Rule, "compose"}, filepath.Base(name))
		}
		if os.Getenv("UPDATE") != "" {
			require.NoError(t, os.WriteFile(name+".golden", []byte(got.String()), 0o600))
		}
		want, readErr := os.ReadFile(name + ".golden")
		require.NoError(t, readErr)
		require.Equal(t, string(want), got.String())
	}
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	_, list, _ := strings.Cut(string(doc), "rule            what was found\n")
	list, _, _ = strings.Cut(list, "//\n")
	for line := range strings.Lines(list) {
		rule := strings.Fields(line)[1]
		require.True(t, shown[rule], "there is no example for %s", rule)
		delete(shown, rule)
	}
	require.Empty(t, shown, "the package comment names every rule")
}

// What several files say is judged together, and each finding is told of its own file.
func TestFilesTogether(t *testing.T) {
	t.Parallel()
	service := doctor.Input{Name: "service.yaml", Text: []byte("kind: Service\nmetadata: {name: dagu-scheduler}\nspec: {ports: [{port: 80}]}\n")}
	pod := doctor.Input{Name: "pod.yaml", Text: []byte(
		"kind: List\nitems:\n- kind: Pod\n  metadata: {name: p}\n  spec:\n    terminationGracePeriodSeconds: 38\n    containers: [{name: s, image: dagu, args: [scheduler]}]\n")}

	result, err := doctor.Check([]doctor.Input{service, pod}, options())
	require.NoError(t, err)
	require.Equal(t, 1, result.Containers)
	require.Len(t, result.Findings, 1)
	f := result.Findings[0]
	require.Equal(t, []any{"service-links", "pod.yaml", 5, 3}, []any{f.Rule, f.File, f.Line, f.Column})
	require.Contains(t, f.Found, "service.yaml:2")

	for _, inputs := range [][]doctor.Input{{service}, {pod}} {
		result, err = doctor.Check(inputs, options())
		require.NoError(t, err)
		require.Empty(t, result.Findings, "one without the other says nothing")
	}
}

// The same objects may be given twice, as by their files and by what was made of them.
func TestGivenTwice(t *testing.T) {
	t.Parallel()
	set := "kind: StatefulSet\nmetadata: {name: dagu}\nspec:\n  template:\n    spec:\n      terminationGracePeriodSeconds: 45\n" +
		"      containers: [{name: s, image: dagu, volumeMounts: [{name: data, mountPath: /d}]}]\n" +
		"  volumeClaimTemplates: [{metadata: {name: data}}]\n"
	require.Empty(t, rules(t, set+"---\n"+set))
	require.Equal(t, []string{"shared-claim"}, rules(t, set+"---\nkind: Pod\nmetadata: {name: ui}\nspec:\n"+
		"  terminationGracePeriodSeconds: 45\n  containers: [{name: s, image: dagu, args: [server], volumeMounts: [{name: d, mountPath: /d}]}]\n"+
		"  volumes: [{name: d, persistentVolumeClaim: {claimName: data-dagu-0}}]\n"))
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ text, want string }{
		{"", "f.yaml: there is nothing in it"},
		{"# nothing\n---\n", "f.yaml: there is nothing in it"},
		{"a: [", "f.yaml:2:1: not valid YAML"},
		{"kind: Pod\n\tspec: 1", "not valid YAML"},
		{"kind: Pod\nspec: {{ .Values.spec }}\n{{ end }}", "a template has to be rendered first, as by helm template"},
		{"replicas: 1", "f.yaml:1:1: neither a Kubernetes manifest, which has a kind, nor a compose file, which has services"},
		{"just text", "f.yaml:1:1: neither"},
		{"- kind: Pod", "f.yaml:1:1: neither"},
		{"kind: Pod\nspec:\n  a: 1\n  b: 2\n  a: 3", `f.yaml:5:3: the key "a" is given twice, first in line 3`},
	} {
		_, err := doctor.Check([]doctor.Input{{Name: "f.yaml", Text: []byte(tt.text)}}, options())
		require.ErrorContains(t, err, tt.want, tt.text)
		input, ok := errors.AsType[*doctor.InputError](err)
		require.True(t, ok, tt.text)
		require.Equal(t, "f.yaml", input.File)
	}
	_, err := doctor.Check([]doctor.Input{{Name: "a", Text: []byte("x: 1")}, {Name: "b", Text: []byte("y: 1")}}, options())
	require.ErrorContains(t, err, "a:1:1: ")
	require.ErrorContains(t, err, "b:1:1: ", "all are told at once")
}

func TestOptions(t *testing.T) {
	t.Parallel()
	_, err := doctor.Check(nil, doctor.Options{})
	require.ErrorContains(t, err, "Effective")
	o := options()
	o.Endpoints.Startup = ""
	_, err = doctor.Check(nil, o)
	require.ErrorContains(t, err, "Endpoints")
}

// Kinds that say nothing about dagu are passed over, known or not.
func TestOtherKinds(t *testing.T) {
	t.Parallel()
	require.Empty(t, rules(t, "kind: Ingress\nspec: [1]\n---\nkind: ConfigMap\ndata: {a: b}\n---\nkind: Deployment\n"+
		"metadata: {name: postgres}\nspec: {replicas: 3, template: {spec: {containers: [{image: postgres, livenessProbe: {exec: {command: [x]}}}]}}}\n"))
	require.Empty(t, rules(t, "kind: Pod\n---\nkind: Service\n---\nkind: List\n---\nkind: Deployment\nspec: {template: {spec: {containers: {}}}}\n"))
	require.Empty(t, rules(t, "services: {a: , b: {image: x}, c: [1]}\n"))
}

// FuzzCheck holds that no file brings it down, however wrong.
func FuzzCheck(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	require.NoError(f, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(text)
	}
	f.Add([]byte("kind: List\nitems: &a [*a, {<<: *a}]\n"))
	f.Add([]byte("services:\n  s: &s {<<: [*s, *s], image: dagu, environment: *s}\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		result, err := doctor.Check([]doctor.Input{{Name: "f", Text: text}}, options())
		if err != nil {
			return
		}
		for _, finding := range result.Findings {
			require.Positive(t, finding.Line, finding)
			require.Positive(t, finding.Column, finding)
		}
	})
}
