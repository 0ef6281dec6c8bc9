package doctor

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v4"
)

// cluster is what all manifests hold together.
type cluster struct {
	pods     []*pod
	services []object
	claims   []object
}

// object is anything with a kind and a name.
type object struct {
	kind, name, namespace string
	node                  node
}

func (o object) String() string { return o.kind + " " + o.name }

// same tells of an object that is given twice, as by a file and by what is made of it.
func (o object) same(other object) bool {
	return o.kind == other.kind && o.name == other.name && o.namespace == other.namespace
}

// pod is a pod, or what makes pods from a template.
type pod struct {
	object
	// spec is the pod's own; set is that of its controller, if it has one.
	spec, set node
	// volumes are those of the spec, by name.
	volumes map[string]node
	// ours are the containers that run dagu.
	ours []*container
}

func newPod(o object, spec, set node) *pod {
	p := &pod{object: o, spec: spec, set: set, volumes: map[string]node{}}
	for _, v := range spec.get("volumes").items() {
		p.volumes[v.get("name").text()] = v
	}
	return p
}

// add sorts an object by its kind; kinds that do not matter here are passed over.
func (k *cluster) add(n node) {
	o := object{
		kind: n.get("kind").text(), name: n.get("metadata", "name").text(),
		namespace: n.get("metadata", "namespace").text(), node: n,
	}
	switch o.kind {
	case "List":
		seen := map[*yaml.Node]bool{}
		for _, item := range n.get("items").items() {
			// None is in another, but by an alias to itself; what aliases repeat is one.
			if !seen[item.value] && item.get("kind").text() != "List" {
				seen[item.value] = true
				k.add(item)
			}
		}
	case "Pod":
		k.pods = append(k.pods, newPod(o, n.get("spec"), node{}))
	case "Deployment", "StatefulSet", "DaemonSet":
		k.pods = append(k.pods, newPod(o, n.get("spec", "template", "spec"), n.get("spec")))
	case "Service":
		if linked(o) != "" {
			k.services = append(k.services, o)
		}
	case "PersistentVolumeClaim":
		k.claims = append(k.claims, o)
	}
}

// adopt finds the containers of a pod that run dagu, and what they are set to.
func (x *examination) adopt(p *pod) {
	running := p.spec.get("containers").items()
	for _, n := range p.spec.get("initContainers").items() {
		if n.get("restartPolicy").is("Always") { // it runs beside the others
			running = append(running, n)
		}
	}
	for _, n := range running {
		launch := recognise(n.get("command").texts(), n.get("args").texts(), n.get("image").text())
		if launch.Command == "" {
			continue
		}
		c := &container{
			owner: p.String(), node: n, name: n.get("name").text(), Launch: launch,
			env: kubernetesEnvironment(n), setAt: n.get("env"),
		}
		x.settle(c)
		p.ours = append(p.ours, c)
		x.containers++
	}
}

// kubernetesEnvironment reads env and envFrom; the last of one name counts.
func kubernetesEnvironment(n node) environment {
	env := newEnvironment()
	env.open = len(n.get("envFrom").items()) > 0
	for _, item := range n.get("env").items() {
		if name := item.get("name").text(); item.get("valueFrom").exists() {
			env.hide(name)
		} else {
			env.put(name, item.get("value").text())
		}
	}
	return env
}

// checkPod judges a pod by itself, and with the Services beside it.
func (x *examination) checkPod(p *pod) {
	for _, c := range p.ours {
		x.checkProbes(c, p.spec.get("hostNetwork").is("true"))
		x.checkSubPaths(p, c)
	}
	x.checkGrace(p)
	x.checkLinks(p)
	if slices.ContainsFunc(p.ours, (*container).sqlite) {
		x.checkReplicas(p)
		x.checkAccess(p)
	}
}

// linked is the variable of ours that Kubernetes sets after a Service
// (https://kubernetes.io/docs/tutorials/services/connect-applications-service/#environment-variables).
// Those without an address of their own get none.
func linked(service object) string {
	spec := service.node.get("spec")
	if spec.get("clusterIP").is("None") || spec.get("type").is("ExternalName") {
		return ""
	}
	return map[string]string{"dagu": "DAGU_PORT", "dagu-scheduler": "DAGU_SCHEDULER_PORT"}[service.name]
}

// checkLinks finds pods that get such a variable.
func (x *examination) checkLinks(p *pod) {
	at := p.spec.get("enableServiceLinks")
	i := slices.IndexFunc(x.cluster.services, func(s object) bool { return s.namespace == p.namespace })
	if at.is("false") || i < 0 {
		return
	}
	service := x.cluster.services[i]
	x.report(at, Finding{
		Rule: "service-links", Object: p.String(),
		Found: fmt.Sprintf("enableServiceLinks is on beside the Service %s (%s:%d)", service.name, service.node.file,
			service.node.get("metadata", "name").line),
		Why: fmt.Sprintf("Kubernetes sets %s=tcp://... in the containers after it, which is no port: "+
			"dagu ignores it with a warning at every start, and the steps of runs inherit it", linked(service)),
		Instead: "enableServiceLinks: false in the spec of the pod",
	})
}
