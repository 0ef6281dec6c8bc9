package doctor

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// checkReach finds probes that get no answer from what they are for. Probes that
// run inside of the container reach everything.
func (x *examination) checkReach(c *container, p probe, hostNetwork bool) {
	ask := p.http
	if !ask.exists() {
		ask = p.get("tcpSocket")
	}
	if !ask.exists() || !c.sure("port") || !c.sure("host") {
		return
	}
	if port := c.port(ask.get("port")); port != 0 && port != c.Port {
		x.report(ask.get("port"), c.wrongPort(p, port))
		return
	}
	host := ask.get("host")
	switch inside := isLoopback(host.text()); {
	case host.text() != "" && !inside, inside && hostNetwork:
	case inside:
		x.report(host, Finding{
			Rule: "loopback", Object: c.object(), Found: fmt.Sprintf("%s asks %s", p.kind, host.text()),
			Why:     "the kubelet asks from outside of the pod, so that this is the loopback of the node",
			Instead: fmt.Sprintf("no host in the probe, and %s: 0.0.0.0", c.variable("host")),
		})
	case isLoopback(c.Host):
		x.report(ask, Finding{
			Rule: "loopback", Object: c.object(),
			Found:   fmt.Sprintf("%s asks a server that listens on %s", p.kind, c.Host),
			Why:     "the kubelet asks the address of the pod, where nothing listens then",
			Instead: fmt.Sprintf("env %s: 0.0.0.0, here too where the image or a file sets it", c.variable("host")),
		})
	}
	x.checkPath(c, p)
}

// checkPath finds paths that are answered with 404: all but its own by the health
// server; the web server has many more, but none of those.
func (x *examination) checkPath(c *container, p probe) {
	if !p.http.exists() || p.endpoint != elsewhere {
		return
	}
	e := x.options.Endpoints
	f := Finding{
		Rule: "target", Object: c.object(), Found: fmt.Sprintf("%s asks %s", p.kind, p.path),
		Why:     fmt.Sprintf("dagu %s answers 404 there, and the probe always fails", c.Command),
		Instead: fmt.Sprintf("path %s, %s, %s or %s", e.Startup, e.Live, e.Ready, e.Health),
	}
	if c.Command != Scheduler {
		if !slices.Contains([]string{e.Health, e.Live, e.Ready, e.Startup}, p.path) {
			return
		}
		f.Instead = "path " + c.BasePath + e.Web
	}
	x.report(p.http.get("path"), f)
}

func (c *container) wrongPort(p probe, port int) Finding {
	f := Finding{
		Rule: "target", Object: c.object(), Found: fmt.Sprintf("%s asks port %d", p.kind, port),
		Why:     fmt.Sprintf("dagu %s listens on %d, and the probe always fails", c.Command, c.Port),
		Instead: fmt.Sprintf("port: %d, or %s: %d", c.Port, c.variable("port"), port),
	}
	if c.Port == 0 {
		f.Why = c.variable("port") + " is 0: the server is turned off, and the probe always fails"
		f.Instead = fmt.Sprintf("%s: %d", c.variable("port"), port)
	}
	return f
}

// port is a port of the container by number or by name; 0 is unknown.
func (c *container) port(n node) int {
	if number := n.number(0); number != 0 {
		return number
	}
	return c.node.get("ports").named(n.text()).get("containerPort").number(0)
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return strings.EqualFold(host, "localhost") || (err == nil && addr.IsLoopback())
}
