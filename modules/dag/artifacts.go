package dag

import (
	"bytes"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"dagu/modules/dag/value"
)

// artifactsDraft is what a document and its base file say about artifacts.
type artifactsDraft struct {
	// enabled is nil where nothing says whether they are on.
	enabled *bool
	dir     string
	// use is the first text that needs them.
	use artifactUse
}

// artifactUse is a place that needs artifacts; the zero value is none.
type artifactUse struct {
	file         string
	line, column int
	what         string
}

// artifactsTable is what artifacts may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var artifactsTable = newTable(nil,
	row[artifactsDraft]{"enabled", (*artifactsDraft).enable},
	row[artifactsDraft]{"dir", func(a *artifactsDraft, n node) { setReference(&a.dir, n) }},
)

// artifactRows are the field with its older spellings.
//
//nolint:gochecknoglobals // a constant in all but name
var artifactRows = []row[draft]{
	{"artifacts", func(d *draft, n node) { artifactsTable.decode(&d.artifacts, n) }},
	{"artifactDir", func(d *draft, n node) {
		n.deprecated("use artifacts.dir")
		setReference(&d.artifacts.dir, n)
	}},
	{"enableArtifact", func(d *draft, n node) {
		n.deprecated("use artifacts.enabled")
		d.artifacts.enable(n)
	}},
}

func (a *artifactsDraft) enable(n node) {
	if b, ok := n.boolean(); ok {
		a.enabled = &b
	}
}

// checkSpellings records both spellings of a field of artifacts.
func (d *draft) checkSpellings() {
	artifacts := d.fields.given("artifacts")
	if artifacts == nil || artifacts.value.Kind != yaml.MappingNode {
		return
	}
	for _, older := range [...]struct{ key, present string }{{"artifactDir", "dir"}, {"enableArtifact", "enabled"}} {
		e := d.fields.get(older.key)
		for i := 0; e != nil && i+1 < len(artifacts.value.Content); i += 2 {
			if artifacts.value.Content[i].Value == older.present {
				e.keyNode.failHere("artifacts.%s and %s are two spellings of one field; use artifacts.%[1]s", older.present, older.key)
			}
		}
	}
}

// mentionsArtifacts tells whether a file can need artifacts at all.
func mentionsArtifacts(text []byte) bool {
	return bytes.Contains(bytes.ToLower(text), []byte("artifact"))
}

// findArtifacts looks for the first text of a document that needs artifacts.
func (d *draft) findArtifacts(r *report) {
	if d.artifacts.use.what != "" {
		return
	}
	if n, what := needsArtifacts(d.root.Node); n != nil {
		d.artifacts.use = artifactUse{r.file, max(n.Line, 1), max(n.Column, 1), what}
	}
}

// needsArtifacts returns the first node that needs artifacts, and what it is. Aliases
// are not followed: what they stand for is in the document too.
func needsArtifacts(n *yaml.Node) (*yaml.Node, string) {
	switch n.Kind {
	case yaml.ScalarNode:
		return n, artifactIn(n.Value)
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key, child := n.Content[i], n.Content[i+1]
			if slices.Contains([]string{"name", "description", "group", "labels", "tags"}, key.Value) {
				continue
			}
			if (key.Value == "stdout" || key.Value == "stderr") && child.Kind == yaml.MappingNode {
				for j := 0; j+1 < len(child.Content); j += 2 {
					if child.Content[j].Value == "artifact" {
						return child.Content[j], key.Value + ".artifact"
					}
				}
			}
			if found, what := needsArtifacts(child); what != "" {
				return found, what
			}
		}
	case yaml.SequenceNode:
		for _, child := range n.Content {
			if found, what := needsArtifacts(child); what != "" {
				return found, what
			}
		}
	default:
	}
	return nil, ""
}

// artifactIn returns how a text names the directory of the artifacts; "" when it does not.
func artifactIn(text string) string {
	const variable, name = "DAG_RUN_ARTIFACTS_DIR", "paths.artifacts_dir"
	if strings.Contains(text, "$"+variable) || strings.Contains(text, "${"+variable) || strings.Contains(text, "env."+variable) {
		return variable
	}
	if !strings.Contains(text, name) {
		return ""
	}
	for _, ref := range value.References(text) {
		if ref.Namespace == value.NamespaceContext && ref.Name == name {
			return ref.Text
		}
	}
	return ""
}

// settleArtifacts returns what the run needs to know: nil where artifacts are off.
func (d *draft) settleArtifacts(r *report) *Artifacts {
	a := d.artifacts
	used := a.use.what != ""
	if used && a.enabled != nil && !*a.enabled {
		r.add(&Error{
			File: a.use.file, Line: a.use.line, Column: a.use.column, Field: "artifacts.enabled",
			Message: a.use.what + " needs artifacts, and artifacts.enabled is false",
		})
	}
	if used || a.enabled != nil && *a.enabled {
		return &Artifacts{Dir: a.dir}
	}
	return nil
}
