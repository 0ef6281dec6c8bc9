package dag

import (
	"path/filepath"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// streamTable is what stdout or stderr may hold as a map.
//
//nolint:gochecknoglobals // a constant in all but name
var streamTable = newTable(nil,
	row[Stream]{"artifact", func(s *Stream, n node) {
		setReference(&s.Artifact, n)
		if !strings.Contains(s.Artifact, "$") {
			if why := BadArtifact(s.Artifact); why != "" {
				n.fail("artifact %s", why)
			}
		}
	}},
	row[Stream]{"outputs", func(s *Stream, n node) {
		if n.parent.key == "stderr" {
			n.failHere("invalid keys: outputs are published from stdout only")
			return
		}
		decodeStdoutOutputs(s, n)
	}},
)

// decodeStream decodes a path, or a map.
func decodeStream(to *Stream, n node) {
	if n.Kind != yaml.MappingNode {
		setReference(&to.Path, n)
		return
	}
	fields := streamTable.decode(to, n)
	if !slices.ContainsFunc(fields, func(e entry) bool { return !e.value.null() }) {
		n.failHere("%s must be a path, or a map with artifact or outputs", n.key)
	}
}

// checkStreams records two streams that go to one file.
func (s *stepDraft) checkStreams() {
	same := s.Stdout.Path != "" && s.Stdout.Path == s.Stderr.Path ||
		s.Stdout.Artifact != "" && s.Stdout.Artifact == s.Stderr.Artifact
	if same {
		s.fields.get("stderr").value.fail("stdout and stderr must not be the same file")
	}
}

// BadArtifact tells what is wrong with the path of an artifact; "" when nothing is.
// It must be a relative one that stays below the directory of the artifacts.
func BadArtifact(path string) string {
	switch {
	case strings.TrimSpace(path) == "":
		return "must be a path below the artifacts of the run, not blank"
	case filepath.IsAbs(path):
		return "must be a path below the artifacts of the run, not an absolute one"
	case path == "~" || strings.HasPrefix(path, "~/"):
		return "must be a path below the artifacts of the run, not one of the home directory"
	case slices.Contains(strings.Split(path, "/"), ".."):
		return "must be a path below the artifacts of the run, without .."
	case filepath.Clean(path) == "." || strings.HasSuffix(path, "/"):
		return "must name a file"
	}
	return ""
}
