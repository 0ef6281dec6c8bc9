package dag

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"dagu/modules/schedule"

	yaml "go.yaml.in/yaml/v4"
)

// scheduleTable is what a schedule that is a map may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var scheduleTable = newTable(nil,
	row[draft]{"start", func(d *draft, n node) { d.decodeEntries(n, ScheduleStart) }},
	row[draft]{"stop", func(d *draft, n node) { d.decodeEntries(n, ScheduleStop) }},
	row[draft]{"restart", func(d *draft, n node) { d.decodeEntries(n, ScheduleRestart) }},
)

// decodeSchedule decodes schedules: a text or a list for the starts, or a map of all
// kinds. They replace those of the base file, a map those of its own kinds alone.
func decodeSchedule(d *draft, n node) {
	if n.Kind != yaml.MappingNode {
		d.dag.Schedules = nil
		d.decodeEntries(n, ScheduleStart)
		return
	}
	if kind := n.entries().get("kind"); kind != nil {
		kind.keyNode.failHere("a single schedule with a kind must stand in a list, or below start")
		return
	}
	scheduleTable.decode(d, n)
}

// decodeEntries decodes the schedules of one kind: a text, an object, or a list of
// them; "" is none.
func (d *draft) decodeEntries(n node, kind ScheduleKind) {
	d.dag.Schedules = slices.DeleteFunc(slices.Clone(d.dag.Schedules), func(s Schedule) bool { return s.Kind == kind })
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.items() {
			d.decodeEntry(item, kind)
		}
		return
	}
	if n.Kind == yaml.MappingNode || strings.TrimSpace(n.Value) != "" {
		d.decodeEntry(n, kind)
	}
}

func (d *draft) decodeEntry(n node, kind ScheduleKind) {
	switch {
	case n.Kind == yaml.MappingNode:
		d.decodeObject(n, kind)
	case !n.null():
		if spec := d.cron(n); spec != nil {
			d.addSchedule(n, Schedule{Kind: kind, Spec: spec})
		}
	}
}

// scheduleObject is a schedule that is written as a map.
type scheduleObject struct {
	kind, profile string
}

// The kinds of schedules that are written as a map.
const (
	objectCron = "cron"
	objectAt   = "at"
)

// profileText is what the name of a profile must match.
const profileText = `[a-z0-9][a-z0-9._-]*`

//nolint:gochecknoglobals // constants in all but name
var (
	profileName = regexp.MustCompile(`^` + profileText + `$`)

	// objectTable is what such a map may hold.
	objectTable = newTable(nil,
		row[scheduleObject]{"kind", func(o *scheduleObject, n node) { o.kind, _ = n.oneOf(objectCron, objectAt) }},
		row[scheduleObject]{"expression", func(*scheduleObject, node) {}}, // see decodeObject
		row[scheduleObject]{"at", func(*scheduleObject, node) {}},
		row[scheduleObject]{"profile", decodeProfile},
	)
)

func decodeProfile(o *scheduleObject, n node) {
	text, ok := n.text()
	if !ok {
		return
	}
	if !profileName.MatchString(text) {
		n.fail("profile must match %s", profileText)
		return
	}
	n.warn("profile %q is not defined: there are no profiles, and the runs of this schedule start without one", text)
	o.profile = text
}

// decodeObject decodes a schedule with a kind, which the other keys tell where it is left out.
func (d *draft) decodeObject(n node, kind ScheduleKind) {
	var o scheduleObject
	before := len(n.report.errors)
	fields := objectTable.decode(&o, n)
	expression, at := fields.given("expression"), fields.given("at")
	switch {
	case len(n.report.errors) > before:
		return
	case expression != nil && at != nil:
		at.keyNode.failHere("a schedule has an expression or is at an instant, not both")
		return
	case at == nil && o.kind == objectAt:
		n.failHere("a schedule of kind at must have its instant in at")
		return
	case expression == nil && o.kind == objectCron:
		n.failHere("a schedule of kind cron must have an expression")
		return
	case at == nil && expression == nil:
		n.failHere("a schedule must have an expression, or an instant in at")
		return
	case at != nil && kind != ScheduleStart:
		at.keyNode.failHere("only a start can be at one instant, not a %s", kind)
		return
	}
	s := Schedule{Kind: kind, Profile: o.profile}
	value := at
	if at != nil {
		s.Spec = instantOf(at.value)
	} else {
		value = expression
		s.Spec = d.cron(expression.value)
	}
	if s.Spec != nil {
		d.addSchedule(value.value, s)
	}
}

// instantOf parses an instant; nil after a failure.
func instantOf(n node) *schedule.Schedule {
	text, ok := n.text()
	if !ok {
		return nil
	}
	spec, err := schedule.Once(text)
	if err != nil {
		n.fail("schedule: at: %s", err)
	}
	return spec
}

// cron parses an expression; nil after a failure.
func (d *draft) cron(n node) *schedule.Schedule {
	text, ok := n.text()
	if !ok {
		return nil
	}
	spec, err := schedule.Parse(text, d.location)
	if err != nil {
		n.failSchedule(err)
		return nil
	}
	for _, warning := range spec.Warnings() {
		n.warn("schedule %q: %s", spec, warning)
	}
	return spec
}

// addSchedule adds a schedule. The same text twice is one schedule, unless its two
// places say different things.
func (d *draft) addSchedule(n node, s Schedule) {
	s.Text = s.Spec.String()
	for _, other := range d.dag.Schedules {
		if other.Kind == s.Kind && other.Text == s.Text && other.Spec.Zone() == s.Spec.Zone() && other.Profile != s.Profile {
			n.fail("schedule %q stands twice, with different profiles", s.Text)
			return
		}
	}
	d.dag.Schedules = append(d.dag.Schedules, s)
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
