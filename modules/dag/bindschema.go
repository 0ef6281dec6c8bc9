package dag

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"dagu/modules/dag/value"
)

// ParseSchema reads a JSON schema of parameters from the text of a file, which may also
// be YAML.
func ParseSchema(file string, text []byte) (map[string]any, error) {
	var schema map[string]any
	if err := json.Unmarshal(text, &schema); err == nil && schema != nil {
		return schema, nil
	}
	r := report{file: file}
	for _, document := range r.parse(text) {
		if document.empty() {
			continue
		}
		root := (&node{report: &r}).at(document.root, "", 0)
		root.parent = nil
		schema, _ = root.tree(false).(map[string]any)
	}
	if all := r.allErrors(); len(all) > 0 {
		return nil, all
	}
	return schema, nil
}

// BindSchema gives the parameters that a JSON schema declares their values: those that
// the caller's words give, else those of values, else the defaults of the schema. The
// words are NAME=value, or a single JSON object. Named parameters are sorted.
//
// The error is as of [BindParams]; it also says what is wrong with the schema.
func BindSchema(schema, values map[string]any, words []string) (value.Params, error) {
	s, err := compileParams(schema)
	if err != nil {
		return value.Params{}, fmt.Errorf("params: %w", err)
	}
	declared := s.declared()
	given, bare, err := readWords(declared, words)
	if err == nil {
		err = tooMany(0, len(bare))
	}
	if err != nil {
		return value.Params{}, err
	}
	b := binding{}
	instance := make(map[string]any)
	for i, p := range declared {
		v, text, err := s.pick(p.Name, given.values[i], values)
		if err != nil {
			b.fail(err)
			continue
		}
		if v != nil {
			instance[p.Name] = v
			b.append(p, text)
		}
	}
	if b.err == nil {
		b.fail(s.validate(instance))
	}
	return b.end(given)
}

// paramSchema is a compiled schema of parameters.
type paramSchema struct {
	compiled   *jsonschema.Schema
	properties map[string]any
}

// compileParams checks and compiles a schema of parameters.
func compileParams(schema map[string]any) (*paramSchema, error) {
	s := &paramSchema{}
	s.properties, _ = schema["properties"].(map[string]any)
	if schema["type"] != "object" || s.properties == nil {
		return nil, errors.New("the schema must have type object and a map of properties")
	}
	for name := range s.properties {
		if !validName(name) {
			return nil, fmt.Errorf("the name %q of a property must match %s", name, namePattern)
		}
	}
	var err error
	if s.compiled, err = CompileSchema(schema); err != nil {
		return nil, fmt.Errorf("the schema is invalid: %s", faults(err))
	}
	return s, nil
}

// declared are the properties as declarations, sorted by name.
func (s *paramSchema) declared() []Param {
	var all []Param
	for _, name := range slices.Sorted(maps.Keys(s.properties)) {
		all = append(all, Param{Name: name})
	}
	return all
}

// pick returns the value of a parameter, and its text; nil when it has none.
func (s *paramSchema) pick(name string, given *string, values map[string]any) (v any, text string, err error) {
	property, _ := s.properties[name].(map[string]any)
	if given != nil {
		if v, text = coerce(property["type"], *given); v == nil {
			err = fmt.Errorf("parameter %q: cannot coerce %q to %s", name, *given, strings.Join(typesOf(property["type"]), " or "))
		}
		return v, text, err
	}
	v, ok := values[name]
	if !ok || v == nil {
		v = property["default"]
	}
	return v, ItemText(v), nil
}

// typesOf lists what "type" of a property says.
func typesOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, item := range v {
			if text, ok := item.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	return []string{"string"}
}

// coerce reads a text as one of the types of a property; nil when it is of none. A text
// is taken for a string only when it is nothing else.
func coerce(kind any, text string) (v any, as string) {
	types := typesOf(kind)
	for _, t := range types {
		p := Param{Type: ParamType(t)}
		switch p.Type {
		case ParamInteger:
			if i, err := strconv.ParseInt(text, 10, 64); err == nil {
				return i, text
			}
		case ParamNumber:
			if f, ok := p.number(text); ok {
				return f, text
			}
		case ParamBoolean:
			if lower := strings.ToLower(text); lower == "true" || lower == "false" {
				return lower == "true", lower
			}
		default:
			var v any
			if err := json.Unmarshal([]byte(text), &v); err != nil {
				continue
			}
			if _, ok := v.(map[string]any); ok && t == "object" {
				return v, text
			}
			if _, ok := v.([]any); ok && t == "array" {
				return v, text
			}
		}
	}
	if slices.Contains(types, string(ParamString)) {
		return text, text
	}
	return nil, ""
}

// validate tells what is wrong with the values.
func (s *paramSchema) validate(values map[string]any) error {
	if err := s.compiled.Validate(values); err != nil {
		return fmt.Errorf("parameter validation failed: %s", faults(err))
	}
	return nil
}

// faults puts what the schema library has to say into one line. Of its lines, the first
// names the schema, and those that end with "failed" only lead to others.
func faults(err error) string {
	first, rest, more := strings.Cut(err.Error(), "\n")
	if !more {
		return first
	}
	var all []string
	for line := range strings.Lines(rest) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "- ")
		if !strings.HasSuffix(line, " failed") {
			all = append(all, line)
		}
	}
	return cmp.Or(strings.Join(all, "; "), strings.TrimSpace(rest))
}
