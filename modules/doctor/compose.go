package doctor

import (
	"fmt"
	"strings"
	"time"

	"github.com/xhit/go-str2duration/v2"
)

// Defaults of a health check
// (https://docs.docker.com/reference/dockerfile/#healthcheck).
const (
	composeInterval = 30 * time.Second
	composeTimeout  = 30 * time.Second
	composeRetries  = 3
)

// checkCompose judges the services of a compose file.
func (x *examination) checkCompose(file node) {
	for _, service := range file.get("services").entries() {
		n := service.value
		launch := recognise(fields(n.get("entrypoint")), fields(n.get("command")), n.get("image").text())
		if launch.Command == "" {
			continue
		}
		c := &container{
			owner: "service " + service.key, node: n, Launch: launch,
			env: composeEnvironment(n), setAt: n.get("environment"),
		}
		x.containers++
		x.settle(c)
		x.checkComposeGrace(c)
		x.checkHealth(c)
		if c.sqlite() {
			x.checkScale(c)
		}
	}
}

// fields are the words of a command line, which is a list or a text.
func fields(n node) []string {
	if text := n.text(); text != "" {
		return strings.Fields(text)
	}
	return n.texts()
}

// composeEnvironment reads environment, a mapping or a list of NAME=VALUE.
func composeEnvironment(n node) environment {
	env := newEnvironment()
	env.open = n.get("env_file").exists()
	given := n.get("environment")
	for _, e := range given.entries() {
		env.assign(e.key, e.value.text(), e.value.exists())
	}
	for _, item := range given.items() {
		name, value, whole := strings.Cut(item.text(), "=")
		env.assign(name, value, whole)
	}
	return env
}

// checkComposeGrace finds services that are killed before dagu has stopped.
func (x *examination) checkComposeGrace(c *container) {
	at := c.node.get("stop_grace_period")
	given, ok := duration(at, defaultComposeGrace)
	if !ok {
		return
	}
	x.checkTimeToStop(c, timeToStop{key: "stop_grace_period", at: at, given: given, write: span})
}

// checkHealth judges the health check of a service; without one the image's applies.
func (x *examination) checkHealth(c *container) {
	check := c.node.get("healthcheck")
	interval, known := duration(check.get("interval"), composeInterval)
	timeout, timed := duration(check.get("timeout"), composeTimeout)
	if !check.get("test").exists() || check.get("disable").is("true") || !known || !timed {
		return
	}
	if timeout <= oneSecond {
		x.report(check.get("timeout"), execFinding(c.object(), "healthcheck", "timeout: "+span(enough)))
	}
	retries := check.get("retries").number(composeRetries)
	patience := time.Duration(retries)*interval + timeout
	if c.Command == Server || !c.sureOf(stallThreshold) || patience >= c.StallThreshold {
		return
	}
	at := check.get("retries")
	if !at.exists() {
		at = check.get("interval")
	}
	x.report(at, Finding{
		Rule: "impatient", Object: c.object(),
		Found: fmt.Sprintf("healthcheck gives up after %s (%d x %s + %s)", span(patience), retries, span(interval), span(timeout)),
		Why: fmt.Sprintf("a machine that is too busy to answer for less than stall_threshold (%s) is no stall; "+
			"Swarm, and others that watch, restart the container for it", span(c.StallThreshold)),
		Instead: fmt.Sprintf("retries: %d", ceil(c.StallThreshold-timeout, interval)),
	})
}

// checkScale finds more than one scheduler on SQLite.
func (x *examination) checkScale(c *container) {
	deploy := c.node.get("deploy")
	for _, at := range []node{c.node.get("scale"), deploy.get("replicas"), deploy.get("mode")} {
		if at.number(1) < 2 && !at.is("global") {
			continue
		}
		x.report(at, Finding{
			Rule: "replicas", Object: c.object(), Found: "more than one replica (" + at.text() + ")",
			Why: "SQLite is shared by processes of one machine alone: on other nodes of a Swarm each replica has a volume " +
				"of its own and runs every DAG again",
			Instead: "one replica",
		})
	}
}

// duration reads a duration of compose; false says that it cannot be read.
func duration(n node, otherwise time.Duration) (time.Duration, bool) {
	if !n.exists() {
		return otherwise, true
	}
	d, err := str2duration.ParseDuration(n.text())
	return d, err == nil
}
