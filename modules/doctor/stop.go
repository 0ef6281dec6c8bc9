package doctor

import (
	"fmt"
	"strconv"
	"time"
)

// Defaults of the time to stop
// (https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination,
// https://github.com/compose-spec/compose-spec/blob/main/05-services.md#stop_grace_period).
const (
	defaultGrace        = 30 * time.Second
	defaultComposeGrace = 10 * time.Second
	// stopMargin is what is left after stop_timeout: the container has to be
	// told, and what is left of it to be taken down.
	stopMargin = 10 * time.Second
)

// checkGrace finds pods that are killed before dagu has stopped, and names the
// container that takes longest.
func (x *examination) checkGrace(p *pod) {
	at := p.spec.get("terminationGracePeriodSeconds")
	longest := timeToStop{
		key: "terminationGracePeriodSeconds", at: at, given: seconds(at.number(int(defaultGrace / time.Second))),
		write: func(d time.Duration) string { return strconv.Itoa(ceil(d, time.Second)) },
	}
	var slowest *container
	for _, c := range p.ours {
		hook := c.node.get("lifecycle", "preStop")
		t := longest
		t.before = seconds(hook.get("sleep", "seconds").number(0)) + naps(hook.get("exec", "command").texts())
		if c.sureOf(stopTimeout) && (slowest == nil || t.need(c) > longest.need(slowest)) {
			longest, slowest = t, c
		}
	}
	if slowest != nil {
		x.checkTimeToStop(slowest, longest)
	}
}

// timeToStop is what a container is given.
type timeToStop struct {
	key   string
	at    node
	given time.Duration
	// before is what goes by before dagu hears of it.
	before time.Duration
	// write is how the value is written.
	write func(time.Duration) string
}

// need is what a container takes.
func (t timeToStop) need(c *container) time.Duration { return t.before + c.StopTimeout + stopMargin }

func (x *examination) checkTimeToStop(c *container, t timeToStop) {
	if !c.sureOf(stopTimeout) || t.given >= t.need(c) {
		return
	}
	found := fmt.Sprintf("%s is %s", t.key, span(t.given))
	if !t.at.exists() {
		found = fmt.Sprintf("%s is not set, which is %s", t.key, span(t.given))
	}
	sum := fmt.Sprintf("stop_timeout (%s) and %s", span(c.StopTimeout), span(stopMargin))
	if t.before > 0 {
		sum = fmt.Sprintf("preStop (%s), %s", span(t.before), sum)
	}
	x.report(t.at, Finding{
		Rule: "grace", Object: c.object(), Found: found,
		Why:     "a stop takes " + sum + " to take everything down; what is killed before leaves runs to be closed as lost",
		Instead: t.key + ": " + t.write(t.need(c)),
	})
}
