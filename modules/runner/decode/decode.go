// Package decode turns text that was captured into the values that a step publishes.
// It is pure.
//
// Values are what encoding/json makes of JSON, with numbers as json.Number so that
// they keep their digits: nil, booleans, texts, []any and map[string]any.
package decode

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"dagu/modules/dag"
	"dagu/modules/dag/value"
)

// Value decodes a text, which is trimmed at both ends, and takes what the jq path
// selects of it; "" is all. The error says `is not valid JSON` or `is not valid YAML`,
// or that the path selects nothing, or more than one value. The end of ctx ends a path
// that computes without end.
func Value(ctx context.Context, text string, how dag.Decode, path string) (any, error) {
	text = strings.TrimSpace(text)
	var v any
	var err error
	switch how {
	case dag.DecodeJSON:
		v, err = fromJSON(text)
	case dag.DecodeYAML:
		v, err = fromYAML(text)
	default:
		return text, nil
	}
	if err != nil || path == "" {
		return v, err
	}
	return pick(ctx, v, path)
}

// Plain returns a text as it is, and any other value as compact JSON.
func Plain(v any) (string, error) {
	if text, ok := v.(string); ok {
		return text, nil
	}
	return value.JSON(v)
}

// Matching returns a text that is JSON and matches a JSON schema without its blanks.
// The error says what does not match.
func Matching(schema any, text string) (string, error) {
	compiled, err := dag.CompileSchema(schema)
	if err != nil {
		return "", err
	}
	v, err := fromJSON(text)
	if err != nil {
		return "", err
	}
	if err = compiled.Validate(v); err != nil {
		return "", fmt.Errorf("does not match output_schema: %s", dag.SchemaFault(err))
	}
	var b bytes.Buffer
	if err = json.Compact(&b, []byte(text)); err != nil {
		return "", fmt.Errorf("write JSON: %w", err)
	}
	return b.String(), nil
}

var errNotJSON = errors.New("is not valid JSON")

func fromJSON(text string) (any, error) {
	if strings.TrimSpace(text) == "" {
		return nil, fmt.Errorf("%w: there is nothing", errNotJSON)
	}
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, fmt.Errorf("%w: %w", errNotJSON, err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: there is more than one value", errNotJSON)
	}
	return v, nil
}
