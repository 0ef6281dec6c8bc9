package dag

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// decodeEnv decodes variables: a map, a list of maps and of NAME=value texts,
// or a mix. Later entries may use earlier ones, so the order is kept, and so
// is a name that is set twice.
func decodeEnv(n node) []Var {
	e := envDraft{names: &envList{first: make(map[string]int)}}
	switch n.Kind {
	case yaml.MappingNode:
		e.addMap(n)
	case yaml.SequenceNode:
		for _, item := range n.items() {
			if item.Kind == yaml.MappingNode {
				e.addMap(item)
			} else {
				e.addText(item)
			}
		}
	default:
		n.fail("env must be a map or array, not %s", n.kind())
	}
	return e.vars
}

// envDraft is an env while it is decoded.
type envDraft struct {
	vars  []Var
	names *envList
}

// add adds a variable; n is where its value stands.
func (e *envDraft) add(n node, name, value string) {
	n.checkEnv(value, e.names, len(e.vars))
	if _, again := e.names.first[name]; !again {
		e.names.first[name] = len(e.vars)
	}
	e.vars = append(e.vars, Var{Name: name, Value: value})
}

func (e *envDraft) addMap(n node) {
	for _, entry := range n.entries() {
		if !validEnvName(entry.key) {
			entry.keyNode.failHere("env name %q must match %s", entry.key, envNamePattern)
			continue
		}
		if entry.value.null() {
			continue
		}
		if text, ok := entry.value.anyText(); ok {
			e.add(entry.value, entry.key, text)
		}
	}
}

func (e *envDraft) addText(n node) {
	if n.null() {
		return
	}
	text, ok := n.text()
	if !ok {
		return
	}
	name, value, found := strings.Cut(text, "=")
	switch {
	case !found:
		n.fail("env entry %q must be NAME=value or a map", text)
	case !validEnvName(name):
		n.fail("env name %q must match %s", name, envNamePattern)
	default:
		e.add(n, name, value)
	}
}

const (
	envNamePattern = "[A-Za-z_][A-Za-z0-9_]*"
	namePattern    = "[A-Za-z][A-Za-z0-9_]*"
)

// validEnvName reports whether s matches [A-Za-z_][A-Za-z0-9_]*.
func validEnvName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c|0x20 < 'a' || c|0x20 > 'z') && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != ""
}

// validName reports whether s matches [A-Za-z][A-Za-z0-9_]*.
func validName(s string) bool {
	return validEnvName(s) && s[0] != '_'
}

// decodeDotenv decodes the paths of dotenv files; an explicit empty list reads none.
func decodeDotenv(d *draft, n node) {
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		d.dotenv, d.noDotenv = nil, true
		return
	}
	d.dotenv, d.noDotenv = clip(d.dotenv), false
	n.each("a path or a list of paths", func(item node) {
		if path, ok := item.reference(); ok && strings.TrimSpace(path) != "" {
			d.dotenv = append(d.dotenv, path)
		}
	})
}

// dotenvFiles returns .env and the listed files, each once.
func (d *draft) dotenvFiles() []string {
	if d.noDotenv {
		return nil
	}
	return unique(append([]string{".env"}, d.dotenv...))
}

// unique returns the list without repetitions, in the order of first appearance.
func unique(list []string) []string {
	seen := make(map[string]bool, len(list))
	return slices.DeleteFunc(list, func(s string) bool {
		again := seen[s]
		seen[s] = true
		return again
	})
}
