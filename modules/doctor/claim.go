package doctor

import (
	"fmt"
	"slices"
)

// claim is a claim that a database may be on.
type claim struct {
	// name is the claim's, with the ordinal of a StatefulSet's first pod.
	name string
	// at is where the pod names it; template is where it is described, if that
	// is known.
	at, template node
}

// claimsOf are the claims behind the data mounts of the containers with SQLite.
func (p *pod) claimsOf() []claim {
	var list []claim
	for _, c := range p.ours {
		if !c.sqlite() {
			continue
		}
		for _, m := range c.dataMounts() {
			if found, ok := p.claim(m.get("name").text()); ok &&
				!slices.ContainsFunc(list, func(known claim) bool { return known.name == found.name }) {
				list = append(list, found)
			}
		}
	}
	return list
}

// claim finds the claim of a volume.
func (p *pod) claim(volume string) (claim, bool) {
	for _, template := range p.set.get("volumeClaimTemplates").items() {
		if name := template.get("metadata", "name"); name.text() == volume {
			return claim{name: fmt.Sprintf("%s-%s-0", volume, p.name), at: name, template: template}, true
		}
	}
	name := p.volumes[volume].get("persistentVolumeClaim", "claimName")
	return claim{name: name.text(), at: name}, name.exists()
}

// checkAccess finds claims for file systems that many machines mount.
func (x *examination) checkAccess(p *pod) {
	for _, c := range p.claimsOf() {
		described := c.template
		for _, o := range x.cluster.claims {
			if o.name == c.name && o.namespace == p.namespace {
				described = o.node
			}
		}
		for _, mode := range described.get("spec", "accessModes").items() {
			if !mode.is("ReadWriteMany") {
				continue
			}
			x.report(mode, Finding{
				Rule: "access-mode", Object: p.String(), Found: "the claim " + c.name + " is ReadWriteMany",
				Why:     "such volumes are network file systems (NFS, CephFS and the like), where SQLite's locks do not hold: dagu refuses to start on them",
				Instead: "ReadWriteOncePod, or ReadWriteOnce",
			})
		}
	}
}

// checkSharing finds claims that several pods have their database on. The pod
// with the scheduler is the one that may.
func (x *examination) checkSharing() {
	pods := slices.Clone(x.cluster.pods)
	slices.SortStableFunc(pods, func(a, b *pod) int { return b.schedulers() - a.schedulers() })
	hosts := map[string]*pod{}
	for _, p := range pods {
		for _, c := range p.claimsOf() {
			key := p.namespace + "/" + c.name
			host, taken := hosts[key]
			if !taken {
				hosts[key] = p
				continue
			}
			if host.same(p.object) {
				continue
			}
			x.report(c.at, Finding{
				Rule: "shared-claim", Object: p.String(),
				Found: fmt.Sprintf("the claim %s is that of %s too", c.name, host),
				Why: "SQLite is shared by processes of one machine alone: on two nodes the second pod waits for the volume for ever, " +
					"or both ruin the database",
				Instead: fmt.Sprintf("one pod: the containers of %s beside those of %s", p, host),
			})
		}
	}
}

// schedulers is 1 for a pod that runs the scheduler, else 0.
func (p *pod) schedulers() int {
	if slices.ContainsFunc(p.ours, func(c *container) bool { return c.Command != Server }) {
		return 1
	}
	return 0
}
