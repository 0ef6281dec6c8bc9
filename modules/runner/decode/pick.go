package decode

import (
	"context"
	"fmt"

	"github.com/itchyny/gojq"

	"dagu/modules/action"
)

// pick returns the value that a jq path selects. A filter may have no end of its own.
func pick(ctx context.Context, v any, path string) (any, error) {
	query, err := gojq.Parse(path)
	if err != nil {
		return nil, fmt.Errorf("select %s: %w", path, err)
	}
	found, err := values(ctx, query, v)
	switch {
	case err != nil:
		return nil, fmt.Errorf("select %s: %w", path, err)
	case len(found) != 1:
		return nil, fmt.Errorf("select %s: it selects %d values, not one", path, len(found))
	case found[0] == nil && missing(ctx, query, v):
		return nil, fmt.Errorf("select %s: there is no such value", path)
	}
	if err = action.Measure(found[0]); err != nil {
		return nil, fmt.Errorf("select %s: %w", path, err)
	}
	return found[0], nil
}

// most bounds what a query gives, which may be without end.
const most = 2

// values returns the first results of a query.
func values(ctx context.Context, query *gojq.Query, v any) ([]any, error) {
	code, err := gojq.Compile(query)
	if err != nil {
		return nil, err
	}
	var found []any
	results := code.RunWithContext(ctx, v)
	for len(found) < most {
		result, ok := results.Next()
		if !ok {
			break
		}
		if err, failed := result.(error); failed {
			return nil, action.Writable(err)
		}
		found = append(found, result)
	}
	return found, nil
}

// missing tells whether a query is a path to something that is not there, which jq
// takes for null. A query that computes something is no path.
func missing(ctx context.Context, query *gojq.Query, v any) bool {
	paths, err := values(ctx, &gojq.Query{Term: &gojq.Term{
		Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: "path", Args: []*gojq.Query{query}},
	}}, v)
	if err != nil || len(paths) != 1 {
		return false
	}
	steps, _ := paths[0].([]any)
	for _, step := range steps {
		var there bool
		switch step := step.(type) {
		case string:
			m, _ := v.(map[string]any)
			v, there = m[step]
		case int:
			list, _ := v.([]any)
			if step < 0 {
				step += len(list)
			}
			if there = step >= 0 && step < len(list); there {
				v = list[step]
			}
		default: // a slice is always there
			return false
		}
		if !there {
			return true
		}
	}
	return false
}
