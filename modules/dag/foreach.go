package dag

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// foreachDraft is a foreach while it is decoded.
type foreachDraft struct {
	Foreach
	// body are the steps, which belong to draft of the step.
	body []*stepDraft
}

// foreachTable is what foreach may hold. It is a function, since a body has steps and
// these may have a foreach.
func foreachTable() *table[foreachDraft] {
	return newTable(nil,
		row[foreachDraft]{"items", decodeForeachItems},
		row[foreachDraft]{"as", decodeAs},
		row[foreachDraft]{"key", decodeForeachKey},
		row[foreachDraft]{"max_concurrent", func(f *foreachDraft, n node) { setConcurrent(&f.MaxConcurrent, n) }},
		row[foreachDraft]{"steps", decodeForeachSteps},
		row[foreachDraft]{"collect", func(f *foreachDraft, n node) { f.Collect = decodeCollect(n) }},
	)
}

// decodeForeach decodes the body that a step runs for each of its items.
func (s *stepDraft) decodeForeach(n node) {
	f := foreachDraft{Foreach: Foreach{As: "item", MaxConcurrent: defaultConcurrent}}
	fields := foreachTable().decode(&f, n)
	if fields == nil {
		return
	}
	for _, key := range [...]string{"items", "steps"} {
		if !fields.has(key) {
			n.failHere("foreach: %s is required", key)
		}
	}
	identify(f.body)
	link(f.body)
	for _, member := range f.body {
		f.Steps = append(f.Steps, member.Step)
	}
	s.Foreach, s.body = &f.Foreach, f.body
}

func decodeForeachItems(f *foreachDraft, n node) {
	switch {
	case n.Kind == yaml.SequenceNode:
		if len(n.Content) > MaxItems {
			n.failHere("foreach.items must have at most %d entries, not %d", MaxItems, len(n.Content))
			return
		}
		f.Items, _ = n.tree(true).([]any)
	case n.textual():
		setReference(&f.Text, n)
		if f.Text == "" {
			n.fail("foreach.items must not be empty")
		}
	default:
		n.fail("foreach.items must be a list, or a text that becomes a JSON array, not %s", n.kind())
	}
}

func decodeAs(f *foreachDraft, n node) {
	name, ok := n.text()
	switch {
	case !ok:
	case !validName(name):
		n.fail("foreach.as must match %s", namePattern)
	case name == "index" || name == "key":
		n.fail("foreach.as must not be %s, which is a name of every item", name)
	default:
		f.As = name
	}
}

// decodeForeachKey refuses a blank key, which would be the key of no item.
func decodeForeachKey(f *foreachDraft, n node) {
	setReference(&f.Key, n)
	if n.textual() && strings.TrimSpace(f.Key) == "" {
		n.fail("foreach.key must not be empty")
	}
}

func decodeForeachSteps(f *foreachDraft, n node) {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		n.fail("foreach.steps must be a non-empty list of maps")
		return
	}
	for _, item := range n.items() {
		if item.Kind != yaml.MappingNode {
			item.fail("foreach.steps must be a list of maps, not %s", item.kind())
			continue
		}
		if s := decodeStep(item); s != nil {
			f.body = append(f.body, s)
		}
	}
}

func decodeCollect(n node) []Var {
	if n.Kind != yaml.MappingNode {
		n.fail("foreach.collect must be a map, not %s", n.kind())
		return nil
	}
	var all []Var
	for _, e := range n.entries() {
		if !validName(e.key) {
			e.keyNode.failHere("foreach.collect: the name %q must match %s", e.key, namePattern)
			continue
		}
		if text, ok := e.value.reference(); ok {
			all = append(all, Var{Name: e.key, Value: text})
		}
	}
	return all
}

// checkBodies records the steps of bodies that have the id or the name of a step outside.
func (d *draft) checkBodies(outside stepNames) {
	for _, s := range slices.Concat(d.steps, d.handlers[:]) {
		if s != nil {
			outside.checkBody(s)
		}
	}
}

func (n *stepNames) checkBody(owner *stepDraft) {
	for _, s := range owner.body {
		for _, key := range [...]string{"id", "name"} {
			e := s.fields.given(key)
			if e == nil {
				continue
			}
			text, _ := e.value.name()
			other := n.ids[text]
			if other == nil {
				other = n.names[text]
			}
			if other != nil && text != "" {
				e.value.fail("foreach: step %s %s conflicts with the step at line %d", key, text, other.at.line)
			}
		}
		n.checkBody(s)
	}
}
