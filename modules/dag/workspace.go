package dag

import (
	"bytes"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// workspaceLabel is the key of the label that names a DAG's workspace.
const workspaceLabel = "workspace"

// WorkspaceOf returns the workspace that the DAG in a text belongs to: the value of the
// last label "workspace" of its first document, else of the base file. It is "" where
// there is no such label, or one that cannot be the name of a directory.
func WorkspaceOf(text []byte, base *Base) string {
	var d draft
	if base != nil {
		d.dag.Labels = base.draft.dag.Labels
	}
	// Most files need not be parsed to know that they have none.
	if bytes.Contains(bytes.ToLower(text), []byte(workspaceLabel)) {
		d.decodeLabelsOf(text)
	}
	name := ""
	for _, label := range d.dag.Labels {
		if value, ok := strings.CutPrefix(label, workspaceLabel+"="); ok {
			name = value
		}
	}
	if CheckName(name) != nil {
		return ""
	}
	return name
}

// decodeLabelsOf decodes nothing but the labels of the first document. What is wrong
// with them is an error when all is loaded.
func (d *draft) decodeLabelsOf(text []byte) {
	var r report
	for _, document := range r.parse(text) {
		if document.empty() {
			continue
		}
		root := (&node{report: &r}).at(document.root, "", 0)
		if root.Kind != yaml.MappingNode {
			return
		}
		for _, e := range root.entries() {
			if (e.key == "labels" || e.key == "tags") && !e.value.null() {
				decodeLabels(d, e.value)
			}
		}
		return
	}
}
