package doctor_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// container is a pod of one container whose fields are given, otherwise without fault.
func container(fields string) string {
	return "kind: Pod\nmetadata: {name: p}\nspec:\n  terminationGracePeriodSeconds: 45\n  containers:\n  - name: c\n    " +
		strings.ReplaceAll(strings.TrimSpace(fields), "\n", "\n    ") + "\n"
}

// ready is a probe that needs a reachable health server.
const ready = "\nreadinessProbe: {httpGet: {path: /readyz, port: 8090}}"

// Which containers are taken for ours: only those can have a loopback finding here.
func TestRecognised(t *testing.T) {
	t.Parallel()
	for start, ours := range map[string]bool{
		"image: dagu": true,
		"image: registry:5000/team/dagu@sha256:12":                                          true,
		"image: our-dagu:1\nargs: [scheduler]":                                              true,
		"image: dagu\nargs: [--debug, scheduler]":                                           true,
		"image: dagu\nargs: [--dagu-home, /d, scheduler]":                                   true,
		"image: etl\ncommand: [/opt/dagu, scheduler]":                                       true,
		"image: etl\ncommand: [tini, --, dagu, scheduler]":                                  true,
		"image: etl\ncommand: [sh, -c]\nargs: ['prepare; exec dagu scheduler && echo']":     true,
		"image: etl\ncommand: [sh, -c]\nargs: ['dagu validate /d && exec dagu scheduler;']": true,
		"image: dagu\ncommand: [/entry.sh]\nargs: [scheduler]":                              true,
		"image: dagu\ncommand: [/entry.sh]":                                                 false,
		"image: dagu\nargs: [version]":                                                      false,
		"image: dagu\nargs: [start, scheduler]":                                             false,
		"image: daguerre\nargs: [scheduler]":                                                false,
		"image: kube\nargs: [scheduler]":                                                    false,
		"image: etl\ncommand: [dagu]":                                                       false,
		"{}":                                                                                false,
	} {
		if start == "{}" {
			start = "args: []"
		}
		got := rules(t, container(start+ready))
		if ours {
			require.Equal(t, []string{"loopback"}, got, start)
		} else {
			require.Empty(t, got, start)
		}
	}
}

// Flags come before variables, those before defaults; what stands elsewhere is not judged.
func TestEffectiveValues(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string][]string{
		"args: [scheduler]\nenv: [{name: DAGU_SCHEDULER_HOST, value: '::'}]":                                                  nil,
		"args: [scheduler]\nenv: [{name: DAGU_SCHEDULER_HOST, value: '::1'}]":                                                 {"loopback"},
		"args: [scheduler]\nenv: [{name: DAGU_SCHEDULER_HOST, value: LOCALHOST}]":                                             {"loopback"},
		"args: [scheduler]\nenv: [{name: DAGU_SCHEDULER_HOST}]":                                                               {"loopback"},
		"args: [scheduler]\nenv: [{name: DAGU_HOST, value: 0.0.0.0}]":                                                         {"loopback"},
		"args: [scheduler, --host, 0.0.0.0]\nenv: [{name: DAGU_SCHEDULER_HOST, value: 127.0.0.1}]":                            nil,
		"args: [scheduler, --host=127.0.0.1]\nenv: [{name: DAGU_SCHEDULER_HOST, value: 0.0.0.0}]":                             {"loopback"},
		"args: [scheduler, --host, $(POD_IP)]":                                                                                nil,
		"args: [scheduler]\nenv: [{name: DAGU_SCHEDULER_HOST, value: $(POD_IP)}]":                                             nil,
		"args: [scheduler]\nenv: [{name: DAGU_SCHEDULER_HOST, valueFrom: {fieldRef: {}}}]":                                    nil,
		"args: [scheduler]\nenvFrom: [{configMapRef: {name: c}}]":                                                             nil,
		"args: [scheduler]\nenvFrom: [{secretRef: {}}]\nenv: [{name: DAGU_SCHEDULER_HOST, value: localhost}]":                 nil, // the port may be another
		"args: [scheduler, --port, '8090']\nenvFrom: [{secretRef: {}}]\nenv: [{name: DAGU_SCHEDULER_HOST, value: localhost}]": {"loopback"},
		"args: [scheduler]\nenv: [{name: DAGU_SCHEDULER_PORT, value: '9000'}]":                                                {"target"},
		"args: [scheduler]\nenv: [{name: DAGU_SCHEDULER_PORT, value: x}, {name: DAGU_SCHEDULER_HOST, valueFrom: {}}]":         nil,
		"args: [scheduler]\nenv: [{name: DAGU_SCHEDULER_PORT, value: x}, {name: DAGU_SCHEDULER_HOST, valueFrom: {a: b}}]":     nil,
		"args: [scheduler]\nenv: [{name: DAGU_SCHEDULER_STALL_THRESHOLD, value: 1}]":                                          {"settings"},
		"args: [start-all]\nenv: [{name: DAGU_HOST, value: 0.0.0.0}, {name: DAGU_PORT, value: '8090'}]":                       {"target"}, // no /readyz there
	} {
		got := rules(t, container("image: dagu\n"+fields+ready))
		require.ElementsMatch(t, want, got, fields)
	}
}

// Reaching the server, by name of the port, from the host's network, or from inside.
func TestReach(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string][]string{
		"ports: [{name: h, containerPort: 8090}]\nreadinessProbe: {httpGet: {path: /readyz, port: h}}":    {"loopback"},
		"ports: [{name: h, containerPort: 8091}]\nreadinessProbe: {httpGet: {path: /readyz, port: h}}":    {"target"},
		"readinessProbe: {httpGet: {path: /readyz, port: elsewhere}}":                                     {"loopback"},
		"readinessProbe: {httpGet: {host: example.com, path: /readyz, port: 8090}}":                       nil,
		"readinessProbe: {httpGet: {host: localhost, path: /readyz, port: 8090}}":                         {"loopback"},
		"readinessProbe: {tcpSocket: {port: 8090}}":                                                       {"loopback"},
		"readinessProbe: {exec: {command: [dagu, health]}, timeoutSeconds: 5}":                            nil,
		"readinessProbe: {grpc: {port: 8090}}":                                                            nil,
		"args: [scheduler, --host, 0.0.0.0]\nreadinessProbe: {httpGet: {port: 8090}}":                     {"target"},
		"args: [scheduler, --host, 0.0.0.0]\nreadinessProbe: {httpGet: {path: /readyz/disk, port: 8090}}": nil,
		"args: [scheduler, --host, 0.0.0.0]\nreadinessProbe: {httpGet: {path: /metrics, port: 8090}}":     nil,
		"args: [server, --host, 0.0.0.0]\nreadinessProbe: {httpGet: {path: /, port: 8080}}":               nil,
		"args: [server, --host, 0.0.0.0]\nreadinessProbe: {httpGet: {path: /readyz, port: 8080}}":         {"target"},
	} {
		require.ElementsMatch(t, want, rules(t, container("image: dagu\n"+fields)), fields)
	}
	onNode := strings.Replace(container("image: dagu\nreadinessProbe: {httpGet: {host: 127.0.0.1, path: /readyz, port: 8090}}"),
		"spec:\n", "spec:\n  hostNetwork: true\n", 1)
	require.Empty(t, rules(t, onNode), "the kubelet shares that loopback")
}

// A sidecar of the newer kind stands among the init containers.
func TestSidecar(t *testing.T) {
	t.Parallel()
	pod := "kind: Pod\nmetadata: {name: p}\nspec:\n  terminationGracePeriodSeconds: 45\n  initContainers:\n" +
		"  - {name: c, image: dagu, readinessProbe: {httpGet: {path: /readyz, port: 8090}}%s}\n"
	require.Empty(t, rules(t, strings.Replace(pod, "%s", "", 1)))
	require.Equal(t, []string{"loopback"}, rules(t, strings.Replace(pod, "%s", ", restartPolicy: Always", 1)))
}

// The figures at the edge of each limit.
func TestEdges(t *testing.T) {
	t.Parallel()
	live := func(figures string) string {
		return container("image: dagu\nargs: [scheduler, --host, 0.0.0.0]\nlivenessProbe: {httpGet: {path: /livez, port: 8090}" + figures + "}")
	}
	require.Empty(t, rules(t, live("")), "3 x 10 + 1 is more than 30")
	require.Empty(t, rules(t, live(", periodSeconds: 5, failureThreshold: 5, timeoutSeconds: 5")), "30 is enough")
	require.Equal(t, []string{"impatient"}, rules(t, live(", periodSeconds: 5, failureThreshold: 5, timeoutSeconds: 4")))
	require.Empty(t, rules(t, container("image: dagu\nargs: [server]\nlivenessProbe: {exec: {command: [x]}, timeoutSeconds: 5, failureThreshold: 1}")),
		"the web server has no loop that stalls")

	grace := func(seconds string) string {
		return strings.Replace(container("image: dagu"), "45", seconds, 1)
	}
	require.Empty(t, rules(t, grace("38")))
	require.Equal(t, []string{"grace"}, rules(t, grace("37")))
	require.Equal(t, []string{"grace"}, rules(t, grace("0")))

	probe := func(kind string) string {
		return container("image: dagu\n" + kind + ": {exec: {command: [dagu, health, --live]}, failureThreshold: 12, timeoutSeconds: %s}")
	}
	for _, kind := range []string{"startupProbe", "livenessProbe", "readinessProbe"} {
		require.Equal(t, []string{"exec-timeout"}, rules(t, strings.Replace(probe(kind), "%s", "1", 1)), kind)
		require.Empty(t, rules(t, strings.Replace(probe(kind), "%s", "2", 1)), kind)
	}
}

// The container that takes longest decides.
func TestGraceOfSeveral(t *testing.T) {
	t.Parallel()
	pod := container("image: dagu") + "  - {name: slow, image: dagu, args: [server], lifecycle: {preStop: {exec: {command: [sleep, '30']}}}}\n" +
		"  - {name: other, image: dagu, args: [server]}\n"
	require.Equal(t, []string{"grace"}, rules(t, pod))
	require.Empty(t, rules(t, strings.Replace(pod, "45", "68", 1)))
	require.Equal(t, []string{"grace"}, rules(t, strings.Replace(pod, "45", "67", 1)))
}

func TestServiceLinks(t *testing.T) {
	t.Parallel()
	pod := container("image: dagu")
	for service, want := range map[string][]string{
		"metadata: {name: dagu}":                                  {"service-links"},
		"metadata: {name: dagu-scheduler}":                        {"service-links"},
		"metadata: {name: dagu-ui}":                               {},
		"metadata: {name: dagu, namespace: other}":                {},
		"metadata: {name: dagu}\nspec: {clusterIP: None}":         {},
		"metadata: {name: dagu}\nspec: {type: ExternalName}":      {},
		"metadata: {name: dagu}\nspec: {clusterIP: '10.96.0.10'}": {"service-links"},
	} {
		require.Equal(t, want, rules(t, pod+"---\nkind: Service\n"+service+"\n"), service)
	}
	off := strings.Replace(pod, "spec:\n", "spec:\n  enableServiceLinks: false\n", 1)
	require.Empty(t, rules(t, off+"---\nkind: Service\nmetadata: {name: dagu}\n"))
}
