package dag

import (
	"errors"
	"slices"
	"strings"

	"dagu/modules/schedule"

	yaml "go.yaml.in/yaml/v4"
)

// decodeSchedule decodes the start schedules: a text or a list of texts; "" is
// none. They replace those of the base file.
func decodeSchedule(d *draft, n node) {
	d.dag.Schedules = nil
	switch n.Kind {
	case yaml.MappingNode:
		scheduleMap(n, "start", "stop", "restart")
	case yaml.SequenceNode:
		for _, item := range n.items() {
			if item.Kind == yaml.MappingNode {
				scheduleMap(item, "kind", "expression", "at", "profile")
				continue
			}
			d.addSchedule(item)
		}
	default:
		if strings.TrimSpace(n.Value) != "" {
			d.addSchedule(n)
		}
	}
}

func (d *draft) addSchedule(n node) {
	if n.null() {
		return
	}
	text, ok := n.text()
	if !ok {
		return
	}
	spec, err := schedule.Parse(text, d.location)
	if err != nil {
		n.failSchedule(err)
		return
	}
	for _, warning := range spec.Warnings() {
		n.warn("schedule %q: %s", spec, warning)
	}
	d.dag.Schedules = append(d.dag.Schedules, Schedule{Text: spec.String(), Spec: spec})
}

// failSchedule records what is wrong with an expression, at the character
// that is at fault where the file shows the expression as it is.
func (n *node) failSchedule(err error) {
	var fault *schedule.ParseError
	if errors.As(err, &fault) && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 && !strings.ContainsAny(n.Value, "\\\n\"'") {
		at := *n
		at.column += fault.Column - 1
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			at.column++
		}
		n = &at
	}
	n.fail("schedule: %s", err)
}

// scheduleMap records that the shape is for a later release, or which of its
// keys no release knows.
func scheduleMap(n node, valid ...string) {
	known := true
	for _, e := range n.entries() {
		if !slices.Contains(valid, e.key) {
			e.keyNode.invalidKey(valid)
			known = false
		}
	}
	if known {
		n.unsupported("a schedule as a map of " + strings.Join(valid, ", "))
	}
}
