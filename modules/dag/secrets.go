package dag

import (
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// The providers of secrets.
const (
	// ProviderEnv reads a variable of our own environment.
	ProviderEnv = "env"
	// ProviderFile reads a file.
	ProviderFile = "file"
)

// secretTable is what a secret may hold. Options are those of other providers.
//
//nolint:gochecknoglobals // a constant in all but name
var secretTable = newTable(nil,
	row[Secret]{"name", decodeSecretName},
	row[Secret]{"provider", decodeProvider},
	row[Secret]{"key", func(s *Secret, n node) { s.Key, _ = n.anyText() }},
	row[Secret]{"options", func(_ *Secret, n node) { n.unused() }},
)

// decodeSecrets decodes secrets. Each replaces the one of the base file that has its
// name.
func decodeSecrets(d *draft, n node) {
	lines := make(map[string]int)
	var own []Secret
	if n.Kind != yaml.SequenceNode {
		n.fail("secrets must be a list, not %s", n.kind())
		return
	}
	for _, item := range n.items() {
		var s Secret
		before := len(n.report.errors)
		fields := secretTable.decode(&s, item)
		for _, key := range [...]string{"name", "provider", "key"} {
			if fields != nil && !fields.has(key) {
				item.fail("secrets: %s is required", key)
			}
		}
		if len(n.report.errors) > before {
			continue
		}
		if line := lines[s.Name]; line > 0 {
			fields.get("name").value.fail("secrets: %s is already defined at line %d", s.Name, line)
			continue
		}
		lines[s.Name] = item.line
		own = append(own, s)
	}
	inherited := slices.DeleteFunc(slices.Clone(d.dag.Secrets), func(s Secret) bool { return lines[s.Name] > 0 })
	d.dag.Secrets = append(inherited, own...)
}

func decodeSecretName(s *Secret, n node) {
	name, ok := n.text()
	switch {
	case !ok:
	case !validEnvName(name):
		n.fail("secrets: the name %q must match %s", name, envNamePattern)
	case strings.HasPrefix(name, "DAGU_"):
		n.fail("secrets: the name %s must not start with DAGU_", name)
	case managed(name):
		n.fail("secrets: the name %s collides with a variable that we set", name)
	default:
		s.Name = name
	}
}

// managed tells whether a run or a step gets the variable from us.
func managed(name string) bool {
	return strings.HasPrefix(name, "DAG_PUSHBACK") || slices.Contains([]string{
		"DAG_NAME", "DAG_RUN_ID", "DAG_RUN_LOG_FILE", "DAG_RUN_WORK_DIR", "DAG_RUN_ARTIFACTS_DIR", "DAG_PARAMS_JSON",
		"DAG_RUN_STEP_NAME", "DAG_RUN_STATUS", "DAG_RUN_STEP_STDOUT_FILE", "DAG_RUN_STEP_STDERR_FILE", "DAG_WAITING_STEPS",
	}, name)
}

func decodeProvider(s *Secret, n node) {
	text, ok := n.text()
	switch {
	case !ok:
	case text != ProviderEnv && text != ProviderFile:
		n.fail("secrets: the provider %q is not supported; use %s or %s", text, ProviderEnv, ProviderFile)
	default:
		s.Provider = text
	}
}
