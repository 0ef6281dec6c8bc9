// Package dag reads DAG files: the YAML texts that describe workflows.
//
// It is pure. [Load] and [Validate] turn the bytes of a file into a checked
// [DAG] or into [Errors], which name every problem at once by file, line,
// column and field; they open nothing, look at no clock and run nothing.
// [ReadFile] is the one exception: the bounded way to the bytes.
//
// The way of a text: parse.go cuts it into documents of YAML nodes; the
// tables of rows in root.go, step.go and their neighbours decode one field
// each; a base file is decoded first and the DAG's own document over it, so
// that what a row does with what is already there is the merge rule of its
// field; build.go applies defaults, names, orders and cross-checks the steps.
// A later field is one more row.
package dag
