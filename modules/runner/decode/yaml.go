package decode

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	yaml "go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// The limits of a YAML document: its nesting, and what it holds once its aliases are
// written out.
const (
	maxDepth = 64
	maxNodes = 200_000
)

var errNotYAML = errors.New("is not valid YAML")

func fromYAML(text string) (any, error) {
	if text == "" {
		return nil, fmt.Errorf("%w: there is nothing", errNotYAML)
	}
	var v any
	err := yaml.Load([]byte(text), &v, yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotYAML, err)
	}
	t := tree{left: maxNodes}
	if v, err = t.convert(v); err != nil {
		return nil, fmt.Errorf("%w: %w", errNotYAML, err)
	}
	return v, nil
}

// tree turns what the parser makes into values; left is how many more there may be.
type tree struct{ left int }

func (t *tree) convert(v any) (any, error) {
	if t.left--; t.left < 0 {
		return nil, fmt.Errorf("it holds more than %d values", maxNodes)
	}
	switch v := v.(type) {
	case nil, bool, string:
		return v, nil
	case time.Time:
		return date(v), nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("JSON has no form for the number %v", v)
		}
		return json.Number(strconv.FormatFloat(v, 'f', -1, 64)), nil
	case []any:
		list := make([]any, len(v))
		for i := range v {
			var err error
			if list[i], err = t.convert(v[i]); err != nil {
				return nil, err
			}
		}
		return list, nil
	case map[string]any:
		m := make(map[string]any, len(v))
		for key, item := range v {
			var err error
			if m[key], err = t.convert(item); err != nil {
				return nil, err
			}
		}
		return m, nil
	case map[any]any:
		m := make(map[string]any, len(v))
		for key, item := range v {
			var err error
			if m[fmt.Sprint(key)], err = t.convert(item); err != nil {
				return nil, err
			}
		}
		return m, nil
	default: // an integer of any size
		return json.Number(fmt.Sprint(v)), nil
	}
}

// date is a date as it was most likely written: JSON has none.
func date(at time.Time) string {
	if at.Equal(at.Truncate(24*time.Hour)) && at.Location() == time.UTC {
		return at.Format(time.DateOnly)
	}
	return at.Format(time.RFC3339Nano)
}
