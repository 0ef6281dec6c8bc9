package integration_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"dagu/modules/health"
)

// Parts of Kubernetes objects, as far as they are looked at here.
type (
	metadata struct {
		Name                string
		Labels, Annotations map[string]string
	}
	probe struct {
		HTTPGet          struct{ Path, Port, Host string } `yaml:"httpGet"`
		PeriodSeconds    int                               `yaml:"periodSeconds"`
		TimeoutSeconds   int                               `yaml:"timeoutSeconds"`
		FailureThreshold int                               `yaml:"failureThreshold"`
	}
	mount struct {
		Name      string
		MountPath string `yaml:"mountPath"`
		SubPath   string `yaml:"subPath"`
		ReadOnly  bool   `yaml:"readOnly"`
	}
	container struct {
		Name, Image string
		Args        []string
		Env         []struct {
			Name, Value string
			ValueFrom   struct {
				SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
			} `yaml:"valueFrom"`
		}
		Ports []struct {
			Name          string
			ContainerPort int `yaml:"containerPort"`
		}
		StartupProbe   probe `yaml:"startupProbe"`
		LivenessProbe  probe `yaml:"livenessProbe"`
		ReadinessProbe probe `yaml:"readinessProbe"`
		Lifecycle      map[string]any
		Resources      struct{ Requests, Limits map[string]string }
		Security       struct {
			Escalation bool                    `yaml:"allowPrivilegeEscalation"`
			ReadOnly   bool                    `yaml:"readOnlyRootFilesystem"`
			Caps       struct{ Drop []string } `yaml:"capabilities"`
		} `yaml:"securityContext"`
		VolumeMounts []mount `yaml:"volumeMounts"`
	}
	podSpec struct {
		Grace        int   `yaml:"terminationGracePeriodSeconds"`
		Token        *bool `yaml:"automountServiceAccountToken"`
		ServiceLinks *bool `yaml:"enableServiceLinks"`
		Security     struct {
			NonRoot bool                  `yaml:"runAsNonRoot"`
			User    int                   `yaml:"runAsUser"`
			Group   int                   `yaml:"runAsGroup"`
			FSGroup int                   `yaml:"fsGroup"`
			Change  string                `yaml:"fsGroupChangePolicy"`
			Seccomp struct{ Type string } `yaml:"seccompProfile"`
		} `yaml:"securityContext"`
		Containers []container
		Volumes    []struct {
			Name      string
			ConfigMap struct{ Name string }       `yaml:"configMap"`
			EmptyDir  *struct{ SizeLimit string } `yaml:"emptyDir"`
		}
	}
	statefulSet struct {
		Metadata metadata
		Spec     struct {
			Replicas    int
			ServiceName string `yaml:"serviceName"`
			Selector    struct {
				MatchLabels map[string]string `yaml:"matchLabels"`
			}
			Template struct {
				Metadata metadata
				Spec     podSpec
			}
			Claims []struct {
				Metadata metadata
				Spec     struct {
					AccessModes []string `yaml:"accessModes"`
				}
			} `yaml:"volumeClaimTemplates"`
		}
	}
)

func manifest(t *testing.T) statefulSet {
	t.Helper()
	var set statefulSet
	decode(t, "kubernetes/statefulset.yaml", &set)
	return set
}

// port is the number of a named port.
func (c container) port(name string) int {
	for _, p := range c.Ports {
		if p.Name == name {
			return p.ContainerPort
		}
	}
	return 0
}

func (c container) env() map[string]string {
	env := map[string]string{}
	for _, e := range c.Env {
		env[e.Name] = e.Value
		if e.ValueFrom.SecretKeyRef.Name != "" {
			env[e.Name] = "from the secret"
		}
	}
	return env
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// patience is how long a probe fails before it has failed.
func (p probe) patience() time.Duration {
	return seconds(p.PeriodSeconds*p.FailureThreshold + p.TimeoutSeconds)
}

// The probes ask what the code serves, where it serves it, for as long as it needs.
func TestKubernetesProbes(t *testing.T) {
	t.Parallel()
	set := manifest(t)
	pod := set.Spec.Template.Spec
	require.Len(t, pod.Containers, 2, "the UI is in the same pod")
	scheduler, ui := pod.Containers[0], pod.Containers[1]
	s := configured(t, scheduler.env()).Scheduler
	require.Equal(t, []string{"scheduler"}, scheduler.Args)
	require.Equal(t, "0.0.0.0", s.Host)
	require.Equal(t, s.Port, scheduler.port("health"))
	require.Equal(t, []string{"server"}, ui.Args)
	require.Equal(t, "0.0.0.0", configured(t, ui.env()).Host)
	require.Equal(t, defaults(t).Port, ui.port("ui"))

	for _, tt := range []struct {
		container                    container
		port, startup, live, readied string
	}{
		{scheduler, "health", health.StartupPath, health.LivePath, health.ReadyPath},
		{ui, "ui", webPath, webPath, webPath},
	} {
		c := tt.container
		for _, p := range []struct {
			probe            probe
			path             string
			period, failures int
		}{
			{c.StartupProbe, tt.startup, 5, 120},
			{c.LivenessProbe, tt.live, 10, 3},
			{c.ReadinessProbe, tt.readied, 5, 0},
		} {
			require.Equal(t, p.path, p.probe.HTTPGet.Path)
			require.Equal(t, tt.port, p.probe.HTTPGet.Port)
			require.Empty(t, p.probe.HTTPGet.Host)
			require.Equal(t, []int{p.period, p.failures, 5}, []int{p.probe.PeriodSeconds, p.probe.FailureThreshold, p.probe.TimeoutSeconds}, p.path)
		}
		require.Greater(t, seconds(c.StartupProbe.PeriodSeconds*c.StartupProbe.FailureThreshold), s.StartTimeout)
		require.GreaterOrEqual(t, c.LivenessProbe.patience(), s.StallThreshold)
		require.Empty(t, c.Lifecycle, "the time to stop has no preStop in it")
	}
	fitsStop(t, seconds(pod.Grace))
	fitsMisfire(t, scheduler.LivenessProbe.patience(), seconds(pod.Grace))
	figures(t, "kubernetes/statefulset.yaml", "stall_threshold", "start_timeout", "stop_timeout", "misfire_threshold")
}

// The real processes answer where the manifest asks, with what its containers are
// set to, on ports that are free here.
func TestKubernetesProbesAreAnswered(t *testing.T) {
	t.Parallel()
	h := newHome(t)
	scheduler, ui := manifest(t).Spec.Template.Spec.Containers[0], manifest(t).Spec.Template.Spec.Containers[1]
	web := freePort(t)
	set := func(c container) []string {
		var list []string
		for name, value := range c.env() {
			if name != "DAGU_HOME" && name != "DAGU_DAGS_DIR" {
				list = append(list, name+"="+value)
			}
		}
		return list
	}
	d := h.start(launch{args: scheduler.Args, env: set(scheduler)})
	u := h.start(launch{args: ui.Args, env: append(set(ui), "DAGU_PORT="+strconv.Itoa(web))})
	for _, p := range []probe{scheduler.StartupProbe, scheduler.LivenessProbe, scheduler.ReadinessProbe} {
		eventually(t, func() bool { return d.get(local(h.port)+p.HTTPGet.Path) == healthy }, "%s", p.HTTPGet.Path)
	}
	for _, p := range []probe{ui.StartupProbe, ui.LivenessProbe, ui.ReadinessProbe} {
		eventually(t, func() bool { return u.get(local(web)+p.HTTPGet.Path) == healthy }, "%s", p.HTTPGet.Path)
	}
	require.Contains(t, u.get(local(web)+"/"), "401 ", "nobody else gets in without the secret")
	u.stop()
	d.stop()
}

func local(port int) string { return "http://127.0.0.1:" + strconv.Itoa(port) }

// One pod, one volume, nothing that a step can do harm with.
func TestKubernetesPod(t *testing.T) {
	t.Parallel()
	set := manifest(t)
	pod := set.Spec.Template.Spec
	require.Equal(t, 1, set.Spec.Replicas)
	require.Equal(t, "false", set.Spec.Template.Metadata.Annotations["cluster-autoscaler.kubernetes.io/safe-to-evict"])
	require.False(t, *pod.Token)
	require.False(t, *pod.ServiceLinks)
	require.True(t, pod.Security.NonRoot)
	require.Positive(t, pod.Security.User)
	require.Equal(t, []int{pod.Security.User, pod.Security.User}, []int{pod.Security.Group, pod.Security.FSGroup})
	require.Equal(t, "OnRootMismatch", pod.Security.Change)
	require.Equal(t, "RuntimeDefault", pod.Security.Seccomp.Type)
	require.Len(t, set.Spec.Claims, 1)
	claim := set.Spec.Claims[0]
	require.Equal(t, []string{"ReadWriteOncePod"}, claim.Spec.AccessModes)

	temporary := map[string]bool{}
	for _, v := range pod.Volumes {
		temporary[v.Name] = v.EmptyDir != nil
	}
	for _, c := range pod.Containers {
		env := c.env()
		config := configured(t, env)
		require.False(t, c.Security.Escalation, c.Name)
		require.True(t, c.Security.ReadOnly, c.Name)
		require.Equal(t, []string{"ALL"}, c.Security.Caps.Drop, c.Name)
		for _, amount := range []string{"cpu", "memory"} {
			require.NotEmpty(t, c.Resources.Requests[amount], c.Name)
			require.NotEmpty(t, c.Resources.Limits[amount], c.Name)
		}
		mounts := map[string]string{}
		for _, m := range c.VolumeMounts {
			require.Empty(t, m.SubPath)
			mounts[m.MountPath] = m.Name
		}
		require.True(t, temporary[mounts["/tmp"]], "%s has a /tmp", c.Name)
		require.Equal(t, claim.Metadata.Name, mounts[config.Home], "%s has its home on the claim", c.Name)
		require.Equal(t, config.Home+"/data", config.Paths.DataDir)
		require.Equal(t, config.Home+"/logs", config.Paths.LogDir)
		require.Equal(t, "dags", mounts[config.Paths.DAGsDir], "%s has the DAGs", c.Name)
	}
	ui := pod.Containers[1]
	auth := configured(t, ui.env()).Auth
	require.Equal(t, "basic", auth.Mode, "off loopback a choice is required")
	for _, e := range ui.Env {
		if e.Name == "DAGU_AUTH_BASIC_USERNAME" || e.Name == "DAGU_AUTH_BASIC_PASSWORD" {
			require.Equal(t, "dagu-ui", e.ValueFrom.SecretKeyRef.Name)
		}
	}
}

// The objects name each other as they are called.
func TestKubernetesObjects(t *testing.T) {
	t.Parallel()
	set := manifest(t)
	pod := set.Spec.Template
	var service struct {
		Metadata metadata
		Spec     struct {
			Selector map[string]string
			NotReady bool `yaml:"publishNotReadyAddresses"`
			Ports    []struct {
				Name       string
				Port       int
				TargetPort string `yaml:"targetPort"`
			}
		}
	}
	decode(t, "kubernetes/service.yaml", &service)
	require.Equal(t, set.Spec.ServiceName, service.Metadata.Name)
	require.True(t, service.Spec.NotReady)
	require.Equal(t, pod.Metadata.Labels, service.Spec.Selector)
	require.Equal(t, pod.Metadata.Labels, set.Spec.Selector.MatchLabels)
	require.Len(t, service.Spec.Ports, 2)
	for _, p := range service.Spec.Ports {
		number := pod.Spec.Containers[0].port(p.TargetPort) + pod.Spec.Containers[1].port(p.TargetPort)
		require.Equal(t, p.Port, number, p.Name)
	}

	var policy struct {
		Spec struct {
			PodSelector struct {
				MatchLabels map[string]string `yaml:"matchLabels"`
			} `yaml:"podSelector"`
			Types   []string `yaml:"policyTypes"`
			Ingress []struct{ Ports []struct{ Port string } }
		}
	}
	decode(t, "kubernetes/networkpolicy.yaml", &policy)
	require.Equal(t, pod.Metadata.Labels, policy.Spec.PodSelector.MatchLabels)
	require.Equal(t, []string{"Ingress"}, policy.Spec.Types)
	open := []string{}
	for _, rule := range policy.Spec.Ingress {
		for _, p := range rule.Ports {
			open = append(open, p.Port)
		}
	}
	require.ElementsMatch(t, []string{"ui", "health"}, open)

	var kustomization struct {
		Resources  []string
		Images     []struct{ Name string }
		Generators []struct {
			Name  string
			Files []string
		} `yaml:"configMapGenerator"`
		Options struct {
			NoHash bool `yaml:"disableNameSuffixHash"`
		} `yaml:"generatorOptions"`
	}
	decode(t, "kubernetes/kustomization.yaml", &kustomization)
	require.ElementsMatch(t, []string{"statefulset.yaml", "service.yaml", "networkpolicy.yaml"}, kustomization.Resources)
	require.True(t, kustomization.Options.NoHash, "a changed DAG replaces no pod")
	require.Len(t, kustomization.Generators, 1)
	require.Equal(t, kustomization.Generators[0].Name, pod.Spec.Volumes[0].ConfigMap.Name)
	for _, c := range pod.Spec.Containers {
		require.Equal(t, kustomization.Images[0].Name, c.Image)
	}
	for _, file := range kustomization.Generators[0].Files {
		// kustomize takes no files from outside of its directory, so it has a copy.
		copied, err := os.ReadFile(filepath.Join("kubernetes", file))
		require.NoError(t, err)
		original, err := os.ReadFile(filepath.Join("sample", filepath.Base(file)))
		require.NoError(t, err)
		require.Equal(t, string(original), string(copied), file)
	}
}
