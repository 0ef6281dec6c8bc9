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
	switch n.Kind {
	case yaml.MappingNode:
		return envMap(n)
	case yaml.SequenceNode:
		var vars []Var
		for _, item := range n.items() {
			if item.Kind == yaml.MappingNode {
				vars = append(vars, envMap(item)...)
				continue
			}
			vars = append(vars, envText(item)...)
		}
		return vars
	}
	n.fail("env must be a map or array, not %s", n.kind())
	return nil
}

func envMap(n node) []Var {
	all := n.entries()
	vars := make([]Var, 0, len(all))
	for _, e := range all {
		if !validEnvName(e.key) {
			e.keyNode.fail("env name %q must match %s", e.key, envNamePattern)
			continue
		}
		if e.value.null() {
			continue
		}
		if text, ok := e.value.anyText(); ok {
			e.value.check(text)
			vars = append(vars, Var{Name: e.key, Value: text})
		}
	}
	return vars
}

func envText(n node) []Var {
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
		n.check(value)
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

// decodeConsts decodes constants. Each may use the ones before it.
func decodeConsts(d *draft, n node) {
	if n.Kind != yaml.SequenceNode {
		n.fail("consts must be a list of single-entry mappings, not %s", n.kind())
		return
	}
	own := make(map[string]int)
	for i, item := range n.items() {
		if item.Kind != yaml.MappingNode {
			item.fail("consts[%d] must be one of single-entry mappings, not %s", i, item.kind())
			continue
		}
		all := item.entries()
		if len(all) != 1 {
			item.fail("consts[%d] must have exactly one key, not %d", i, len(all))
			continue
		}
		key := &all[0].keyNode
		if !validName(key.Value) {
			key.fail("consts key %q is invalid; it must match %s", key.Value, namePattern)
			continue
		}
		if line, ok := own[key.Value]; ok {
			key.fail("consts: %s is already defined at line %d", key.Value, line)
			continue
		}
		own[key.Value] = key.line
		if text, ok := constText(&all[0].value); ok {
			d.setConst(key.Value, text)
		}
	}
}

func constText(n *node) (string, bool) {
	if !n.scalar() {
		n.fail("a const must be a literal string, number, or boolean, not %s", n.kind())
		return "", false
	}
	if n.Tag == tagFloat {
		if _, finite := n.float(); !finite {
			n.fail("a const must be finite")
			return "", false
		}
	}
	n.check(n.Value)
	return n.plain(), true
}

// setConst adds a constant, or replaces the one that the base file has.
func (d *draft) setConst(name, text string) {
	set := Var{Name: name, Value: text}
	d.dag.Consts = clip(d.dag.Consts)
	i := slices.IndexFunc(d.dag.Consts, func(v Var) bool { return v.Name == name })
	if i >= 0 {
		d.dag.Consts = slices.Delete(slices.Clone(d.dag.Consts), i, i+1)
	}
	d.dag.Consts = append(d.dag.Consts, set)
}

// decodeDotenv decodes the paths of dotenv files; an explicit empty list reads none.
func decodeDotenv(d *draft, n node) {
	if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
		d.dotenv, d.noDotenv = nil, true
		return
	}
	d.noDotenv = false
	n.each("a path or a list of paths", func(item node) {
		if path, ok := item.reference(); ok && strings.TrimSpace(path) != "" {
			d.dotenv = append(clip(d.dotenv), path)
		}
	})
}

// dotenvFiles returns .env and the listed files, each once.
func (d *draft) dotenvFiles() []string {
	if d.noDotenv {
		return nil
	}
	files := []string{".env"}
	for _, path := range d.dotenv {
		if !slices.Contains(files, path) {
			files = append(files, path)
		}
	}
	return files
}
