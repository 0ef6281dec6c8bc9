package value

import "strings"

// MaxResult is the length in bytes that insertions may bring a text to, and
// likewise all values of one ExpandVars together. An insertion that would go
// beyond stays as it was written, so that entries which double each other
// cannot take all memory.
const MaxResult = 4 << 20

// Pair is a name with its value.
type Pair struct {
	Name  string
	Value string
}

// Params are the parameters of a run.
type Params struct {
	// Named holds unique names in the order of their declaration.
	Named []Pair
	// Positional holds the values of $1, $2 and so on.
	Positional []string
	// JSON is the payload of ${params} and DAG_PARAMS_JSON; "" without parameters.
	JSON string
}

// Scope is what the texts of one field may name. The zero Scope has nothing,
// and every method is safe for concurrent use as far as Env and Host are.
type Scope struct {
	Consts map[string]string
	Params Params
	// Env is the environment scope of the field, for ${env.X} and for $X; nil is empty.
	Env func(name string) (string, bool)
	// Context holds the run context by its names, for example "run.id". Names
	// that are absent are unavailable and stay literal.
	Context map[string]string
	// Step returns what the step of an id has left behind, for ${steps.ID.outputs.X} and
	// the older ${ID.…}; false where the owner of the text does not depend on it. Nil
	// knows no step.
	Step func(id string) (Step, bool)
	// Foreach holds what a body may name of its item, by what follows "foreach.":
	// "index", "key", the item's name, and that with a dot and a field.
	Foreach map[string]string
	// Host is asked for $X that Env does not have; nil for fields without that fallback.
	Host func(name string) (string, bool)
}

// Step is what a step has left behind for the texts of others. Texts that are nil
// and maps that lack a name are not there.
type Step struct {
	// Emitted are the values of declared outputs, for ${steps.ID.outputs.X}; nil for
	// handlers, which do not see them.
	Emitted map[string]string
	// Stdout and Stderr are the paths of its logs, for ${ID.stdout} and ${ID.stderr}.
	Stdout, Stderr string
	// ExitCode is nil where nothing has exited.
	ExitCode *int
	// Output is the captured text or JSON, for ${ID.output}.
	Output *string
	// Published are the values of ${ID.outputs.X}.
	Published map[string]string
}

// Refs resolves a text that a shell will read: value references and positional
// parameters are inserted, and names whose value is a tilde path, since the
// shell would not expand that tilde itself. Everything else is untouched.
func (s Scope) Refs(text string) string {
	return s.resolve(text, mode{names: tildeNames})
}

// Expand resolves references, then unqualified names with their operators.
func (s Scope) Expand(text string) string {
	return s.resolve(text, mode{names: allNames, operators: true})
}

// ExpandPath is Expand for the path of a stream, where a backslash before a
// name is an ordinary character.
func (s Scope) ExpandPath(text string) string {
	return s.resolve(text, mode{names: allNames, operators: true, path: true})
}

// RawNames resolves the command of a condition: references and the names in
// scope are inserted as raw text, the rest is left to the shell.
func (s Scope) RawNames(text string) string {
	return s.resolve(text, mode{names: allNames})
}

// ExpandTree resolves every text of nested lists and maps as Expand does, in a copy.
// Keys stay as they are.
func (s Scope) ExpandTree(v any) any {
	switch v := v.(type) {
	case string:
		return s.Expand(v)
	case []any:
		list := make([]any, len(v))
		for i, item := range v {
			list[i] = s.ExpandTree(item)
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, item := range v {
			m[key] = s.ExpandTree(item)
		}
		return m
	}
	return v
}

func (s Scope) resolve(text string, m mode) string {
	if strings.IndexByte(text, '$') < 0 {
		return text
	}
	r := resolver{scope: s, text: text, mode: m, limit: MaxResult}
	return string(r.run())
}

// name looks up an unqualified name.
func (s Scope) name(name string) (string, bool) {
	if s.Env != nil {
		if v, ok := s.Env(name); ok {
			return v, true
		}
	}
	if s.Host != nil {
		return s.Host(name)
	}
	return "", false
}
