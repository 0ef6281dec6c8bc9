package dag

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"dagu/modules/action"
)

// olderField is an older field that says what a step executes.
type olderField struct {
	key string
	// beside are the fields that may stand beside it.
	beside []string
	settle func(*stepDraft, *entry)
}

// olderFields returns those that there are. The first one that a step has is what the
// step is read by.
func olderFields() []olderField {
	run := []string{"command", "script", "shell", "shell_args", "shell_packages", "with"}
	return []olderField{
		{"exec", nil, func(s *stepDraft, e *entry) { s.Action = decodeExec(e) }},
		{"call", []string{"params"}, func(s *stepDraft, e *entry) { s.Action = s.decodeCall(e) }},
		{"executor", []string{"command", "script"}, (*stepDraft).decodeExecutor},
		{"type", []string{"command", "script", "config", "with"}, (*stepDraft).decodeOlderType},
		{"command", run, func(s *stepDraft, _ *entry) { s.legacyRun(s.fields.given("with")) }},
		{"script", run, func(s *stepDraft, _ *entry) { s.legacyRun(s.fields.given("with")) }},
	}
}

// older settles what the step executes from the fields of older releases; false when it
// has none of them.
func (s *stepDraft) older() bool {
	for _, f := range olderFields() {
		e := s.fields.given(f.key)
		if e == nil {
			continue
		}
		s.exclude(f.key, slices.DeleteFunc(append(slices.Clone(legacy), "with"), func(key string) bool {
			return key == f.key || slices.Contains(f.beside, key)
		}))
		if with := s.fields.given("with"); with != nil {
			with.keyNode.deprecated("use action")
		}
		f.settle(s, e)
		return true
	}
	for key, needed := range map[string]string{"params": "call", "config": "type"} {
		if e := s.fields.given(key); e != nil {
			e.keyNode.failHere("%s needs %s", key, needed)
			return true
		}
	}
	return false
}

// named returns a node in the place of a key that has the name of an action.
func (e *entry) named(name string) node {
	n := e.keyNode
	n.Node = &yaml.Node{Kind: yaml.ScalarNode, Tag: tagText, Value: name}
	return n
}

// as returns the entry as that of another field. Its place stays.
func (e *entry) as(key string) entry { return entry{key: key, keyNode: e.keyNode, value: e.value} }

// decodeExec decodes the older exec: a map, or a list of the program and its arguments.
func decodeExec(e *entry) *Action {
	switch {
	case e.value.Kind == yaml.MappingNode:
		return decodeAction(e.named(action.Exec), e)
	case e.value.Kind != yaml.SequenceNode:
		e.value.fail("exec must be a map with command and args, or a list, not %s", e.value.kind())
		return nil
	}
	var words []any
	for _, item := range e.value.items() {
		if !item.scalar() {
			item.fail("must be a text, number or boolean, not %s", item.kind())
			return nil
		}
		words = append(words, item.tree(true))
	}
	if len(words) == 0 {
		e.value.fail("exec must name a program")
		return nil
	}
	return &Action{Name: action.Exec, With: map[string]any{"command": words[0], "args": words[1:]}}
}

// decodeCall decodes the older call, with the params beside it.
func (s *stepDraft) decodeCall(call *entry) *Action {
	if !call.value.scalar() || strings.TrimSpace(call.value.Value) == "" {
		call.value.fail("call must be the name of a DAG")
		return nil
	}
	fields := []entry{call.as("dag")}
	if params := s.fields.given("params"); params != nil {
		fields = append(fields, params.as("params"))
	}
	return decodeAction(call.named(action.DAGRun), nil, fields...)
}

// executorTable is what the older executor may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var executorTable = newTable(nil,
	row[stepDraft]{"type", func(*stepDraft, node) {}}, // see decodeExecutor
	row[stepDraft]{"config", func(*stepDraft, node) {}},
)

// decodeExecutor decodes the older executor: a type, or a map with type and config.
func (s *stepDraft) decodeExecutor(e *entry) {
	if e.value.Kind != yaml.MappingNode {
		s.typed(e.value, nil)
		return
	}
	fields := executorTable.decode(s, e.value)
	if name := fields.given("type"); name != nil {
		s.typed(name.value, fields.given("config"))
		return
	}
	e.keyNode.failHere("executor must have type")
}

// decodeOlderType decodes the older type, with config or with beside it.
func (s *stepDraft) decodeOlderType(e *entry) {
	with, config := s.fields.given("with"), s.fields.given("config")
	if with != nil && config != nil {
		config.keyNode.failHere("config cannot stand beside with")
		return
	}
	if with == nil {
		with = config
	}
	s.typed(e.value, with)
}

// typed settles the step from an older type. Two of them stand for what run does.
func (s *stepDraft) typed(name node, with *entry) {
	text, ok := name.text()
	switch {
	case !ok:
	case text == "command" || text == "shell":
		if !s.fields.has("command") && !s.fields.has("script") {
			s.at.fail("type %s needs command or script", text)
			return
		}
		s.legacyRun(with)
	default:
		s.Action = decodeAction(name, with, s.olderWith(text)...)
	}
}

// olderWith returns the fields of an action that command and script stand for.
func (s *stepDraft) olderWith(name string) []entry {
	definition, ok := action.Lookup(name)
	if !ok {
		return nil
	}
	older := action.OlderFields(definition.Name)
	var fields []entry
	if e := s.fields.given("command"); e != nil {
		switch {
		case len(older.Command) == 0:
			e.keyNode.failHere("action %s has no use for command", definition.Name)
		case !e.value.scalar():
			e.value.fail("command beside type must be a text, not %s", e.value.kind())
		default:
			words := older.Words(e.value.plain())
			for _, key := range older.Command {
				if word, ok := words[key]; ok {
					fields = append(fields, e.worded(key, word))
				}
			}
		}
	}
	if e := s.fields.given("script"); e != nil {
		if older.Script == "" {
			e.keyNode.failHere("action %s has no use for script", definition.Name)
			return fields
		}
		fields = append(fields, e.as(older.Script))
	}
	return fields
}

// worded returns the entry as that of another field with another text.
func (e *entry) worded(key, text string) entry {
	other := e.as(key)
	other.value.Node = &yaml.Node{Kind: yaml.ScalarNode, Tag: tagText, Value: text}
	return other
}
