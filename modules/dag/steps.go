package dag

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// decodeSteps decodes the steps: a list of steps, in which a list is a group
// that runs in parallel in a chain, or a map of steps by name.
func decodeSteps(d *draft, n node) {
	d.steps = nil
	switch n.Kind {
	case yaml.SequenceNode:
		for i, item := range n.items() {
			if item.Kind != yaml.SequenceNode {
				d.addStep(i, decodeStep(item))
				continue
			}
			for _, member := range item.items() {
				if member.Kind == yaml.SequenceNode {
					member.fail("a group must hold steps, not groups")
					continue
				}
				d.addStep(i, decodeStep(member))
			}
		}
	case yaml.MappingNode:
		all := n.entries()
		slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.key, b.key) })
		for i := range all {
			d.addNamedStep(i, &all[i])
		}
	default:
		n.fail("steps must be a non-empty sequence, not %s", n.kind())
	}
}

func (d *draft) addStep(entry int, s *stepDraft) {
	if s != nil {
		s.entry = entry
		d.steps = append(d.steps, s)
	}
}

// addNamedStep adds a step of a map, whose key is its name.
func (d *draft) addNamedStep(i int, e *entry) {
	s := decodeStep(e.value)
	if s == nil {
		return
	}
	name := strings.TrimSpace(e.key)
	switch {
	case name == "":
		e.keyNode.failHere("step name must not be blank")
	case len(name) > maxStepName:
		e.keyNode.failHere("step name must be at most %d bytes long", maxStepName)
	case s.Name != "" && s.Name != name:
		s.fields.get("name").value.fail("step name conflicts with the key %s", name)
	}
	s.Name = name
	d.addStep(i, s)
}

// event is a point of a run with the handler that is called at it.
type event struct {
	key, name string
	handler   func(*Handlers) **Step
}

const handlerCount = 6

// events are the points of a run that have handlers.
//
//nolint:gochecknoglobals // a constant in all but name
var events = [handlerCount]event{
	{"init", "onInit", func(h *Handlers) **Step { return &h.Init }},
	{"success", "onSuccess", func(h *Handlers) **Step { return &h.Success }},
	{"failure", "onFailure", func(h *Handlers) **Step { return &h.Failure }},
	{"abort", "onAbort", func(h *Handlers) **Step { return &h.Abort }},
	{"exit", "onExit", func(h *Handlers) **Step { return &h.Exit }},
	{"wait", "onWait", func(h *Handlers) **Step { return &h.Wait }},
}

// isHandler tells whether a handler has the name: its logs and its state are
// found by it.
func isHandler(name string) bool {
	for _, e := range events {
		if e.name == name {
			return true
		}
	}
	return false
}

// handlerTable is what handler_on may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var handlerTable = func() *table[draft] {
	rows := make([]row[draft], len(events))
	for i, e := range events {
		rows[i] = row[draft]{e.key, func(d *draft, n node) { d.setHandler(i, n) }}
	}
	return newTable(nil, rows...)
}()

// decodeHandlers decodes the handlers; one of the base file stays unless the
// DAG has its own for the same event.
func decodeHandlers(d *draft, n node) {
	handlerTable.decode(d, n)
}

func (d *draft) setHandler(i int, n node) {
	s := decodeStep(n)
	if s == nil {
		return
	}
	for _, key := range [...]string{"depends", "retry_policy", "repeat_policy"} {
		if e := s.fields.given(key); e != nil {
			e.keyNode.failHere("a handler must not have %s", key)
		}
	}
	s.Name = events[i].name
	d.handlers[i] = s
}
