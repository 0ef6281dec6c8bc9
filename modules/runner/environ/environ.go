// Package environ says which variables of our own environment steps may see. It
// is pure.
package environ

import "strings"

// Env is a set of variables.
type Env map[string]string

// Parse reads variables of the form NAME=value; of a repeated name the last one counts.
func Parse(environ []string) Env {
	env := make(Env, len(environ))
	for _, variable := range environ {
		if name, value, ok := strings.Cut(variable, "="); ok && name != "" {
			env[name] = value
		}
	}
	return env
}

// List returns the variables as NAME=value, the first one first and the others
// in no order.
func (e Env) List(first string) []string {
	list := make([]string, 0, len(e)+1)
	list = append(list, first)
	name, _, _ := strings.Cut(first, "=")
	for n, value := range e {
		if n != name {
			list = append(list, n+"="+value)
		}
	}
	return list
}

// Visible returns the variables that the texts of a workflow may name at all:
// all but those that hold secrets of ours.
func (e Env) Visible() Env { return e.filter(func(name string) bool { return !secret(name) }) }

// Inherit returns the variables that steps inherit: a fixed list, and those
// that passthrough names or begins, as in PREFIX*.
func (e Env) Inherit(passthrough []string) Env {
	return e.filter(func(name string) bool {
		return !secret(name) && !managed(name) && (inherited(name) || passes(name, passthrough))
	})
}

func (e Env) filter(keep func(string) bool) Env {
	kept := make(Env, len(e))
	for name, value := range e {
		if keep(name) {
			kept[name] = value
		}
	}
	return kept
}

// secret tells whether a variable is for us alone, whatever else says otherwise.
func secret(name string) bool {
	return strings.HasPrefix(name, "DAGU_AUTH_") || name == "DAGU_DATABASE_URL"
}

// managed tells whether a variable describes a run. When we run in a step
// ourselves, those of the outer run would be taken for ours.
func managed(name string) bool {
	switch name {
	case "DAG_NAME", "DAG_PARAMS_JSON", "DAG_WAITING_STEPS", "DAGU_PARAMS_JSON", "DAGU_OUTPUT_FILE", "DAGU_RUN_MARKER":
		return true
	}
	return strings.HasPrefix(name, "DAG_RUN_") || strings.HasPrefix(name, "DAG_PUSHBACK")
}

func inherited(name string) bool {
	switch name {
	case "PATH", "HOME", "USER", "SHELL", "TMPDIR", "TERM", "EDITOR", "VISUAL", "LANG", "TZ", "LD_LIBRARY_PATH",
		"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME",
		"DOCKER_HOST", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION":
		return true
	}
	for _, prefix := range [...]string{"DAGU_", "DAG_", "LC_", "KUBERNETES_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

func passes(name string, passthrough []string) bool {
	for _, p := range passthrough {
		prefix, open := strings.CutSuffix(p, "*")
		if name == p || open && strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
