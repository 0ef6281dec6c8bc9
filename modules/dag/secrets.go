package dag

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"dagu/modules/dag/value"
)

// The providers of secrets.
const (
	// ProviderEnv reads a variable of our own environment.
	ProviderEnv = "env"
	// ProviderFile reads a file as it is.
	ProviderFile = "file"
)

// secretTable is what an entry of secrets may hold.
//
//nolint:gochecknoglobals // a constant in all but name
var secretTable = newTable(nil,
	row[Secret]{"name", func(s *Secret, n node) { s.Name = decodeSecretName(n) }},
	row[Secret]{"provider", func(s *Secret, n node) {
		text, ok := n.text()
		switch text = strings.TrimSpace(text); {
		case !ok:
		case text == ProviderEnv || text == ProviderFile:
			s.Provider = text
		default:
			n.fail("secrets: the provider %s is not supported; use env or file", text)
		}
	}},
	row[Secret]{"key", func(s *Secret, n node) {
		if text, ok := n.text(); ok {
			s.Key = text
		}
	}},
	row[Secret]{"options", func(_ *Secret, n node) { // of other providers
		if n.Kind != yaml.MappingNode {
			n.fail("must be a map, not %s", n.kind())
		}
	}},
)

// decodeSecrets decodes secrets; those of the base file come first, and one of the
// same name takes the place of its.
func decodeSecrets(d *draft, n node) {
	if n.Kind != yaml.SequenceNode {
		n.fail("secrets must be a list of maps with name, provider and key, not %s", n.kind())
		return
	}
	own := make(map[string]bool)
	for _, item := range n.items() {
		var s Secret
		before := len(n.report.errors)
		fields := secretTable.decode(&s, item)
		if len(n.report.errors) > before {
			continue
		}
		for _, key := range [...]string{"name", "provider", "key"} {
			if e := fields.given(key); e == nil || strings.TrimSpace(e.value.Value) == "" {
				item.failHere("secrets: %s is required", key)
			}
		}
		if own[s.Name] && s.Name != "" {
			fields.get("name").value.fail("secrets: %s is there already", s.Name)
		}
		own[s.Name] = true
		d.dag.Secrets = slices.DeleteFunc(slices.Clone(d.dag.Secrets), func(base Secret) bool { return base.Name == s.Name })
		d.dag.Secrets = append(d.dag.Secrets, s)
	}
}

// decodeSecretName decodes a name that none of our variables has.
func decodeSecretName(n node) string {
	name, ok := n.name()
	managed := func(f value.Field) bool { return f.Env == name }
	switch {
	case !ok || name == "":
	case !validEnvName(name):
		n.fail("secrets: the name %q must match %s", name, envNamePattern)
	case strings.HasPrefix(name, "DAGU_"):
		n.fail("secrets: the name %s must not start with DAGU_", name)
	case slices.ContainsFunc(value.Fields(), managed), strings.HasPrefix(name, "DAG_PUSHBACK"),
		slices.Contains([]string{"DAG_PARAMS_JSON", "DAG_WAITING_STEPS"}, name):
		n.fail("secrets: the name %s collides with a variable that every run has", name)
	default:
		return name
	}
	return ""
}
