// Package cmd is the command line: one command per file. A command parses its
// words, picks a graph of package app, and prints; it builds nothing itself.
package cmd
