package dag

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// decodeRun decodes what a step executes: a text, or a list of commands.
func decodeRun(n node) (Run, bool) {
	switch {
	case n.Kind == yaml.SequenceNode:
		return decodeRunList(n)
	case n.textual():
		return decodeRunText(n)
	}
	n.fail("%s must be a text or a list of texts, not %s", n.key, n.kind())
	return Run{}, false
}

// decodeRunText decodes a text: a script when it has a line break, even a
// trailing one, and a command otherwise.
func decodeRunText(n node) (Run, bool) {
	if strings.TrimSpace(n.Value) == "" {
		n.fail("%s must not be blank", n.field())
		return Run{}, false
	}
	n.check(n.Value)
	if strings.Contains(n.Value, "\n") {
		return Run{Form: FormScript, Text: n.Value}, true
	}
	return Run{Form: FormCommand, Text: strings.TrimSpace(n.Value)}, true
}

// decodeRunList decodes commands that run one after the other.
func decodeRunList(n node) (Run, bool) {
	run := Run{Form: FormList}
	good := true
	for _, item := range n.items() {
		text, ok := runEntry(item)
		good = good && ok
		if ok && strings.TrimSpace(text) != "" {
			item.check(text)
			run.List = append(run.List, strings.TrimSpace(text))
		}
	}
	if good && len(run.List) == 0 {
		n.fail("%s must have an entry that is not blank", n.field())
		return Run{}, false
	}
	return run, good
}

// runEntry returns one command of a list. "echo: hi" is YAML for a map, and is
// taken for the command that its author meant.
func runEntry(n node) (string, bool) {
	var text string
	switch {
	case n.null():
		return "", true
	case n.scalar():
		text = n.plain()
	case n.Kind == yaml.MappingNode:
		all := n.entries()
		if len(all) != 1 || !all[0].value.scalar() {
			n.fail("an entry of run must be a text, or a map with one key and a plain value")
			return "", false
		}
		text = all[0].key + ": " + all[0].value.plain()
	default:
		n.fail("an entry of run must be a text, not %s", n.kind())
		return "", false
	}
	if strings.Contains(text, "\n") {
		n.fail("an entry of run must not have a line break")
		return "", false
	}
	return text, true
}

// field is the name of the nearest field of the path.
func (n *node) field() string {
	for ; n != nil; n = n.parent {
		if n.key != "" {
			return n.key
		}
	}
	return ""
}

// withTable is what "with" beside run may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var withTable = newTable(nil,
	row[stepDraft]{"shell", func(s *stepDraft, n node) { s.shell = decodeShell(n) }},
	row[stepDraft]{"shell_args", func(s *stepDraft, n node) { s.shellArgs = decodeWords(n) }},
	row[stepDraft]{"shell_packages", func(s *stepDraft, n node) { s.shellPackages = decodeWords(n) }},
)

// executes are the fields that say what a step executes.
//
//nolint:gochecknoglobals // a constant in all but name
var executes = []string{
	"run", "action", "command", "script", "exec", "call", "type", "config", "executor", "llm", "messages",
	"routes", "value", "agent",
}

// legacy are the older fields that run and action exclude.
//
//nolint:gochecknoglobals // a constant in all but name
var legacy = append([]string{"shell", "shell_args", "shell_packages", "params"}, executes[2:]...)

// exclude records the fields that cannot stand beside one.
func (s *stepDraft) exclude(beside string, keys []string) {
	for _, key := range keys {
		if other := s.fields.given(key); other != nil {
			other.keyNode.failHere("%s cannot stand beside %s", key, beside)
		}
	}
}

// execution settles what the step executes, from all fields that say so.
func (s *stepDraft) execution() {
	if e := s.fields.given("foreach"); e != nil {
		s.exclude("foreach", slices.Concat(legacy, []string{"run", "action", "with", "parallel"}))
		s.decodeForeach(e.value)
		return
	}
	if e := s.fields.get("run"); e != nil && !e.value.null() {
		s.exclude("run", append(slices.Clone(legacy), "action"))
		s.Run, _ = decodeRun(e.value)
		s.suspectCall(e.value)
		if with := s.fields.get("with"); with != nil && !with.value.null() {
			withTable.decode(s, with.value)
		}
		return
	}
	if e := s.fields.given("action"); e != nil {
		s.exclude("action", legacy)
		s.Action = decodeAction(e.value, s.fields.get("with"))
		return
	}
	if s.older() {
		return
	}
	for _, key := range executes {
		if s.fields.has(key) {
			return // it is an unsupported one, and an error already
		}
	}
	if s.publishesOnly() && !s.fields.has("with") {
		return
	}
	s.at.fail("a step must have run, action, foreach or output as a map")
}

// suspectCall warns of a command that is the name of a DAG: older releases called it.
func (s *stepDraft) suspectCall(n node) {
	if s.Run.Form == FormCommand && n.report.isDAG != nil && n.report.isDAG(s.Run.Text) {
		n.warn("%s is the name of a DAG, which older releases called; it is a command of the shell: to call the DAG, use action: dag.run and with.dag", n.path())
	}
}

// legacyRun settles command and script: each stands for run, and together the
// script runs through the command. With, which may be nil, is as beside run.
func (s *stepDraft) legacyRun(with *entry) {
	if with != nil {
		for _, e := range withTable.decode(s, with.value) {
			if other := s.fields.given(e.key); other != nil {
				other.keyNode.failHere("%s cannot stand beside %s.%s", e.key, with.key, e.key)
			}
		}
	}
	command, script := s.fields.get("command"), s.fields.get("script")
	if script == nil || script.value.null() {
		s.Run, _ = decodeRun(command.value)
		return
	}
	if _, ok := script.value.text(); !ok {
		return
	}
	run, ok := decodeRunText(script.value)
	if !ok {
		return
	}
	run.Form, run.Text = FormScript, script.value.Value
	if command != nil && !command.value.null() {
		program, ok := decodeRun(command.value)
		if !ok {
			return
		}
		if program.Form != FormCommand {
			command.value.fail("command beside script must be one line that names a program")
			return
		}
		run.Program = program.Text
	}
	s.Run = run
}
