package runner

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"dagu/modules/runner/environ"
	"dagu/modules/runner/process"
)

// maxString is the most bytes that Linux gives to a process in one argument, or in one
// variable with its name: MAX_ARG_STRLEN of execve(2) without the NUL at its end.
func maxString() int { return 32*os.Getpagesize() - 1 }

// tooBig tells why execve(2) refused to start a process with E2BIG, and what to do.
func tooBig(err error, spec *process.Spec) error {
	var big []string
	sum := 0
	for i, arg := range spec.Args {
		sum += len(arg) + 1
		if len(arg) > maxString() {
			big = append(big, fmt.Sprintf("argument %d has %d bytes", i, len(arg)))
		}
	}
	for _, variable := range spec.Env {
		sum += len(variable) + 1
		if len(variable) > maxString() {
			name, value, _ := strings.Cut(variable, "=")
			big = append(big, fmt.Sprintf("variable %s has %d bytes", name, len(value)))
		}
	}
	if len(big) == 0 {
		return fmt.Errorf("%w: arguments and variables have %d bytes together, more than the system gives to a process: "+
			"make it smaller, or pass it in a file", err, sum)
	}
	return fmt.Errorf("%w: %s; a process can be given %d, with the name of a variable and \"=\": make it smaller, or pass it in a file",
		err, listed(big), maxString())
}

// listed joins what has no order, as variables, for a line.
func listed(words []string) string {
	const most = 10
	slices.Sort(words)
	if more := len(words) - most; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(words[:most], ", "), more)
	}
	return strings.Join(words, ", ")
}

// fitting lets a handler run in spite of what steps have published, which it may never
// name: when spec is too big to be spawned, less of that is given to the process.
func (x *run) fitting(t task, spec *process.Spec, spawn func() result) result {
	r := spawn()
	for t.handler && errors.Is(r.err, syscall.E2BIG) && x.leaveOut(t, spec) {
		r = spawn()
	}
	return r
}

// leaveOut takes variables of outputs away: those that are too big, or else all. It
// tells whether there were any.
func (x *run) leaveOut(t task, spec *process.Spec) bool {
	outputs := environ.Env{}
	t.body.publishedByAll(outputs)
	isOutput := func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		_, ok := outputs[name]
		return ok
	}
	leave := func(variable string) bool { return len(variable) > maxString() && isOutput(variable) }
	if !slices.ContainsFunc(spec.Env, leave) {
		leave = isOutput // together they may be too big
	}
	var left []string
	spec.Env = slices.DeleteFunc(slices.Clone(spec.Env), func(variable string) bool {
		if !leave(variable) {
			return false
		}
		name, value, _ := strings.Cut(variable, "=")
		left = append(left, fmt.Sprintf("%s has %d bytes", name, len(value)))
		return true
	})
	if len(left) == 0 {
		return false
	}
	x.warn("outputs that are too big for variables are not given to handler "+t.title(), errors.New(listed(left)))
	return true
}
