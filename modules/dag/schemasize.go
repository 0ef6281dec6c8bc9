package dag

import (
	"errors"
	"net/url"
	"strconv"
	"strings"
)

// maxSchema bounds what a JSON schema comes to once its references are written out, in
// nodes. A value is checked against all of them, and nothing can end that: schemas that
// name each other twice would otherwise keep us busy for ever.
const maxSchema = 100_000

var errSchemaSize = errors.New("its references multiply it to more than " + strconv.Itoa(maxSchema) + " nodes")

// schemaSize measures a schema.
type schemaSize struct {
	root any
	// named are the parts with an anchor or an id.
	named map[string]any
	// sizes are those of references; one that is being measured counts as nothing.
	sizes map[string]int
}

// checkSchemaSize tells of a schema that comes to too much.
func checkSchemaSize(schema any) error {
	s := &schemaSize{root: schema, named: make(map[string]any), sizes: make(map[string]int)}
	s.collect(schema)
	if s.of(schema) > maxSchema {
		return errSchemaSize
	}
	return nil
}

// collect notes the parts that references can name.
func (s *schemaSize) collect(v any) {
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			s.collect(item)
		}
	case map[string]any:
		for key, item := range v {
			if name, ok := item.(string); ok && strings.Contains(" id $id $anchor $dynamicAnchor ", " "+key+" ") {
				s.named[lastPart(name)] = v
			}
			s.collect(item)
		}
	}
}

// lastPart is what follows the last slash or number sign of a name.
func lastPart(name string) string {
	name = strings.TrimRight(name, "#")
	return name[strings.LastIndexAny(name, "/#")+1:]
}

// of counts the nodes of a part, at most a little more than maxSchema.
func (s *schemaSize) of(v any) int {
	n := 1
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			if n += s.of(item); n > maxSchema {
				return n
			}
		}
	case map[string]any:
		for key, item := range v {
			text, ok := item.(string)
			if ok && (key == "$ref" || key == "$dynamicRef" || key == "$recursiveRef") {
				n += s.ofReference(text)
			} else {
				n += s.of(item)
			}
			if n > maxSchema {
				return n
			}
		}
	}
	return n
}

func (s *schemaSize) ofReference(text string) int {
	if size, ok := s.sizes[text]; ok {
		return size
	}
	s.sizes[text] = 0
	size := s.of(s.target(text))
	s.sizes[text] = size
	return size
}

// target returns what a reference names; nil where that is nothing of the schema.
func (s *schemaSize) target(text string) any {
	pointer, ok := strings.CutPrefix(text, "#")
	if !ok || (pointer != "" && pointer[0] != '/') {
		return s.named[lastPart(text)]
	}
	if plain, err := url.PathUnescape(pointer); err == nil {
		pointer = plain
	}
	at := s.root
	for i, part := range strings.Split(pointer, "/") {
		if i == 0 {
			continue
		}
		switch v := at.(type) {
		case map[string]any:
			at = v[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
		case []any:
			index, err := strconv.Atoi(part)
			if err != nil || index < 0 || index >= len(v) {
				return nil
			}
			at = v[index]
		default:
			return nil
		}
	}
	return at
}
