// Package app is the composition root: graphs.go says which modules make up each
// command, run.go how a process that serves lives and ends. Why things are as
// they are stands in decisions/.
package app
