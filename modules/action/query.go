package action

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/itchyny/gojq"
)

// compile returns a jq filter. Its env and $ENV are the environment of the step; it
// reads no file.
func (c *Call) compile(filter string) (*gojq.Code, error) {
	query, err := gojq.Parse(filter)
	if err != nil {
		return nil, fmt.Errorf("parse filter %q: %w", filter, err)
	}
	code, err := gojq.Compile(query, gojq.WithEnvironLoader(func() []string {
		var list []string
		for name, value := range c.Env {
			list = append(list, name+"="+value)
		}
		slices.Sort(list)
		return list
	}))
	if err != nil {
		return nil, fmt.Errorf("compile filter %q: %w", filter, err)
	}
	return code, nil
}

// results yields what a filter makes of a value: results, and errors, after which it
// goes on as jq does with other results. The end of ctx is the last error.
func results(ctx context.Context, code *gojq.Code, v any) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		all := code.RunWithContext(ctx, v)
		for {
			result, ok := all.Next()
			if !ok {
				return
			}
			err, failed := result.(error)
			if !failed {
				if !yield(result, nil) {
					return
				}
				continue
			}
			var halt *gojq.HaltError
			halted := errors.As(err, &halt)
			if halted && halt.Value() == nil {
				return
			}
			if !yield(nil, Writable(err)) || halted || ctx.Err() != nil {
				return
			}
		}
	}
}
