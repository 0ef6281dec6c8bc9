package dag

import (
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// outputRows are the fields of a step that say what becomes of its streams and
// what it publishes.
//
//nolint:gochecknoglobals // a constant in all but name
var outputRows = append([]row[stepDraft]{
	{"stdout", func(s *stepDraft, n node) { decodeStream(&s.Stdout, n) }},
	{"stderr", func(s *stepDraft, n node) { decodeStream(&s.Stderr, n) }},
	{"output", decodeOutput},
}, unsupported[stepDraft]("log_output", "output_schema", "outputs")...)

func decodeStream(to *Stream, n node) {
	if n.Kind == yaml.MappingNode {
		n.unsupported(n.key + " as a map")
		return
	}
	setReference(&to.Path, n)
}

// checkStreams records two streams that go to one file.
func (s *stepDraft) checkStreams() {
	if s.Stdout.Path != "" && s.Stdout.Path == s.Stderr.Path {
		s.fields.get("stderr").value.fail("stdout and stderr must not be the same file")
	}
}

func decodeOutput(s *stepDraft, n node) {
	if n.Kind == yaml.MappingNode {
		n.unsupported("output as a map")
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
