package action

import (
	"context"
	"errors"
	"fmt"
)

// outputsWrite publishes values without running anything.
func outputsWrite() *Definition {
	return &Definition{
		Name:    "outputs.write",
		Summary: "Publish values that later steps read as ${id.outputs.KEY}.",
		Fields: []Field{
			{Name: "values", Kind: KindMap, Required: true, Doc: "The values by their names. Lists and maps are published as JSON.", Check: checkOutputs},
		},
		Run: publish,
	}
}

func checkOutputs(v any) error {
	values, _ := v.(map[string]any)
	if len(values) == 0 {
		return errors.New("must be a non-empty map")
	}
	if _, ok := values[""]; ok {
		return errors.New("must not have a blank name")
	}
	return nil
}

func publish(_ context.Context, c *Call) error {
	values := make(map[string]string)
	size := 0
	for name, v := range c.With.Map("values") {
		text, err := scalarText(v)
		if v == nil {
			text = "null"
		}
		if err != nil {
			return fmt.Errorf("values.%s: %w", name, err)
		}
		values[name] = text
		size += len(name) + len(text)
	}
	if size > c.MaxOutput {
		return fmt.Errorf("the values exceeded maximum size limit of %d bytes", c.MaxOutput)
	}
	c.Publish(values)
	return nil
}
