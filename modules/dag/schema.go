package dag

import (
	"maps"
	"slices"
	"strings"

	"dagu/modules/action"
)

// shape is a JSON schema, or a part of one.
type shape map[string]any

// Schema returns the JSON schema (draft 2020-12) of a DAG file as plain data. Its fields
// are those of the tables by which files are loaded, so that it names no other; the
// with of each action is made from the action's fields. It accepts older spellings, as
// deprecated ones. What depends on other fields, such as names that must differ, it
// cannot tell.
func Schema() map[string]any {
	defs := shape{
		"step":   stepShape(),
		"dag":    documentShape(),
		"retry":  retryTable.shape(retryFields("extra attempts"), "limit", "interval_sec"),
		"repeat": repeatTable.shape(repeatFields()),
		"env":    envShape(), "conditions": conditionsShape(), "continue_on": continueShape(), "run": runShape(), "mail": mailShape(),
		"flag": flagShape(), "whole": wholeShape(0), "whole_or_reference": either(wholeShape(0), matching(`\$`)),
		"foreach": foreachTable().shape(foreachFields(), "items", "steps"),
	}
	for _, d := range action.All() {
		defs["with."+d.Name] = withShape(d)
	}
	return shape{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "dagu DAG file",
		"description": "A workflow: its schedule, its parameters and its steps. Every document of a file is one.",
		"$ref":        "#/$defs/dag",
		"$defs":       defs,
	}
}

// documentShape is the schema of a document. Unlike a base file it has steps.
func documentShape() shape {
	s := rootTable.shape(rootFields(), "steps")
	s["properties"].(shape)["steps"] = field{stepsShape(), "The steps."}.described() //nolint:forcetypeassert // shape has made it
	return s
}

// field is a field for the schema: what it takes and what it is for.
type field struct {
	shape shape
	doc   string
}

// fields are those of a table by their keys.
type fields map[string]field

// shape is the schema of a map. A key that fields do not describe takes everything.
func (t *table[T]) shape(all fields, required ...string) shape {
	properties := make(shape, len(t.keys))
	for key := range t.rows {
		f := all[key]
		properties[key] = f.property()
		if camel := camelCase(key); camel != key {
			properties[camel] = f.deprecated(key)
		}
	}
	for older, key := range t.renamed {
		properties[older] = all[key].deprecated(key)
	}
	s := shape{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["allOf"] = present(required)
	}
	return s
}

// present requires fields in either spelling.
func present(keys []string) []any {
	all := make([]any, len(keys))
	for i, key := range keys {
		spellings := []any{shape{"required": []string{key}}}
		if camel := camelCase(key); camel != key {
			spellings = append(spellings, shape{"required": []string{camel}})
		}
		all[i] = shape{"anyOf": spellings}
	}
	return all
}

// property is the schema of a field, which may be null.
func (f field) property() shape { return field{nullable(f.shape), f.doc}.described() }

// described is the schema of a field that must not be null.
func (f field) described() shape {
	p := maps.Clone(f.shape)
	if f.doc != "" {
		p["description"] = f.doc
	}
	return p
}

// deprecated is the schema of a field by an older spelling.
func (f field) deprecated(key string) shape {
	p := nullable(f.shape)
	p["deprecated"], p["description"] = true, "Older spelling of "+key+"."
	return p
}

// nullable is a schema that takes null too. The schema itself is left alone.
func nullable(s shape) shape {
	kind, plain := s["type"].(string)
	switch {
	case len(s) == 0:
		return shape{}
	case plain && s["enum"] == nil:
		c := maps.Clone(s)
		c["type"] = []string{kind, "null"}
		return c
	default:
		return shape{"anyOf": []any{s, shape{"type": "null"}}}
	}
}

// camelCase turns snake_case into camelCase.
func camelCase(key string) string {
	parts := strings.Split(key, "_")
	for i := range parts[1:] {
		if p := parts[i+1]; p != "" {
			parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "")
}

// The shapes that fields are made of.

func anything() shape { return shape{} }

func text() shape { return shape{"type": "string"} }

// scalar takes a text, number or boolean.
func scalarShape() shape { return shape{"type": []string{"string", "number", "boolean"}} }

func oneOf(words ...string) shape { return shape{"type": "string", "enum": words} }

func matching(pattern string) shape { return shape{"type": "string", "pattern": pattern} }

// wholeShape takes an integer of at least low, also as a text.
func wholeShape(low int) shape {
	return either(shape{"type": "integer", "minimum": low, "maximum": maxInt}, matching(`^[ \t]*[0-9_]+[ \t]*$`))
}

// flagShape takes a boolean, also in the words of YAML 1.1.
func flagShape() shape {
	return either(shape{"type": "boolean"}, matching(`^([Yy]|[Nn]|[Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|[Oo][Ff][Ff])$`))
}

func list(of shape) shape { return shape{"type": "array", "items": nullable(of)} }

func someOf(of shape) shape { return shape{"type": "array", "items": of, "minItems": 1} }

func mapOf(of shape) shape { return shape{"type": "object", "additionalProperties": of} }

// oneOrMore takes a value or a list of them.
func oneOrMore(of shape) shape { return either(of, list(of)) }

func either(shapes ...shape) shape { return shape{"anyOf": shapes} }

func ref(name string) shape { return shape{"$ref": "#/$defs/" + name} }

// withShape is the schema of an action's with.
func withShape(d *action.Definition) shape {
	properties, required := make(shape, len(d.Fields)), []string{}
	for i := range d.Fields {
		f := &d.Fields[i]
		properties[f.Name] = field{actionShape(f), f.Doc}.property()
		if f.Required {
			required = append(required, f.Name)
		}
	}
	s := shape{"type": "object", "properties": properties, "additionalProperties": d.Open, "description": d.Summary}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// actionShape is the schema of a field of an action. Every text may hold a reference,
// and become anything.
func actionShape(f *action.Field) shape {
	reference := matching(`\$`)
	switch f.Kind {
	case action.KindText:
		if len(f.OneOf) > 0 {
			return either(oneOf(f.OneOf...), reference)
		}
		return scalarShape()
	case action.KindInteger:
		return either(shape{"type": "integer"}, matching(`^[ \t]*-?[0-9]+[ \t]*$`), reference)
	case action.KindNumber:
		return either(shape{"type": "number"}, matching(`^[ \t]*-?[0-9.eE+-]+[ \t]*$`), reference)
	case action.KindBoolean:
		return either(shape{"type": "boolean"}, oneOf("true", "false"), reference)
	case action.KindList:
		return either(shape{"type": "array"}, reference)
	case action.KindMap:
		return either(shape{"type": "object"}, reference)
	case action.KindTexts:
		return oneOrMore(scalarShape())
	default:
		return anything()
	}
}

// actionConditions tie the with of a step to its action.
func actionConditions() []any {
	all := make([]any, 0, len(action.Names()))
	for _, d := range action.All() {
		names := append([]string{d.Name}, d.Older...)
		slices.Sort(names)
		then := shape{"properties": shape{"with": nullable(ref("with." + d.Name))}}
		if required, ok := withShape(d)["required"]; ok && len(required.([]string)) > 0 { //nolint:forcetypeassert // withShape has made it
			then["required"] = []string{"with"}
		}
		all = append(all, shape{
			"if":   shape{"properties": shape{"action": shape{"enum": names}}, "required": []string{"action"}},
			"then": then,
		})
	}
	return all
}
