package doctor

import (
	"net/url"
	"slices"
	"strings"
	"time"
)

// endpoint is what a probe asks.
type endpoint int

const (
	elsewhere endpoint = iota // nothing that is known
	health
	live
	ready
	startup
	metrics
	web // the web server's, which says what health says
)

// Defaults of a probe
// (https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/#configure-probes).
const (
	defaultPeriod   = 10
	defaultTimeout  = 1
	defaultFailures = 3
)

// The probes of a container.
const (
	startupProbe   = "startupProbe"
	livenessProbe  = "livenessProbe"
	readinessProbe = "readinessProbe"
)

// probe is one of a container. Without a node there is none.
type probe struct {
	node
	kind string
	// http and exec are the two ways to ask that know a path.
	http, exec node
	// path is what is asked, and what stands for it.
	path     string
	endpoint endpoint

	initial, period, timeout time.Duration
	failures                 int
}

// probe reads the probe of a kind.
func (x *examination) probe(c *container, kind string) probe {
	n := c.node.get(kind)
	p := probe{
		node: n, kind: kind, http: n.get("httpGet"), exec: n.get("exec"),
		initial:  seconds(n.get("initialDelaySeconds").number(0)),
		period:   seconds(n.get("periodSeconds").number(defaultPeriod)),
		timeout:  seconds(n.get("timeoutSeconds").number(defaultTimeout)),
		failures: n.get("failureThreshold").number(defaultFailures),
	}
	if p.http.exists() {
		p.path = p.http.get("path").text()
		if p.path == "" {
			p.path = "/"
		}
	} else {
		p.path = x.asked(p.exec.get("command").texts(), c)
	}
	p.endpoint = x.endpoint(p.path, c)
	return p
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// patience is how long the probe fails before it has failed.
func (p probe) patience() time.Duration { return time.Duration(p.failures)*p.period + p.timeout }

// asked is the path that a command asks: `dagu health`, or a client with a URL.
func (x *examination) asked(command []string, c *container) string {
	for _, words := range commands(command) {
		for _, word := range words {
			if u, err := url.Parse(word); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
				return u.Path
			}
		}
		if i := slices.IndexFunc(words, isProgram); i >= 0 {
			return x.askedOf(words[i+1:], c)
		}
	}
	return ""
}

// askedOf is the path that `dagu health` asks.
func (x *examination) askedOf(args []string, c *container) string {
	name, flags := parseFlags(args)
	e := x.options.Endpoints
	switch {
	case name != "health":
		return ""
	case flags["live"] != "":
		return e.Live
	case flags["ready"] != "":
		return e.Ready
	case flags["startup"] != "":
		return e.Startup
	case flags["web"] != "":
		return c.BasePath + e.Web
	default:
		return e.Health
	}
}

// endpoint tells what stands behind a path of the server that the container has,
// with a check's name or a query at its end.
func (x *examination) endpoint(path string, c *container) endpoint {
	path, _, _ = strings.Cut(path, "?")
	e := x.options.Endpoints
	ours := c.Command == Scheduler
	switch {
	case path == e.Metrics:
		return metrics
	case !ours && path == c.BasePath+e.Web:
		return web
	case !ours:
		return elsewhere
	case path == e.Health:
		return health
	case path == e.Live, strings.HasPrefix(path, e.Live+"/"):
		return live
	case path == e.Ready, strings.HasPrefix(path, e.Ready+"/"):
		return ready
	case path == e.Startup:
		return startup
	default:
		return elsewhere
	}
}
