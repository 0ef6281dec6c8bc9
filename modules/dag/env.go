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
	if n.Kind == yaml.MappingNode {
		return envMap(n, 0)
	}
	if n.Kind != yaml.SequenceNode {
		n.fail("env must be a map or array, not %s", n.kind())
		return nil
	}
	var vars []Var
	for _, item := range n.items() {
		if item.Kind == yaml.MappingNode {
			vars = append(vars, envMap(item, len(vars))...)
		} else {
			vars = append(vars, envText(item, len(vars))...)
		}
	}
	return vars
}

// envMap decodes a map, whose entries have the numbers from first on.
func envMap(n node, first int) []Var {
	all := n.entries()
	vars := make([]Var, 0, len(all))
	for _, e := range all {
		if !validEnvName(e.key) {
			e.keyNode.failHere("env name %q must match %s", e.key, envNamePattern)
			continue
		}
		if e.value.null() {
			continue
		}
		if text, ok := e.value.anyText(); ok {
			e.value.checkEnv(text, first+len(vars))
			vars = append(vars, Var{Name: e.key, Value: text})
		}
	}
	return vars
}

func envText(n node, index int) []Var {
	if n.null() {
		return nil
	}
	text, ok := n.text()
	if !ok {
		return nil
	}
	name, value, found := strings.Cut(text, "=")
	switch {
	case !found:
		n.fail("env entry %q must be NAME=value or a map", text)
	case !validEnvName(name):
		n.fail("env name %q must match %s", name, envNamePattern)
	default:
		n.checkEnv(value, index)
		return []Var{{Name: name, Value: value}}
	}
	return nil
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
