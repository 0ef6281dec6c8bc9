package dag

import (
	"errors"
	"fmt"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	yaml "go.yaml.in/yaml/v4"
)

// decodeOutputSchema decodes the JSON schema of stdout.
func decodeOutputSchema(s *stepDraft, n node) {
	if n.Kind != yaml.MappingNode && n.Tag != tagBool {
		n.fail("output_schema must be a JSON schema: a map or a boolean, not %s", n.kind())
		return
	}
	before := len(n.report.errors)
	schema := jsonTree(n.tree(false))
	if len(n.report.errors) > before {
		return
	}
	if _, err := CompileSchema(schema); err != nil {
		n.failHere("output_schema is not a JSON schema: %s", SchemaFault(err))
		return
	}
	s.OutputSchema = schema
}

// errRemote is why a schema that refers to another one is refused.
var errRemote = errors.New("a schema cannot refer to another file or URL")

// noLoader keeps a schema from making us read files or open connections.
type noLoader struct{}

// Load is that of jsonschema.URLLoader.
func (noLoader) Load(string) (any, error) { return nil, errRemote }

// CompileSchema returns a JSON schema that is written as plain data: numbers, booleans,
// texts, nil, []any and map[string]any. It may refer to itself and to the drafts only,
// and must not multiply by that without end.
func CompileSchema(schema any) (*jsonschema.Schema, error) {
	if err := checkSchemaSize(schema); err != nil {
		return nil, err
	}
	const name = "mem:///schema.json"
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	if err := c.AddResource(name, schema); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	return c.Compile(name)
}

// SchemaFault returns the first thing that is wrong with a schema, or with a value that
// does not match it, in one line.
func SchemaFault(err error) string {
	v, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		invalid, isSchema := errors.AsType[*jsonschema.SchemaValidationError](err)
		if !isSchema {
			return err.Error()
		}
		if v, ok = errors.AsType[*jsonschema.ValidationError](invalid.Err); !ok {
			return invalid.Err.Error()
		}
	}
	for len(v.Causes) > 0 {
		v = v.Causes[0]
	}
	text := v.Error()
	return strings.TrimPrefix(text[strings.LastIndexByte(text, '\n')+1:], "- ")
}

// jsonTree returns a tree with the numbers that JSON has.
func jsonTree(v any) any {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case []any:
		for i := range v {
			v[i] = jsonTree(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = jsonTree(v[key])
		}
	}
	return v
}
