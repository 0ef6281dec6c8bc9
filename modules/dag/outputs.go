package dag

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// outputRows are the fields of a step that say what becomes of its streams and
// what it publishes.
//
//nolint:gochecknoglobals // a constant in all but name
var outputRows = []row[stepDraft]{
	{"stdout", func(s *stepDraft, n node) { decodeStream(&s.Stdout, n) }},
	{"stderr", func(s *stepDraft, n node) { decodeStream(&s.Stderr, n) }},
	{"output", decodeOutput},
	{"outputs", decodeDeclared},
	{"output_schema", decodeOutputSchema},
}

// decodeOutput decodes the name of a variable, or the entries of an object.
func decodeOutput(s *stepDraft, n node) {
	if n.Kind == yaml.MappingNode {
		s.Publish = decodeEntries(n, false)
		if len(n.Content) == 0 {
			n.failHere("output must be a name, or a map with an entry")
		}
		return
	}
	text, ok := n.text()
	if !ok {
		return
	}
	name := strings.TrimPrefix(strings.TrimSpace(text), "$")
	if !validEnvName(name) {
		n.fail("output must be a name that matches %s", envNamePattern)
		return
	}
	s.Output = name
}

// publishesOnly tells whether the step has nothing to execute and an object to publish.
func (s *stepDraft) publishesOnly() bool {
	e := s.fields.given("output")
	return e != nil && e.value.Kind == yaml.MappingNode
}

// decodeDeclared decodes the outputs that a step writes to DAGU_OUTPUT_FILE.
func decodeDeclared(s *stepDraft, n node) {
	if n.Kind != yaml.SequenceNode || len(n.Content) == 0 {
		n.fail("outputs must be a non-empty sequence of maps with name and type")
		return
	}
	for _, item := range n.items() {
		if item.Kind != yaml.MappingNode {
			item.fail("an entry of outputs must be a map with name and type, not %s", item.kind())
			continue
		}
		s.declare(item)
	}
}

// declare adds one declared output.
func (s *stepDraft) declare(n node) {
	var d Declared
	fields := n.entries()
	for i := range fields {
		switch e := &fields[i]; e.key {
		case "name":
		case "type":
			if e.value.null() {
				continue
			}
			if e.value.Value != "string" && e.value.Value != "json" {
				e.value.fail("type must be string or json%s", e.value.didYouMean(e.value.Value, []string{"string", "json"}))
			}
			d.JSON = e.value.Value == "json"
		default:
			e.keyNode.failHere("invalid keys: %s is an unknown field of an output%s", e.key, n.didYouMean(e.key, []string{"name", "type"}))
		}
	}
	name := fields.given("name")
	switch {
	case name == nil || name.value.scalar() && strings.TrimSpace(name.value.Value) == "":
		n.failHere("name is required")
		return
	case !name.value.scalar() || !validName(strings.TrimSpace(name.value.Value)):
		name.value.fail("name must match %s", namePattern)
		return
	}
	d.Name = strings.TrimSpace(name.value.Value)
	if slices.ContainsFunc(s.Outputs, func(other Declared) bool { return other.Name == d.Name }) {
		name.value.fail("duplicate output name %s", d.Name)
		return
	}
	s.Outputs = append(s.Outputs, d)
}

// checkOutputs records what the fields about outputs lack, now that all are decoded.
func (s *stepDraft) checkOutputs() {
	e := s.fields.get("outputs")
	switch {
	case e == nil:
	case e.value.null(): // elsewhere a null is as good as absent
		e.keyNode.failHere("outputs must be a non-empty sequence of maps with name and type")
	case s.fields.given("id") == nil:
		e.keyNode.failHere("a step with outputs must define id: the values are read by it")
	}
	s.checkStreams()
}
