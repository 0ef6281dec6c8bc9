package dag

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// stepDraft is a step or handler while it is decoded. It keeps which fields
// the file has, because a default applies where the field is absent.
type stepDraft struct {
	Step
	at     node
	fields entries
	// entry is the number of the entry of steps that the step stands in: all
	// steps of a group have the same.
	entry   int
	depends []node
	// body are the steps of a foreach.
	body []*stepDraft

	shell, shellArgs, shellPackages []string
}

// maxID and maxStepName are in bytes.
const (
	maxID       = 40
	maxStepName = 255
)

// stepTable is what a step may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var stepTable = newTable(
	map[string]string{"precondition": "preconditions", "dir": "working_dir"},
	append([]row[stepDraft]{
		{"id", decodeID},
		{"name", decodeStepName},
		{"description", func(s *stepDraft, n node) { setName(&s.Description, n) }},
		{"depends", decodeDepends},
		{"run", func(*stepDraft, node) {}}, // with its neighbours, see execution
		{"with", func(*stepDraft, node) {}},
		{"command", func(_ *stepDraft, n node) { n.deprecated("use run") }},
		{"script", func(_ *stepDraft, n node) { n.deprecated("use run") }},
		{"shell", func(s *stepDraft, n node) {
			n.deprecated("use run and with.shell")
			s.shell = decodeShell(n)
		}},
		{"shell_args", func(s *stepDraft, n node) {
			n.deprecated("use run and with.shell_args")
			s.shellArgs = decodeWords(n)
		}},
		{"shell_packages", func(s *stepDraft, n node) {
			n.deprecated("use run and with.shell_packages")
			s.shellPackages = decodeWords(n)
		}},
		{"container", func(_ *stepDraft, n node) { decodeContainer(nil, n) }},
		{"worker_selector", func(_ *stepDraft, n node) { decodeWorkerSelector(n) }},
		{"log_output", func(s *stepDraft, n node) { decodeLogOutput(&s.LogOutput, n) }},
		{"env", func(s *stepDraft, n node) { s.Env = decodeEnv(n) }},
		{"working_dir", func(s *stepDraft, n node) { setReference(&s.WorkingDir, n) }},
		{"timeout_sec", func(s *stepDraft, n node) { setSeconds(&s.Timeout, n) }},
		{"continue_on", func(s *stepDraft, n node) { s.ContinueOn = decodeContinueOn(n) }},
		{"retry_policy", func(s *stepDraft, n node) { s.Retry = decodeRetry(n) }},
		{"preconditions", func(s *stepDraft, n node) { s.Preconditions = decodeConditions(n) }},
	}, slices.Concat(outputRows, actionRows, groupRows, controlRows, unsupported[stepDraft](
		"agent", "approval", "dependencies", "inputs", "llm", "messages", "routes", "value",
	))...)...,
)

// decodeStep decodes a map, or a plain text that stands for run. The result
// is nil for anything else.
func decodeStep(n node) *stepDraft {
	s := &stepDraft{at: n}
	switch {
	case n.Kind == yaml.MappingNode:
		s.fields = stepTable.decode(s, n)
		s.execution()
	case n.textual():
		n.deprecated("use run")
		run, ok := decodeRun(n)
		if !ok {
			return nil
		}
		s.Run = run
	default:
		n.fail("a step must be a map, not %s", n.kind())
		return nil
	}
	s.Shell = newShell(s.shell, s.shellArgs, s.shellPackages)
	s.checkOutputs()
	s.checkParallel()
	return s
}

// kind is what the generated name of a step begins with.
func (s *stepDraft) kind() string {
	switch {
	case s.Action != nil:
		kind, _, _ := strings.Cut(s.Action.Name, ".")
		return kind
	case s.Foreach != nil:
		return "foreach"
	case s.Run.Form == "" && len(s.Publish) > 0:
		return "output"
	case s.Run.Form == FormScript:
		return "script"
	}
	return "cmd"
}

func decodeID(s *stepDraft, n node) {
	id, ok := n.name()
	switch {
	case !ok || id == "":
	case len(id) > maxID:
		n.fail("step ID must be at most %d bytes long", maxID)
	case !validName(id):
		n.fail("invalid step ID format: it must match %s", namePattern)
	case slices.Contains([]string{"env", "params", "args", "stdout", "stderr", "output", "outputs"}, strings.ToLower(id)):
		n.fail("step ID %s is a reserved word", id)
	default:
		s.ID = id
	}
}

func decodeStepName(s *stepDraft, n node) {
	name, ok := n.name()
	if ok && len(name) > maxStepName {
		n.fail("step name must be at most %d bytes long", maxStepName)
		return
	}
	s.Name = name
}

func decodeDepends(s *stepDraft, n node) {
	if n.scalar() && !n.textual() {
		n.fail("depends must be a string or array, not %s", n.kind())
		return
	}
	n.each("a string or array", func(item node) {
		if item.scalar() {
			s.depends = append(s.depends, item)
			return
		}
		item.fail("depends must be a string or array of texts, not %s", item.kind())
	})
}
