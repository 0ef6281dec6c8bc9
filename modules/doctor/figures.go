package doctor

import (
	"fmt"
	"time"
)

// oneSecond is too little for a process to start in on a busy machine.
const oneSecond = time.Second

// enough is what probes are advised to wait for an answer.
const enough = 5 * time.Second

// checkProbes judges the probes of a container of Kubernetes.
func (x *examination) checkProbes(c *container, hostNetwork bool) {
	for _, kind := range []string{startupProbe, livenessProbe, readinessProbe} {
		p := x.probe(c, kind)
		if !p.exists() {
			continue
		}
		x.checkReach(c, p, hostNetwork)
		if p.exec.exists() && p.timeout <= oneSecond {
			x.report(p.get("timeoutSeconds"), execFinding(c.object(), kind, fmt.Sprintf("timeoutSeconds: %d", enough/time.Second)))
		}
		switch kind {
		case livenessProbe:
			x.checkLiveness(c, p)
		case startupProbe:
			x.checkStartup(c, p)
		}
	}
}

func execFinding(object, probe, instead string) Finding {
	return Finding{
		Rule: "exec-timeout", Object: object, Found: probe + " starts a process and gives it " + span(oneSecond),
		Why:     "a machine that is busy with the steps of runs takes longer to start one, however healthy the scheduler is",
		Instead: instead,
	}
}

// checkLiveness finds liveness probes that restart what a restart does not mend,
// or what mends itself.
func (x *examination) checkLiveness(c *container, p probe) {
	e := x.options.Endpoints
	if p.endpoint == ready {
		x.report(p.asks(), Finding{
			Rule: "liveness-ready", Object: c.object(), Found: "livenessProbe asks " + p.path,
			Why:     "that is 503 too while a disk is full or a database is away, and restarts mend neither: they end what runs",
			Instead: fmt.Sprintf("livenessProbe: %s; readinessProbe: %s", e.Live, e.Ready),
		})
	}
	answersLate := p.endpoint == health || p.endpoint == web
	if answersLate && c.sureOf(startTimeout) && !c.node.get(startupProbe).exists() {
		x.report(p.asks(), Finding{
			Rule: "liveness-start", Object: c.object(), Found: fmt.Sprintf("livenessProbe asks %s, and there is no startupProbe", p.path),
			Why: fmt.Sprintf("that is 503 until the start has finished, which may take start_timeout (%s); "+
				"this probe restarts the container after %s of it, and one that waits longer is late for the whole life",
				span(c.StartTimeout), span(p.initial+p.patience())),
			Instead: c.startup(e),
		})
	}
	x.checkStall(c, p)
}

// startup advises on a startup probe.
func (c *container) startup(e Endpoints) string {
	path := e.Startup
	if c.Command != Scheduler {
		path = c.BasePath + e.Web
	}
	return fmt.Sprintf("a startupProbe on %s with periodSeconds: 5 and failureThreshold: %d", path, max(120, ceil(c.StartTimeout, 5*time.Second)))
}

// checkStall finds probes that give up on a silence which the server itself would
// not call a stall. The web server alone has no such limit.
func (x *examination) checkStall(c *container, p probe) {
	if c.Command == Server || !c.sureOf(stallThreshold) || p.patience() >= c.StallThreshold {
		return
	}
	x.report(p.get("failureThreshold"), Finding{
		Rule: "impatient", Object: c.object(),
		Found: fmt.Sprintf("%s gives up after %s (%d x %s + %s)", p.kind, span(p.patience()), p.failures, span(p.period), span(p.timeout)),
		Why: fmt.Sprintf("a machine that is too busy to answer for less than stall_threshold (%s) is no stall, and the container is restarted for it",
			span(c.StallThreshold)),
		Instead: fmt.Sprintf("failureThreshold: %d", ceil(c.StallThreshold-p.timeout, p.period)),
	})
}

// checkStartup finds startup probes that end a start which is still in time.
func (x *examination) checkStartup(c *container, p probe) {
	given := p.initial + p.patience()
	if !c.sureOf(startTimeout) || given >= c.StartTimeout {
		return
	}
	x.report(p.get("failureThreshold"), Finding{
		Rule: "impatient", Object: c.object(),
		Found: fmt.Sprintf("startupProbe gives up after %s", span(given)),
		Why: fmt.Sprintf("a start may take start_timeout (%s), such as for a migration after an upgrade; "+
			"one that is ended before begins anew each time", span(c.StartTimeout)),
		Instead: fmt.Sprintf("failureThreshold: %d", ceil(c.StartTimeout-p.initial, p.period)),
	})
}

// asks is where the probe says what it asks.
func (p probe) asks() node {
	if p.http.exists() {
		return p.http.get("path")
	}
	return p.exec
}

// ceil is how many steps of a length cover a time.
func ceil(d, step time.Duration) int {
	if step <= 0 {
		return 1
	}
	return int(max(1, (d+step-1)/step))
}
