package dag

import (
	"strings"

	yaml "go.yaml.in/yaml/v4"
)

// isSchema tells whether params is a JSON schema, or names one, and no map of
// parameters that happen to have such names.
func isSchema(all entries) bool {
	if e := all.given("type"); e != nil && e.value.Value == "object" {
		if properties := all.given("properties"); properties != nil && properties.value.Kind == yaml.MappingNode {
			return true
		}
	}
	e := all.given("schema")
	if e == nil {
		return false
	}
	for i := range all {
		if all[i].key != "schema" && all[i].key != "values" {
			return e.value.Kind == yaml.MappingNode // an error, but of a schema
		}
	}
	return true
}

// decodeSchema decodes parameters that a JSON schema declares: the schema itself, or a
// map with it, or with where it is, and with values.
func (d *draft) decodeSchema(n node, all entries) {
	d.dag.Params, d.dag.ParamSchema, d.dag.ParamSchemaFrom, d.dag.ParamValues = nil, nil, "", nil
	e := all.given("schema")
	if e == nil || all.has("properties") {
		d.setSchema(n)
		return
	}
	for i := range all {
		switch key := all[i].key; {
		case key != "schema" && key != "values":
			all[i].keyNode.invalidKey([]string{"schema", "values"})
		case key == "values" && all[i].value.Kind == yaml.MappingNode:
			d.dag.ParamValues, _ = all[i].value.tree(false).(map[string]any)
		case key == "values" && !all[i].value.null():
			all[i].value.fail("params: values must be a map, not %s", all[i].value.kind())
		}
	}
	if e.value.Kind == yaml.MappingNode {
		d.setSchema(e.value)
		return
	}
	from := strings.TrimSpace(e.value.Value)
	if !e.value.textual() || from == "" {
		e.value.fail("params: schema must be a map, a path or a URL")
		return
	}
	d.dag.ParamSchemaFrom = from
}

// setSchema sets a schema that the file has itself.
func (d *draft) setSchema(n node) {
	before := len(n.report.errors)
	schema, _ := n.tree(false).(map[string]any)
	if len(n.report.errors) > before {
		return
	}
	compiled, err := compileParams(schema)
	if err != nil {
		n.failHere("params: %s", err)
		return
	}
	for name := range d.dag.ParamValues {
		if _, ok := compiled.properties[name]; !ok {
			n.failHere("params: values has %s, which is no property of the schema", name)
		}
	}
	d.dag.ParamSchema = schema
}

// givenBySchema lists the parameters that have a value without a caller.
func (d *DAG) givenBySchema() []string {
	var names []string
	for name, v := range d.ParamValues {
		if v != nil {
			names = append(names, name)
		}
	}
	properties, _ := d.ParamSchema["properties"].(map[string]any)
	for name, v := range properties {
		if property, ok := v.(map[string]any); ok && property["default"] != nil {
			names = append(names, name)
		}
	}
	return names
}
