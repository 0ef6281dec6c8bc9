package doctor

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// configFile is the file that is read once, at the start.
const configFile = "config.yaml"

// within tells whether a path is a directory or below it.
func within(p, dir string) bool {
	p, dir = path.Clean(p), path.Clean(dir)
	return p == dir || dir == "/" || strings.HasPrefix(p, dir+"/")
}

// dataMounts are the mounts that the database may be on: the one of the data
// directory, or all where that is not known but those of DAGs.
func (c *container) dataMounts() []node {
	var likely []node
	best := ""
	for _, m := range c.node.get("volumeMounts").items() {
		at := m.get("mountPath").text()
		switch {
		case !c.known:
		case c.DataDir == "":
			if c.DAGsDir == "" || !within(at, c.DAGsDir) {
				likely = append(likely, m)
			}
		case within(c.DataDir, at) && len(at) >= len(best):
			best, likely = at, []node{m}
		}
	}
	return likely
}

// checkSubPaths finds DAGs of a ConfigMap that never change
// (https://kubernetes.io/docs/concepts/storage/volumes/#using-subpath).
func (x *examination) checkSubPaths(p *pod, c *container) {
	for _, m := range c.node.get("volumeMounts").items() {
		sub := m.get("subPath")
		if !sub.exists() {
			sub = m.get("subPathExpr")
		}
		at := m.get("mountPath").text()
		volume := p.volumes[m.get("name").text()]
		foreign := path.Base(at) == configFile || (c.DAGsDir != "" && !within(at, c.DAGsDir))
		if !sub.exists() || foreign || !fromConfigMap(volume) {
			continue
		}
		x.report(sub, Finding{
			Rule: "subpath", Object: c.object(),
			Found:   fmt.Sprintf("%s is mounted with subPath from a ConfigMap", at),
			Why:     "Kubernetes never updates such a mount: a changed DAG is not seen until the pod is replaced",
			Instead: "the ConfigMap mounted whole, as a directory of its own that paths.dags_dir (DAGU_DAGS_DIR) names",
		})
	}
}

func fromConfigMap(volume node) bool {
	return volume.get("configMap").exists() || slices.ContainsFunc(volume.get("projected", "sources").items(),
		func(source node) bool { return source.get("configMap").exists() })
}

// checkReplicas finds more than one scheduler on SQLite.
func (x *examination) checkReplicas(p *pod) {
	f := Finding{
		Rule: "replicas", Object: p.String(),
		Why: "SQLite is shared by processes of one machine alone: with a volume of its own each replica " +
			"runs every DAG again, and one volume on two machines ruins the database",
		Instead: "replicas: 1; what is missed while the pod is replaced starts late",
	}
	replicas, strategy := p.set.get("replicas"), p.set.get("strategy")
	switch {
	case p.kind == "DaemonSet":
		f.Found, f.Instead = "a DaemonSet runs one on every node", "a StatefulSet with replicas: 1"
		x.report(p.node.get("kind"), f)
	case replicas.number(1) > 1:
		f.Found = "replicas is " + replicas.text()
		x.report(replicas, f)
	case p.kind == "Deployment" && !strategy.get("type").is("Recreate") && !surgeless(strategy) && len(p.claimsOf()) > 0:
		f.Found = "a rollout starts the new pod before the old one has ended"
		f.Why = "two pods are on one volume then, or the new one waits for it and the rollout never ends"
		f.Instead = "strategy: {type: Recreate}, or a StatefulSet"
		x.report(strategy, f)
	}
}

func surgeless(strategy node) bool {
	surge := strategy.get("rollingUpdate", "maxSurge")
	return surge.is("0") || surge.is("0%")
}
