package action

import (
	"context"
	"io"
	"path/filepath"
)

// Definition is one action. It is read-only.
type Definition struct {
	// Name is what "action" says, such as "http.request".
	Name string
	// Older are the names that files of older releases use for it, in "type" too.
	Older []string
	// Summary says in one sentence what the action does, for the schema.
	Summary string
	// Fields are what with may hold; without fields, with itself is an error.
	Fields []Field
	// Open lets with hold further fields, which are not used.
	Open bool
	// Check judges fields that depend on each other, after each was good by
	// itself; nil judges nothing. Texts may hold references when a file is loaded.
	Check func(with Values) []Problem
	// Run does what the action is for. It returns soon after the end of ctx. The error
	// fails the step. Nil stands for an action that the runner does itself.
	Run func(ctx context.Context, c *Call) error
}

// Call is one execution of an action.
type Call struct {
	// With is resolved, and was checked.
	With Values
	// Dir is the directory of the step, which relative paths are meant against.
	Dir string
	// Env is the environment of the step.
	Env map[string]string
	// Stdout and Stderr are the streams of the step.
	Stdout, Stderr io.Writer
	// MaxOutput bounds, in bytes, what one step may publish.
	MaxOutput int
	// Publish adds values that later steps can read as ${id.outputs.KEY}.
	Publish func(values map[string]string)
	// Mail sends a message through the workflow's mail server.
	Mail func(ctx context.Context, m Message) error
}

// Message is a mail. Body is plain text; Attachments are paths of files.
type Message struct {
	From, Subject, Body string
	To, Attachments     []string
}

// Path returns path as an absolute one.
func (c *Call) Path(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(c.Dir, path)
}
