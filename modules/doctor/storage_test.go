package doctor_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// deployment is one with a claim, whose parts are replaced by the tests.
const deployment = `kind: Deployment
metadata: {name: dagu}
spec:
  replicas: 1
  strategy: {type: Recreate}
  template:
    spec:
      terminationGracePeriodSeconds: 45
      containers:
      - name: c
        image: dagu
        env: [{name: DAGU_HOME, value: /d}]
        volumeMounts: [{name: data, mountPath: /d}]
      volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
`

func change(t *testing.T, text string, pairs ...string) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		require.Contains(t, text, pairs[i])
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}

func TestReplicas(t *testing.T) {
	t.Parallel()
	require.Empty(t, rules(t, deployment))
	require.Equal(t, []string{"replicas"}, rules(t, change(t, deployment, "replicas: 1", "replicas: 2")))
	require.Equal(t, []string{"replicas"}, rules(t, change(t, deployment, "type: Recreate", "type: RollingUpdate")))
	require.Empty(t, rules(t, change(t, deployment, "type: Recreate", "rollingUpdate: {maxSurge: 0}")))
	require.Empty(t, rules(t, change(t, deployment, "type: Recreate", "", "persistentVolumeClaim: {claimName: data}", "emptyDir: {}")))
	require.Empty(t, rules(t, change(t, deployment, "replicas: 1", "replicas: 2", "[{name: DAGU_HOME",
		"[{name: DAGU_DATABASE_URL, valueFrom: {secretKeyRef: {}}}, {name: DAGU_HOME")), "it may be another database")
	require.Empty(t, rules(t, change(t, deployment, "replicas: 1", "replicas: 2", "image: dagu", "image: postgres")))
}

// Only the volume of the database matters, where it can be told.
func TestAccessMode(t *testing.T) {
	t.Parallel()
	claim := "---\nkind: PersistentVolumeClaim\nmetadata: {name: data}\nspec: {accessModes: [ReadWriteMany]}\n"
	require.Equal(t, []string{"access-mode"}, rules(t, deployment+claim))
	require.Empty(t, rules(t, deployment+change(t, claim, "Many", "Once")))
	require.Empty(t, rules(t, deployment+change(t, claim, "name: data", "name: other")))
	require.Empty(t, rules(t, deployment+change(t, claim, "name: data", "name: data, namespace: other")))
	require.Empty(t, rules(t, change(t, deployment, "mountPath: /d", "mountPath: /d/dags")+claim))
	require.Empty(t, rules(t, change(t, deployment, "mountPath: /d", "mountPath: /data")+claim))
	require.Empty(t, rules(t, change(t, deployment, "[{name: data, mountPath: /d}]",
		"[{name: data, mountPath: /d}, {name: own, mountPath: /d/data}]")+claim), "the deeper mount has it")
	require.Equal(t, []string{"access-mode"}, rules(t, change(t, deployment, "DAGU_HOME, value: /d", "TZ, value: UTC")+claim),
		"without a home it may be any mount")
}

func TestSharedClaim(t *testing.T) {
	t.Parallel()
	ui := change(t, deployment, "name: dagu", "name: ui", "image: dagu", "image: dagu\n        args: [server]")
	require.Equal(t, []string{"shared-claim"}, rules(t, deployment+"---\n"+ui))
	require.Equal(t, []string{"shared-claim"}, rules(t, ui+"---\n"+deployment))
	require.Empty(t, rules(t, deployment+"---\n"+change(t, ui, "name: ui", "name: ui, namespace: other")))
	require.Empty(t, rules(t, deployment+"---\n"+change(t, ui, "claimName: data", "claimName: other")))
	require.Empty(t, rules(t, deployment+"---\n"+change(t, ui, "mountPath: /d", "mountPath: /d/dags")))
}

func TestSubPath(t *testing.T) {
	t.Parallel()
	whole := change(t, deployment, "[{name: data, mountPath: /d}]",
		"[{name: data, mountPath: /d}, {name: dags, mountPath: /d/dags/a.yaml, subPath: a.yaml}]",
		"volumes: [", "volumes: [{name: dags, configMap: {name: dags}}, ")
	require.Equal(t, []string{"subpath"}, rules(t, whole))
	require.Equal(t, []string{"subpath"}, rules(t, change(t, whole, "subPath: a", "subPathExpr: $(X)")))
	require.Empty(t, rules(t, change(t, whole, ", subPath: a.yaml", "")))
	require.Empty(t, rules(t, change(t, whole, "configMap: {name: dags}", "emptyDir: {}")))
	require.Empty(t, rules(t, change(t, whole, "/d/dags/a.yaml", "/etc/ssl/a.pem")))
	require.Empty(t, rules(t, change(t, whole, "/d/dags/a.yaml", "/d/dags/config.yaml")))
}

// service is a compose file of one service.
func service(fields string) string {
	return "services:\n  s:\n    image: dagu\n    " + strings.ReplaceAll(fields, "\n", "\n    ") + "\n"
}

func TestCompose(t *testing.T) {
	t.Parallel()
	const enough = "stop_grace_period: 38s\n"
	for fields, want := range map[string][]string{
		enough:                     nil,
		"stop_grace_period: 37s":   {"grace"},
		"stop_grace_period: 0m38s": nil,
		"command: scheduler":       {"grace"},
		"stop_grace_period: ${G}":  nil,
		// stop_timeout may be there
		"env_file: x.env": nil,
		"environment: [DAGU_SCHEDULER_STOP_TIMEOUT]":               nil,
		"environment: {DAGU_SCHEDULER_STOP_TIMEOUT: }":             nil,
		"environment: {DAGU_SCHEDULER_STOP_TIMEOUT: '${T:-28s}'}":  nil,
		enough + "environment: {DAGU_SCHEDULER_STOP_TIMEOUT: 29s}": {"grace"},
		enough + "environment: [DAGU_SCHEDULER_STOP_TIMEOUT=29s]":  {"grace"},
		enough + "environment: [DAGU_SCHEDULER_PORT=x]":            {"settings"},
		enough + "scale: 2":                                                            {"replicas"},
		enough + "deploy: {mode: global}":                                              {"replicas"},
		enough + "deploy: {replicas: 1}":                                               nil,
		enough + "healthcheck: {test: [CMD, dagu, health], timeout: 1s}":               {"exec-timeout"},
		enough + "healthcheck: {test: [CMD, dagu, health], interval: 9s, timeout: 3s}": nil,
		enough + "healthcheck: {test: [CMD, dagu, health], interval: 9s, timeout: 2s}": {"impatient"},
		enough + "healthcheck: {test: dagu health, interval: 5s, timeout: 2s}":         {"impatient"},
		enough + "healthcheck: {disable: true, interval: 1s, timeout: 1s}":             nil,
		enough + "healthcheck: {test: x, interval: $I, timeout: 1s}":                   nil,
		enough + "command: server\nhealthcheck: {test: x, interval: 1s, timeout: 2s}":  nil,
		"entrypoint: /bin/x":                   nil,
		"image: x\ncommand: [dagu, scheduler]": {"grace"},
	} {
		text := service(fields)
		if strings.HasPrefix(fields, "image: ") {
			text = strings.Replace(text, "    image: dagu\n", "", 1)
		}
		require.ElementsMatch(t, want, rules(t, text), fields)
	}
}
