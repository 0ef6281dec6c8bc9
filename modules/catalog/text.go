package catalog

import (
	"dagu/modules/dag"
	"dagu/modules/store"
)

// TextOf is what the store keeps of a source, whose DAG has this name and hash.
func TextOf(s dag.Source, name, hash string) store.Text {
	return store.Text{
		Hash: hash, DAG: name, File: s.File, Body: s.Text, BaseFile: s.BaseFile, Base: s.Base,
		WorkspaceFile: s.WorkspaceFile, Workspace: s.Workspace, Document: s.Document,
	}
}

// SourceOf is the source of a text. Its DAG is loaded by its file's name, unless the
// caller overrides it.
func SourceOf(t store.Text) dag.Source {
	return dag.Source{
		File: t.File, Text: t.Body, BaseFile: t.BaseFile, Base: t.Base,
		WorkspaceFile: t.WorkspaceFile, Workspace: t.Workspace, Document: t.Document,
	}
}
