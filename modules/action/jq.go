package action

import (
	"context"
	"fmt"
)

// jqFilter runs a jq filter over JSON.
func jqFilter() *Definition {
	return &Definition{
		Name:    "jq.filter",
		Older:   []string{"jq"},
		Summary: "Run a jq filter over JSON and write its results to stdout.",
		Fields: append([]Field{
			{Name: "filter", Kind: KindText, Required: true, Doc: "The jq filter. $ENV is the environment of the step."},
			{Name: "raw", Kind: KindBoolean, Doc: "Write texts without quotes and everything else on one line. False by default: JSON, indented by four blanks."},
		}, dataFields()...),
		Open:  true,
		Check: func(with Values) []Problem { return exclusive(with, "data", "input") },
		Run:   runJQ,
	}
}

// runJQ writes each result with a line break. An error of the filter while it runs goes
// to stderr, and the step goes on: only one that cannot run at all fails it.
func runJQ(ctx context.Context, c *Call) error {
	code, err := c.compile(c.With.Text("filter"))
	if err != nil {
		return err
	}
	value, err := c.given()
	if err != nil {
		return err
	}
	if value, err = valueOf("json", value); err != nil {
		return err
	}
	encode := indented
	if c.With.Bool("raw") {
		encode = rawJSON
	}
	for result, failure := range results(ctx, code, value) {
		if failure != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("run filter: %w", failure)
			}
			if _, err = fmt.Fprintln(c.Stderr, failure); err != nil {
				return fmt.Errorf("write error of the filter: %w", err)
			}
			continue
		}
		text, err := encode(result)
		if err == nil {
			err = writeLine(c.Stdout, text)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rawJSON returns a text without quotes and anything else as JSON on one line.
func rawJSON(v any) ([]byte, error) {
	if text, ok := v.(string); ok {
		return []byte(text), nil
	}
	return compact(v)
}
